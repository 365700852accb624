#include "data/digit_form.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/fixtures.h"

namespace mnist_bench {
namespace {

constexpr ImageShape kMnist = {.rows = 28, .columns = 28};
const std::string kDigits = MNIST_BENCH_SOURCE "/tests/data/digits/";

GreyImage test_image(std::int64_t index) {
  const ImageSet one = select(test::mnist().test, {index});
  return {.shape = one.shape(), .pixels = one.pixels};
}

/// Each pixel `scale` × `scale` times.
GreyImage enlarged(const GreyImage& image, std::int64_t scale) {
  GreyImage large{
      .shape = {.rows = image.shape.rows * scale, .columns = image.shape.columns * scale},
      .pixels = {}};
  for (std::int64_t row = 0; row < large.shape.rows; ++row) {
    for (std::int64_t column = 0; column < large.shape.columns; ++column) {
      large.pixels.push_back(image.pixels[static_cast<std::size_t>(
          row / scale * image.shape.columns + column / scale)]);
    }
  }
  return large;
}

/// `image` in a larger one of `background`.
GreyImage placed(const GreyImage& image, const ImageShape& shape, std::int64_t top,
                 std::int64_t left, std::uint8_t background = 0) {
  GreyImage field{.shape = shape, .pixels = {}};
  field.pixels.assign(shape.pixels(), background);
  for (std::int64_t row = 0; row < image.shape.rows; ++row) {
    const auto from = image.pixels.begin() + row * image.shape.columns;
    std::copy_n(from, image.shape.columns,
                field.pixels.begin() + (top + row) * shape.columns + left);
  }
  return field;
}

GreyImage filled(const ImageShape& shape, std::uint8_t value) {
  return placed({.shape = {.rows = 0, .columns = 0}, .pixels = {}}, shape, 0, 0, value);
}

GreyImage inverted(GreyImage image) {
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  return image;
}

using Pixels = std::vector<std::uint8_t>;

double mean_difference(const Pixels& a, const Pixels& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return sum / static_cast<double>(a.size());
}

int largest_difference(const Pixels& a, const Pixels& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(int{a[i]} - int{b[i]}));
  }
  return largest;
}

TEST(DigitForm, IsThatOfAnIndependentProgram) {
  const auto oracle = nlohmann::json::parse(std::ifstream(kDigits + "forms.json"));
  EXPECT_GE(oracle["forms"].size(), 10U);
  for (const auto& expected : oracle["forms"]) {
    const std::string name = expected["image"];
    SCOPED_TRACE(name);
    const ImageShape shape{.rows = expected["rows"], .columns = expected["columns"]};
    const DigitForm form = digit_form(read_image_file(kDigits + name)[0], shape, name);
    EXPECT_EQ(form.inverted, expected["inverted"]);
    EXPECT_EQ(form.shape, shape);
    EXPECT_LE(largest_difference(form.pixels, expected["pixels"].get<Pixels>()), 1);
  }
}

TEST(DigitForm, OfAnImageOfMnistIsNearlyTheSameAtAnyScale) {
  for (const std::int64_t scale : {1, 2, 4, 9}) {
    double sum = 0.0;
    for (std::int64_t index = 0; index < 100; ++index) {
      const GreyImage digit = test_image(index);
      const DigitForm form = digit_form(enlarged(digit, scale), kMnist, "a");
      EXPECT_FALSE(form.inverted);
      sum += mean_difference(form.pixels, digit.pixels);
    }
    EXPECT_LT(sum / 100.0, 0.6) << scale;  // the mean pixel is 33.8; a pixel aside costs 15
  }
}

TEST(DigitForm, DoesNotDependOnWhereTheInkIs) {
  const GreyImage digit = test_image(0);
  const Pixels expected = digit_form(digit, kMnist, "a").pixels;
  const ImageShape field{.rows = 60, .columns = 90};
  for (const auto& [top, left] : {std::pair(0, 0), std::pair(32, 62), std::pair(3, 50)}) {
    EXPECT_EQ(digit_form(placed(digit, field, top, left), kMnist, "a").pixels, expected);
  }
}

TEST(DigitForm, OfDarkOnLightIsInvertedAndSaysSo) {
  const GreyImage digit = test_image(5);
  const DigitForm form = digit_form(inverted(digit), kMnist, "a");
  EXPECT_TRUE(form.inverted);
  EXPECT_EQ(form.pixels, digit_form(digit, kMnist, "a").pixels);
}

