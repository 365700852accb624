#include <gtest/gtest.h>

#include "base/random.h"
#include "transform/images.h"

namespace mnist_bench::test {
namespace {

TEST(Shift, MovesTheImageAndFillsWithZeros) {
  EXPECT_EQ(transformed_image("shift:dx=1", nine()), (Image{{0, 1, 2}, {0, 4, 5}, {0, 7, 8}}));
  EXPECT_EQ(transformed_image("shift:dy=-1", nine()), (Image{{4, 5, 6}, {7, 8, 9}, {0, 0, 0}}));
  EXPECT_EQ(transformed_image("shift:dx=3", nine()), constant(3, 3, 0));
  EXPECT_EQ(transformed_image("shift:dx=1024,dy=-1024", nine()), constant(3, 3, 0));
  Image pixel = constant(28, 28, 0);
  pixel[10][10] = 77;
  Image moved = constant(28, 28, 0);
  moved[9][12] = 77;
  EXPECT_EQ(transformed_image("shift:dx=2,dy=-1", pixel), moved);
  EXPECT_EQ(transformed_image("shift:dx=28", constant(28, 28, 255)), constant(28, 28, 0));
}

TEST(Rotate, TurnsCounterClockwise) {
  EXPECT_EQ(transformed_image("rotate:degrees=90", nine()),
            (Image{{3, 6, 9}, {2, 5, 8}, {1, 4, 7}}));
  EXPECT_EQ(transformed_image("rotate:degrees=180", nine()),
            (Image{{9, 8, 7}, {6, 5, 4}, {3, 2, 1}}));
  EXPECT_EQ(transformed_image("rotate:degrees=0", nine()), nine());
  EXPECT_EQ(transformed_image("rotate:degrees=90+rotate:degrees=-90", nine()), nine());
}

TEST(Rotate, InterpolatesBetweenPixels) {
  EXPECT_EQ(transformed_image("rotate:degrees=45", {{0, 0, 0}, {0, 0, 200}, {0, 0, 0}}),
            (Image{{0, 41, 117}, {0, 0, 41}, {0, 0, 0}}));
  EXPECT_EQ(transformed_image("rotate:degrees=45", {{0, 0, 0}, {0, 255, 0}, {0, 0, 0}}),
            (Image{{0, 22, 0}, {22, 255, 22}, {0, 22, 0}}));
  EXPECT_EQ(transformed_image("rotate:degrees=30", nine(20)),
            (Image{{21, 58, 62}, {53, 100, 147}, {65, 142, 106}}));
}

TEST(Scale, EnlargesAboutTheCentre) {
  EXPECT_EQ(
      transformed_image("scale:factor=2", sixteen()),
      (Image{{60, 68, 76, 84}, {92, 100, 108, 116}, {124, 132, 140, 148}, {156, 164, 172, 180}}));
  EXPECT_EQ(transformed_image("scale:factor=0.5", sixteen()),
            (Image{{0, 0, 0, 0}, {0, 40, 72, 0}, {0, 168, 200, 0}, {0, 0, 0, 0}}));
  EXPECT_EQ(transformed_image("scale:factor=1", sixteen()), sixteen());
}

TEST(Shear, MovesRowsInProportionToTheirDistanceFromTheCentre) {
  EXPECT_EQ(transformed_image("shear:factor=1", nine()), (Image{{0, 1, 2}, {4, 5, 6}, {8, 9, 0}}));
  EXPECT_EQ(transformed_image("shear:factor=-1", nine()), (Image{{2, 3, 0}, {4, 5, 6}, {0, 7, 8}}));
  EXPECT_EQ(transformed_image("shear:factor=0.5", nine(20)),
            (Image{{10, 30, 50}, {80, 100, 120}, {150, 170, 90}}));
}

TEST(Resize, ReadsTheImageAtOtherPoints) {
  EXPECT_EQ(transformed_image("resize:rows=4,columns=4", sixteen()), sixteen());
  // Every other point of scale 2, whose centre is the same.
  EXPECT_EQ(transformed_image("resize:rows=2,columns=2", sixteen()), (Image{{40, 72}, {168, 200}}));
  EXPECT_EQ(transformed_image("resize:rows=1,columns=3", nine(20)), (Image{{80, 100, 120}}));
}

TEST(Transpose, ExchangesRowsAndColumns) {
  EXPECT_EQ(transformed_image("transpose", {{1, 2, 3}, {4, 5, 6}}),
            (Image{{1, 4}, {2, 5}, {3, 6}}));
}

TEST(PermutePixels, UsesOnePermutationForAllImages) {
  EXPECT_EQ(permutation(9, derive_seed(1, "permute_pixels")),
            (std::vector<std::int64_t>{4, 8, 1, 3, 6, 7, 2, 0, 5}));
  const Image permuted = {{5, 9, 2}, {4, 7, 8}, {3, 1, 6}};
  EXPECT_EQ(transformed_image("permute_pixels:seed=1", nine()), permuted);
  EXPECT_EQ(transformed_image("permute_pixels:seed=1", nine(), 9'999), permuted);
  std::vector<std::int64_t> order = permutation(784, derive_seed(1, "permute_pixels"));
  order.resize(10);
  EXPECT_EQ(order, (std::vector<std::int64_t>{217, 287, 705, 446, 92, 231, 423, 462, 60, 765}));
}

}  // namespace
}  // namespace mnist_bench::test
