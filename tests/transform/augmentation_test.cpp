// training.augment: its random numbers, and the images that they make, by the definition in
// src/transform/README.md and the values there, which other implementations gave.
#include "transform/augmentation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/sha256.h"
#include "transform/affine.h"
#include "transform/images.h"
#include "transform/random_draws.h"

namespace mnist_bench::test {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kRunSeed = 1;
constexpr const char* kAffine =
    R"({"type": "affine", "shift": 2, "rotate": 10, "scale": [0.9, 1.1], "shear": 0.1})";
constexpr const char* kNoise = R"({"type": "gaussian_noise", "sigma": 0.2})";

AugmentationChain chain_of(std::string_view list) {
  return nlohmann::json::parse(list).get<AugmentationChain>();
}

/// The first `images` of MNIST's test images, taken for training images 0, 1, … of `epoch`.
std::vector<std::uint8_t> augmented(std::string_view list, std::int64_t epoch,
                                    std::size_t images = 1'000) {
  const ImageShape shape;
  const EpochMap map = prepare_augmentation(chain_of(list), shape, kRunSeed);
  const std::span in = std::span(mnist_test_pixels()).first(images * shape.pixels());
  std::vector<std::uint8_t> out(in.size());
  for (std::size_t i = 0; i < images; ++i) {
    map(epoch, static_cast<std::int64_t>(i), in.subspan(i * shape.pixels(), shape.pixels()),
        std::span(out).subspan(i * shape.pixels(), shape.pixels()));
  }
  return out;
}

/// The first 16 digits.
std::string digits_of(const std::vector<std::uint8_t>& pixels) {
  Sha256 sha;
  sha.update(pixels.data(), pixels.size());
  return sha.hex().substr(0, 16);
}

std::uint64_t key_of(std::uint64_t epoch, std::string_view stream, std::uint64_t image) {
  return derive_seed(split_mix(derive_seed(kRunSeed, "augment", epoch)), stream, image);
}

TEST(Augmentation, DrawsFromAStreamPerEpochPlaceAndImage) {
  EXPECT_EQ(key_of(1, "augment/0/affine", 0), 0xf640427d09c0c7abU);
  EXPECT_EQ(key_of(1, "augment/0/affine", 1), 0x6572fc278ad93a87U);
  EXPECT_EQ(key_of(2, "augment/0/affine", 0), 0x96a0e1a0822ec965U);
  EXPECT_EQ(key_of(1, "augment/1/gaussian_noise", 0), 0x9eeee52ff38ced49U);
  const ImageStream stream(key_of(1, "augment/0/affine", 0));
  const std::array uniform = {-.53689806, .40473074, -.34619109, -.89186406, .51559922};
  for (std::size_t j = 0; j < uniform.size(); ++j) {
    EXPECT_NEAR(2.0 * static_cast<double>(hi32(stream.draw(j))) / 4294967296.0 - 1.0, uniform[j],
                1e-8);
  }
}

TEST(Augmentation, HasTheChecksumsOfTheDefinition) {
  EXPECT_EQ(digits_of(augmented(fmt::format("[{}]", kAffine), 1)), "d720acb3d3718e54");
  EXPECT_EQ(digits_of(augmented(fmt::format("[{}]", kAffine), 2)), "b78a809274614441");
  EXPECT_EQ(digits_of(augmented(fmt::format("[{}]", kNoise), 1)), "7f200980a3210165");
}

TEST(Augmentation, WithoutRangesIsTheIdentity) {
  const std::vector<std::uint8_t> original(mnist_test_pixels().begin(),
                                           mnist_test_pixels().begin() + 100 * 784);
  for (const char* list :
       {"[]", R"([{"type": "affine"}])", R"([{"type": "elastic", "alpha": 0}])",
        R"([{"type": "gaussian_noise", "sigma": 0}])",
        R"([{"type": "affine"}, {"type": "elastic", "alpha": 0}, {"type": "affine"}])"}) {
    EXPECT_EQ(augmented(list, 1, 100), original) << list;
  }
}

TEST(Augmentation, AppliesTheListInItsOrder) {
  const auto list = [](const char* first, const char* second) {
    return fmt::format("[{}, {}]", first, second);
  };
  const std::vector<std::uint8_t> turned = augmented(fmt::format("[{}]", kAffine), 3, 10);
  // What is moved last has noise in what came from outside: none.
  EXPECT_NE(augmented(list(kAffine, kNoise), 3, 10), augmented(list(kNoise, kAffine), 3, 10));
  EXPECT_EQ(augmented(list(kAffine, R"({"type": "affine"})"), 3, 10), turned);
  EXPECT_NE(augmented(list(R"({"type": "affine"})", kAffine), 3, 10), turned)
      << "another place in the list, other numbers";
}

/// The definition, pixel by pixel.
std::vector<std::uint8_t> affine_by_definition(const AffineMap& map, ImageShape shape,
                                               std::span<const std::uint8_t> in) {
  const auto pixel = [&](std::int64_t r, std::int64_t c) -> std::int64_t {
    if (r < 0 || r >= shape.rows || c < 0 || c >= shape.columns) return 0;
    return in[static_cast<std::size_t>(r * shape.columns + c)];
  };
  constexpr std::int64_t kOne = 1 << 21;
  std::vector<std::uint8_t> out;
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t column = 0; column < shape.columns; ++column) {
      const std::int64_t r = 2 * row - (shape.rows - 1);
      const std::int64_t c = 2 * column - (shape.columns - 1);
      const std::int64_t y = map.row_per_row * r + map.row_per_column * c + map.centre_row;
      const std::int64_t x = map.column_per_row * r + map.column_per_column * c + map.centre_column;
      const std::int64_t y0 = y >> 21;
      const std::int64_t x0 = x >> 21;
      const std::int64_t below = y - y0 * kOne;
      const std::int64_t right = x - x0 * kOne;
      const std::int64_t sum = pixel(y0, x0) * (kOne - below) * (kOne - right) +
                               pixel(y0, x0 + 1) * (kOne - below) * right +
                               pixel(y0 + 1, x0) * below * (kOne - right) +
                               pixel(y0 + 1, x0 + 1) * below * right;
      out.push_back(static_cast<std::uint8_t>((sum + (std::int64_t{1} << 41)) >> 42));
    }
  }
  return out;
}

