// What holds for all of MNIST's test images.
#include <gtest/gtest.h>

#include "transform/images.h"
#include "transform/suite.h"

namespace mnist_bench::test {
namespace {

constexpr std::size_t kPixels = 784;

TEST(Rotate, By90IsTranspositionAndMirrorExactly) {
  const std::vector<std::uint8_t> turned = transformed_mnist("rotate:degrees=90");
  const std::vector<std::uint8_t>& original = mnist_test_pixels();
  ASSERT_EQ(turned.size(), original.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < turned.size(); ++i) {
    const std::size_t row = i % kPixels / 28;
    const std::size_t column = i % 28;
    different += turned[i] != original[i / kPixels * kPixels + column * 28 + 27 - row] ? 1 : 0;
  }
  EXPECT_EQ(different, 0U);
}

TEST(Rotate, FourTimesBy90IsTheIdentity) {
  EXPECT_EQ(transformed_mnist("rotate:degrees=90+rotate:degrees=90+rotate:degrees=90+"
                              "rotate:degrees=90"),
            mnist_test_pixels());
  EXPECT_EQ(transformed_mnist("rotate:degrees=360"), mnist_test_pixels());
}

TEST(Invert, TwiceIsTheIdentity) {
  EXPECT_EQ(transformed_mnist("invert+invert"), mnist_test_pixels());
  EXPECT_EQ(transformed_mnist("stripe+stripe"), mnist_test_pixels());
  EXPECT_EQ(transformed_mnist("transpose+transpose"), mnist_test_pixels());
}

TEST(Shift, ThereAndBackIsTheIdentityWhereNothingIsLost) {
  // Four rows and columns of background at each side.
  std::vector<std::uint8_t> framed = mnist_test_pixels();
  for (std::size_t i = 0; i < framed.size(); ++i) {
    const std::size_t row = i % kPixels / 28;
    const std::size_t column = i % 28;
    if (std::min(row, column) < 4 || std::max(row, column) > 23) framed[i] = 0;
  }
  const std::vector<std::int64_t> indices = first_indices(10'000);
  for (const char* spec :
       {"shift:dx=4,dy=-4+shift:dx=-4,dy=4", "shift:dx=-3,dy=1+shift:dx=3,dy=-1"}) {
    EXPECT_EQ(transformed(parse_spec(spec, "test"), {}, framed, indices).pixels, framed) << spec;
  }
}

TEST(Chain, IsAppliedLeftToRight) {
  const std::string first = "shift:dx=3";
  const std::string second = "gaussian_noise:sigma=0.2";
  const TransformedImages between{.shape = {}, .pixels = transformed_mnist(first)};
  EXPECT_EQ(
      transformed_mnist(first + "+" + second),
      transformed(parse_spec(second, "test"), {}, between.pixels, first_indices(10'000)).pixels);
  EXPECT_NE(transformed_mnist(first + "+" + second), transformed_mnist(second + "+" + first));
}

TEST(Chain, OfOneNameTwiceDrawsTheSameNumbers) {
  const Image middle = constant(28, 28, 128);
  const auto gain = [&](std::string_view spec) {
    return transformed_image(spec, middle)[3][4] - 128;
  };
  const int once = gain("gaussian_noise:sigma=0.02");
  ASSERT_NE(once, 0);
  EXPECT_EQ(gain("gaussian_noise:sigma=0.02+gaussian_noise:sigma=0.02"), 2 * once);
  EXPECT_NE(transformed_image("gaussian_noise:sigma=0.02,seed=1", middle),
            transformed_image("gaussian_noise:sigma=0.02", middle));
}

std::span<const std::uint8_t> image_of(const std::vector<std::uint8_t>& pixels, std::size_t i) {
  return std::span(pixels).subspan(i * kPixels, kPixels);
}

TEST(Transformed, GivesAnImageTheSameBytesAloneInASubsetAndAmongAll) {
  const std::vector<std::uint8_t>& pixels = mnist_test_pixels();
  const std::vector<std::int64_t> alone = {7};
  const std::vector<std::int64_t> subset = {9'000, 7, 3};
  std::vector<std::uint8_t> subset_pixels;
  for (const std::int64_t index : subset) {
    const auto image = image_of(pixels, static_cast<std::size_t>(index));
    subset_pixels.insert(subset_pixels.end(), image.begin(), image.end());
  }
  const auto first = std::span(pixels).first(100 * kPixels);
  for (const TransformChain& chain : find_suite("quick").points) {
    const auto among = transformed(chain, {}, first, first_indices(100)).pixels;
    const auto by_itself = transformed(chain, {}, image_of(pixels, 7), alone).pixels;
    const auto in_subset = transformed(chain, {}, subset_pixels, subset).pixels;
    EXPECT_TRUE(std::ranges::equal(image_of(among, 7), by_itself)) << canonical_spec(chain);
    EXPECT_TRUE(std::ranges::equal(image_of(in_subset, 1), by_itself)) << canonical_spec(chain);
  }
}

TEST(Transformed, GivesTheSameBytesWithAnyNumberOfThreads) {
  const auto pixels = std::span(mnist_test_pixels()).first(101 * kPixels);
  const std::vector<std::int64_t> indices = first_indices(101);
  for (const TransformChain& chain : find_suite("standard").points) {
    const auto expected = transformed(chain, {}, pixels, indices, 1).pixels;
    for (const std::int64_t threads : {2, 3, 7}) {
      EXPECT_EQ(transformed(chain, {}, pixels, indices, threads).pixels, expected)
          << canonical_spec(chain) << ", " << threads << " threads";
    }
  }
}

TEST(Transformed, OfNoImagesIsNone) {
  EXPECT_TRUE(transformed(parse_spec("blur:sigma=1", "test"), {}, {}, {}, 4).pixels.empty());
}

}  // namespace
}  // namespace mnist_bench::test
