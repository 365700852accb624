#include "transform/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "transform/images.h"

namespace mnist_bench::test {
namespace {

std::uint64_t key(std::string_view type, std::uint64_t index) {
  return derive_seed(0, "transform/" + std::string(type), index);
}

TEST(ImageStream, HasTheKeysOfTheDefinition) {
  EXPECT_EQ(key("gaussian_noise", 0), 0x5773d88a400c15b7U);
  EXPECT_EQ(key("gaussian_noise", 1), 0x4ba4dae04647a199U);
  EXPECT_EQ(key("salt_pepper", 0), 0x4c7d06b92529fda4U);
  EXPECT_EQ(key("salt_pepper", 1), 0x264243f7928f3094U);
  EXPECT_EQ(key("shot_noise", 0), 0x5797f7e37850df8aU);
  EXPECT_EQ(key("shot_noise", 1), 0xd35455ceba737938U);
  EXPECT_EQ(key("occlude", 0), 0x2588c1c98501403dU);
  EXPECT_EQ(key("occlude", 1), 0xd5a3aaca18b8125bU);
  EXPECT_EQ(key("elastic", 0), 0x5639d158cfbd719fU);
  EXPECT_EQ(key("elastic", 1), 0xc56c421d8bfd5218U);
}

TEST(ImageStream, HasTheDrawsOfTheDefinition) {
  const ImageStream first = image_stream(0, "transform/gaussian_noise", 0);
  EXPECT_EQ(first.draw(0), 0xa6aad76fee8d44afU);
  EXPECT_EQ(first.draw(1), 0x991a662496295211U);
  EXPECT_EQ(first.draw(2), 0x428feae1206a77a1U);
  EXPECT_EQ(first.draw(3), 0xf3c561a91d1f4c0eU);
  const ImageStream second = image_stream(0, "transform/gaussian_noise", 1);
  EXPECT_EQ(second.draw(0), 0x8c346bb78057d5e4U);
  EXPECT_EQ(second.draw(1), 0x3bad0a92ab012457U);
  EXPECT_EQ(second.draw(2), 0xbb13b5abc5e6a2ceU);
  EXPECT_EQ(second.draw(3), 0x9726396e5cd4df15U);
}

std::int64_t sum_of_squares(const std::vector<std::int16_t>& table) {
  return std::inner_product(table.begin(), table.end(), table.begin(), std::int64_t{0});
}

TEST(GaussianNoise, TakesItsTableFromTheNormalDistribution) {
  const std::vector<std::int16_t> table = gaussian_noise_table(0.1);
  ASSERT_EQ(table.size(), 65'536U);
  EXPECT_EQ(table[0], -110);
  EXPECT_EQ(table[1], -104);
  EXPECT_EQ(table[32'767], 0);
  EXPECT_EQ(table[32'768], 0);
  EXPECT_EQ(table[65'535], 110);
  EXPECT_EQ(std::accumulate(table.begin(), table.end(), std::int64_t{0}), 0);
  EXPECT_EQ(sum_of_squares(table), 42'619'874);
  const std::vector<std::int16_t> wide = gaussian_noise_table(0.3);
  EXPECT_EQ(wide.front(), -331);
  EXPECT_EQ(wide.back(), 331);
  EXPECT_EQ(sum_of_squares(wide), 383'529'024);
}

TEST(GaussianNoise, AddsWhatTheImagesIndexDraws) {
  const Image grey = constant(2, 4, 128);
  EXPECT_EQ(transformed_image("gaussian_noise:sigma=0.1", grey, 0),
            (Image{{138, 134, 112, 171}, {92, 141, 117, 105}}));
  EXPECT_EQ(transformed_image("gaussian_noise:sigma=0.1", grey, 1),
            (Image{{131, 109, 144, 134}, {166, 145, 108, 116}}));
  EXPECT_EQ(transformed_image("gaussian_noise:sigma=0.5", grey),
            (Image{{177, 160, 46, 255}, {0, 191, 71, 11}}));
  EXPECT_EQ(transformed_image("gaussian_noise:sigma=0.3", {{0, 0, 0, 0}, {255, 255, 255, 255}}),
            (Image{{30, 19, 0, 128}, {146, 255, 221, 185}}));
  EXPECT_EQ(transformed_image("gaussian_noise:sigma=0", grey), grey);
}

TEST(SaltPepper, ReplacesPixelsByExtremes) {
  const Image grey = constant(2, 4, 128);
  EXPECT_EQ(transformed_image("salt_pepper:p=0.5", grey, 0),
            (Image{{128, 0, 255, 128}, {0, 255, 128, 0}}));
  EXPECT_EQ(transformed_image("salt_pepper:p=0.5", grey, 1),
            (Image{{255, 255, 128, 128}, {128, 128, 255, 255}}));
  EXPECT_EQ(transformed_image("salt_pepper:p=0", grey), grey);
  EXPECT_EQ(transformed_image("salt_pepper:p=1", grey), (Image{{255, 0, 255, 0}, {0, 255, 0, 0}}));
}

TEST(ShotNoise, CountsPhotons) {
  EXPECT_EQ(
      transformed_image("shot_noise:peak=5", constant(2, 8, 255)),
      (Image{{255, 255, 255, 255, 153, 255, 255, 153}, {255, 153, 255, 102, 102, 255, 153, 204}}));
  EXPECT_EQ(transformed_image("shot_noise:peak=60", constant(2, 4, 128)),
            (Image{{136, 140, 136, 140}, {106, 145, 136, 111}}));
  EXPECT_EQ(transformed_image("shot_noise:peak=60", constant(2, 4, 0)), constant(2, 4, 0));
}

TEST(ShotNoise, TakesTheLeastAndTheGreatestPeak) {
  EXPECT_EQ(transformed_image("shot_noise:peak=5e-324", constant(8, 8, 255)), constant(8, 8, 0));
  EXPECT_EQ(transformed_image("shot_noise:peak=1e-300", constant(8, 8, 255)), constant(8, 8, 0));
  for (const std::vector<int>& row :
       transformed_image("shot_noise:peak=700", constant(8, 8, 128))) {
    for (const int value : row) EXPECT_NEAR(value, 128, 40);
  }
}

/// Row and column of the top left 0 of an image.
std::vector<std::ptrdiff_t> corner(const Image& image) {
  for (std::size_t row = 0; row < image.size(); ++row) {
    const auto found = std::find(image[row].begin(), image[row].end(), 0);
    if (found != image[row].end()) {
      return {static_cast<std::ptrdiff_t>(row), found - image[row].begin()};
    }
  }
  return {};
}

TEST(Occlude, CoversASquare) {
  const Image grey = constant(6, 6, 9);
  EXPECT_EQ(corner(transformed_image("occlude:size=2", grey, 0)),
            (std::vector<std::ptrdiff_t>{2, 1}));
  EXPECT_EQ(corner(transformed_image("occlude:size=2", grey, 1)),
            (std::vector<std::ptrdiff_t>{1, 0}));
  EXPECT_EQ(corner(transformed_image("occlude:size=2", grey, 2)),
            (std::vector<std::ptrdiff_t>{4, 2}));
  Image covered = grey;
  for (const std::size_t row : {2U, 3U}) covered[row][1] = covered[row][2] = 255;
  EXPECT_EQ(transformed_image("occlude:size=2,value=255", grey, 0), covered);
  EXPECT_EQ(transformed_image("occlude:size=6", grey), constant(6, 6, 0));
}

}  // namespace
}  // namespace mnist_bench::test
