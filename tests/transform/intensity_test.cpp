#include <gtest/gtest.h>

#include "transform/images.h"
#include "transform/rounding.h"

namespace mnist_bench::test {
namespace {

TEST(RoundHalfUp, IsExactOnBothSidesOfZero) {
  EXPECT_EQ(round_half_up(5, 2), 3);
  EXPECT_EQ(round_half_up(4, 3), 1);
  EXPECT_EQ(round_half_up(-5, 2), -2);
  EXPECT_EQ(round_half_up(-7, 3), -2);
  EXPECT_EQ(round_half_up(-1, 2), 0);
  EXPECT_EQ(round_half_up(-3, 2), -1);
  EXPECT_EQ(round_half_up(-2, 3), -1);
}

TEST(Contrast, ActsAboutTheImagesOwnMean) {
  EXPECT_EQ(transformed_image("contrast:factor=0.5", nine(20)),
            (Image{{60, 70, 80}, {90, 100, 110}, {120, 130, 140}}));
  EXPECT_EQ(transformed_image("contrast:factor=2", nine(20)),
            (Image{{0, 0, 20}, {60, 100, 140}, {180, 220, 255}}));
  EXPECT_EQ(transformed_image("contrast:factor=0", nine(20)), constant(3, 3, 100));
  EXPECT_EQ(transformed_image("contrast:factor=1", nine(20)), nine(20));
}

TEST(Brightness, AddsAndCutsOff) {
  EXPECT_EQ(transformed_image("brightness:add=0.1", {{0, 100, 229, 230, 255}}),
            (Image{{26, 126, 255, 255, 255}}));
  EXPECT_EQ(transformed_image("brightness:add=-0.1", {{0, 25, 26, 100, 255}}),
            (Image{{0, 0, 1, 75, 230}}));
}

TEST(Invert, ExchangesDarkAndLight) {
  EXPECT_EQ(transformed_image("invert", {{0, 1, 254, 255}}), (Image{{255, 254, 1, 0}}));
}

TEST(Stripe, InvertsTheOuterQuarters) {
  EXPECT_EQ(transformed_image("stripe", constant(2, 9, 5)),
            (Image(2, {250, 250, 5, 5, 5, 5, 5, 250, 250})));
  EXPECT_EQ(transformed_image("stripe", constant(1, 3, 5)), constant(1, 3, 5));
}

TEST(Quantize, KeepsFewGreyValues) {
  EXPECT_EQ(transformed_image("quantize:bits=1", {{0, 127, 128, 255}}), (Image{{0, 0, 255, 255}}));
  EXPECT_EQ(transformed_image("quantize:bits=2", {{0, 42, 43, 127, 128, 212, 213, 255}}),
            (Image{{0, 0, 85, 85, 170, 170, 255, 255}}));
  EXPECT_EQ(transformed_image("quantize:bits=8", nine(20)), nine(20));
}

TEST(Pixelate, MakesEachBlockItsMean) {
  EXPECT_EQ(
      transformed_image("pixelate:size=2", sixteen()),
      (Image{{40, 40, 72, 72}, {40, 40, 72, 72}, {168, 168, 200, 200}, {168, 168, 200, 200}}));
  EXPECT_EQ(transformed_image("pixelate:size=1", sixteen()), sixteen());
  // A mean of ½ counts as 1.
  EXPECT_EQ(transformed_image("pixelate:size=2", {{0, 1}, {1, 0}}), constant(2, 2, 1));
}

}  // namespace
}  // namespace mnist_bench::test