TEST(DigitForm, IsInvertedWhereTheInkIsDarkerThanItsPaperHoweverDarkThatIs) {
  const auto is_inverted = [](std::uint8_t paper, std::uint8_t ink) {
    const GreyImage dot{.shape = {.rows = 1, .columns = 1}, .pixels = {ink}};
    return digit_form(placed(dot, {.rows = 5, .columns = 5}, 2, 2, paper), kMnist, "a").inverted;
  };
  EXPECT_TRUE(is_inverted(255, 0));
  EXPECT_TRUE(is_inverted(255, 200));
  EXPECT_TRUE(is_inverted(60, 0));
  EXPECT_FALSE(is_inverted(0, 255));
  EXPECT_FALSE(is_inverted(0, 60));
  EXPECT_FALSE(is_inverted(200, 255));
}

TEST(DigitForm, OfGreyPaperHasABackgroundOfZeroAndInkOf255) {
  GreyImage digit = test_image(1);
  for (std::uint8_t& pixel : digit.pixels) pixel = static_cast<std::uint8_t>(200 - pixel / 2);
  const DigitForm form = digit_form(digit, kMnist, "a");
  EXPECT_EQ(form.pixels.front(), 0);
  EXPECT_EQ(*std::max_element(form.pixels.begin(), form.pixels.end()), 255);
  EXPECT_LT(mean_difference(form.pixels, digit_form(test_image(1), kMnist, "a").pixels), 0.5);
}

TEST(DigitForm, FillsTheBoxAndKeepsTheProportions) {
  // A bar of 40 × 10 in light: 20 × 5, in the middle.
  const GreyImage bar = filled({.rows = 40, .columns = 10}, 255);
  const DigitForm form = digit_form(placed(bar, {.rows = 50, .columns = 50}, 3, 1), kMnist, "a");
  for (std::int64_t row = 0; row < 28; ++row) {
    for (std::int64_t column = 0; column < 28; ++column) {
      // Its centre of mass, 9.5 and 2 pixels from its corner, rounds to pixel (14, 14).
      const bool inside = row >= 5 && row < 25 && column >= 12 && column < 17;
      EXPECT_EQ(form.pixels[static_cast<std::size_t>(row * 28 + column)], inside ? 255 : 0)
          << row << ", " << column;
    }
  }
}

TEST(DigitForm, KeepsAllInkWhereItsCentreOfMassIsFarAside) {
  // A block at the end of a thin line, which would stand over the edge.
  GreyImage image = filled({.rows = 60, .columns = 60}, 0);
  for (std::size_t column = 5; column < 55; ++column) {
    image.pixels[30 * 60 + column] = 255;
    if (column > 10) continue;
    for (std::size_t row = 10; row < 50; ++row) image.pixels[row * 60 + column] = 255;
  }
  const DigitForm form = digit_form(image, kMnist, "a");
  std::size_t columns = 0;
  for (std::size_t column = 0; column < 28; ++column) {
    bool has_ink = false;
    for (std::size_t row = 0; row < 28; ++row) has_ink |= form.pixels[row * 28 + column] > 0;
    columns += has_ink ? 1 : 0;
  }
  EXPECT_EQ(columns, 20U);
}

TEST(DigitForm, IsOfAnyShapeAndFromAnySize) {
  for (const ImageShape& from : {ImageShape{1, 2}, ImageShape{2, 1}, ImageShape{1, 300},
                                 ImageShape{300, 1}, ImageShape{3, 3}}) {
    GreyImage image = filled(from, 0);
    image.pixels[image.pixels.size() / 2] = 255;
    for (const ImageShape& to : {ImageShape{1, 1}, ImageShape{28, 28}, ImageShape{3, 64}}) {
      const DigitForm form = digit_form(image, to, "a");
      EXPECT_EQ(form.pixels.size(), to.pixels());
      EXPECT_EQ(*std::max_element(form.pixels.begin(), form.pixels.end()), 255);
    }
  }
}

TEST(DigitForm, OfABlankImageIsRefused) {
  for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{128}, std::uint8_t{255}}) {
    const GreyImage blank = filled({.rows = 9, .columns = 9}, value);
    EXPECT_EQ(test::data_error([&] { digit_form(blank, kMnist, "a.png"); }),
              "cannot read a.png: it is blank: no pixel differs from its background by 32 grey "
              "levels or more");
  }
  const GreyImage dot{.shape = {.rows = 1, .columns = 1}, .pixels = {31}};
  const ImageShape shape{.rows = 9, .columns = 9};
  test::data_error([&] { digit_form(placed(dot, shape, 4, 4), kMnist, "a"); });
  const GreyImage light{.shape = {.rows = 1, .columns = 1}, .pixels = {32}};
  EXPECT_NO_THROW(digit_form(placed(light, shape, 4, 4), kMnist, "a"));
}

}  // namespace
}  // namespace mnist_bench