TEST(Augmentation, MovesEachPixelAsDefined) {
  const ImageStream numbers(7);
  std::uint64_t next = 0;
  const auto number = [&](double largest) {
    return largest * (static_cast<double>(hi32(numbers.draw(next++))) / 2147483648.0 - 1.0);
  };
  const std::vector<ImageShape> shapes = {{28, 28}, {1, 1}, {3, 40}, {31, 20}};
  for (int repetition = 0; repetition < 400; ++repetition) {
    const ImageShape shape = shapes[static_cast<std::size_t>(repetition) % shapes.size()];
    std::vector<std::uint8_t> in(shape.pixels());
    const std::uint64_t foreground = numbers.draw(next++) % (shape.pixels() + 1);
    for (std::uint64_t i = 0; i < foreground; ++i) {
      const std::uint64_t draw = numbers.draw(next++);
      in[(draw >> 8U) % in.size()] = static_cast<std::uint8_t>(draw & 255U);
    }
    const double size = repetition % 3 == 0 ? 30.0 : 1.5;
    const AffineMap map =
        moved(affine_map({{{number(size), number(size)}, {number(size), number(size)}}}, shape),
              number(20.0), number(1'024.0 / (1 + repetition % 200)));
    std::vector<std::uint8_t> out(in.size(), 7);
    apply_affine(map, shape, in, shape, out);
    EXPECT_EQ(out, affine_by_definition(map, shape, in)) << repetition;
  }
}

std::string problem_with(std::string_view list) {
  const auto problem = problem_in_augmentations(nlohmann::json::parse(list));
  return problem ? problem->where.to_string() + ": " + problem->text : "";
}

TEST(Augmentation, TakesBothEndsOfEachRange) {
  for (const char* entry :
       {R"("affine", "shift": 1024, "rotate": 360, "scale": [0.1, 10], "shear": 2)",
        R"("affine", "shift": 0, "rotate": 0, "scale": [1, 1], "shear": 0)",
        R"("elastic", "alpha": 0, "sigma": 0.1)", R"("elastic", "alpha": 100, "sigma": 10)",
        R"("gaussian_noise", "sigma": 0)", R"("gaussian_noise", "sigma": 2)"}) {
    EXPECT_EQ(problem_with(fmt::format(R"([{{"type": {}}}])", entry)), "");
  }
  for (const char* entry : {R"("affine", "shift": -0.1)",
                            R"("affine", "shift": 1024.1)",
                            R"("affine", "rotate": -1)",
                            R"("affine", "rotate": 360.1)",
                            R"("affine", "scale": [0.09, 1])",
                            R"("affine", "scale": [1, 10.1])",
                            R"("affine", "scale": [1.1, 1])",
                            R"("affine", "scale": [1])",
                            R"("affine", "scale": [1, 1, 1])",
                            R"("affine", "scale": 1)",
                            R"("affine", "scale": [1, "1"])",
                            R"("affine", "shear": -0.1)",
                            R"("affine", "shear": 2.1)",
                            R"("affine", "shear": true)",
                            R"("affine", "shear": null)",
                            R"("elastic", "alpha": -1)",
                            R"("elastic", "alpha": 100.1)",
                            R"("elastic", "alpha": 1, "sigma": 0.09)",
                            R"("elastic", "alpha": 1, "sigma": 10.1)",
                            R"("gaussian_noise", "sigma": -0.1)",
                            R"("gaussian_noise", "sigma": 2.1)"}) {
    EXPECT_THAT(problem_with(fmt::format(R"([{{"type": {}}}])", entry)), HasSubstr("; allowed: "))
        << entry;
  }
}

TEST(Augmentation, NamesWhatIsWrong) {
  EXPECT_EQ(problem_with(R"([{"type": "affine"}, {"type": "afine"}])"),
            "/1/type: found \"afine\"; did you mean \"affine\"?");
  EXPECT_EQ(problem_with(R"([{"type": "rotate", "degrees": 5}])"),
            "/0/type: found \"rotate\", which is a key of \"affine\"; write {\"type\": \"affine\", "
            "\"rotate\": …}");
  EXPECT_EQ(problem_with(R"([{"type": "blur"}])"),
            "/0/type: found \"blur\"; allowed: affine, elastic, gaussian_noise");
  EXPECT_EQ(problem_with(R"([{"type": "affine", "shfit": 2}])"),
            "/0/shfit: unknown key of \"affine\" (found 2); did you mean \"shift\"?");
  EXPECT_THAT(problem_with(R"([{"type": "elastic", "alpha": 1, "seed": 1}])"),
              HasSubstr("/0/seed: unknown key of \"elastic\""));
  EXPECT_EQ(problem_with(R"([{"type": "elastic"}])"),
            "/0/alpha: missing; allowed: number ≥ 0 and ≤ 100");
  EXPECT_EQ(problem_with(R"([{"type": "affine", "scale": [2, 1]}])"),
            "/0/scale: found [2,1]; allowed: [low, high] with low ≤ high, each a number ≥ 0.1 and "
            "≤ 10");
  EXPECT_THAT(problem_with(R"(["affine"])"), HasSubstr("allowed: an object with \"type\""));
}

TEST(Augmentation, IsWrittenAsItIsRead) {
  const AugmentationChain chain = chain_of(fmt::format("[{}, {}]", kAffine, kNoise));
  const nlohmann::json json = nlohmann::ordered_json(chain);
  EXPECT_EQ(json.get<AugmentationChain>(), chain);
  EXPECT_EQ(spec_of(chain),
            "affine:shift=2,rotate=10,scale=[0.9, 1.1],shear=0.1+gaussian_noise:sigma=0.2");
  EXPECT_EQ(spec_of({}), "none");
  EXPECT_EQ(nlohmann::ordered_json(chain_of(R"([{"type": "affine"}])")).dump(),
            R"([{"type":"affine","shift":0.0,"rotate":0.0,"scale":[1.0,1.0],"shear":0.0}])");
}

}  // namespace
}  // namespace mnist_bench::test
