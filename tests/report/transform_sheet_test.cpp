#include "report/transform_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "report/decoded_picture.h"
#include "report/format/transform_sheet_formats.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Six images of 2 × 3 pixels; every pixel of an image is ten times its index.
Dataset six_images() {
  Dataset dataset;
  dataset.test.rows = 2;
  dataset.test.columns = 3;
  dataset.test.labels = {1, 0, 1, 0, 1, 2};
  for (std::uint8_t i = 0; i < 6; ++i) {
    dataset.test.pixels.insert(dataset.test.pixels.end(), 6, static_cast<std::uint8_t>(10 * i));
  }
  dataset.test.sha256 = std::string(64, 'a');
  return dataset;
}

std::vector<TransformChain> chains_of(const std::vector<std::string>& specs) {
  std::vector<TransformChain> chains;
  for (const std::string& spec : specs) chains.push_back(parse_spec(spec, "test"));
  return chains;
}

std::vector<std::vector<std::string>> specs_of(const TransformSheet& sheet) {
  std::vector<std::vector<std::string>> specs;
  for (const auto& group : sheet.groups) {
    specs.emplace_back();
    for (const TransformStrip& strip : group) specs.back().push_back(strip.spec);
  }
  return specs;
}

/// Every `zoom`-th pixel.
std::vector<std::uint8_t> without_zoom(const Picture& picture, std::int64_t zoom) {
  const std::vector<std::uint8_t> bytes = decoded(picture);
  std::vector<std::uint8_t> small;
  for (std::int64_t r = 0; r < picture.shape.rows; r += zoom) {
    for (std::int64_t c = 0; c < picture.shape.columns; c += zoom) {
      small.push_back(bytes[static_cast<std::size_t>(r * picture.shape.columns + c)]);
    }
  }
  return small;
}

TEST(ImagesOfEachClass, AreTheFirstOfEachThenTheSecond) {
  const ImageSet set = six_images().test;
  EXPECT_THAT(images_of_each_class(set, 2), ElementsAre(1, 0));
  EXPECT_THAT(images_of_each_class(set, 5), ElementsAre(1, 0, 5, 3, 2));
  EXPECT_THAT(images_of_each_class(set, 20), ElementsAre(1, 0, 5, 3, 2, 4));
}

TEST(TransformSheet, HasAGroupForTheSeveritiesOfAKindAndOneForKindsWithOneEach) {
  const TransformSheet sheet = transform_sheet(
      six_images(),
      chains_of({"identity", "invert", "rotate:degrees=10", "rotate:degrees=-10", "stripe",
                 "transpose", "blur:sigma=1", "salt_pepper:p=0.1", "salt_pepper:p=0.1,seed=2"}),
      2);
  EXPECT_THAT(specs_of(sheet),
              ElementsAre(ElementsAre("identity", "invert"),
                          ElementsAre("rotate:degrees=10", "rotate:degrees=-10"),
                          ElementsAre("stripe", "transpose", "blur:sigma=1", "salt_pepper:p=0.1",
                                      "salt_pepper:p=0.1,seed=2")));
}

TEST(TransformSheet, HasTheImagesInLinesOfAtMostFive) {
  const TransformSheet sheet = transform_sheet(six_images(), chains_of({"invert"}), 20);
  const Picture& picture = sheet.groups.at(0).at(0).picture;
  // Six in two lines of three; 56 pixels for three columns.
  EXPECT_EQ(picture.shape.columns, 18 * (3 * 3 + 2 * 2));
  EXPECT_EQ(picture.shape.rows, 18 * (2 * 2 + 2));
  const std::vector<std::uint8_t> bytes = without_zoom(picture, 18);
  // Images 1, 0, 5 above 3, 2, 4. Inverted twice: by the transform, and to be drawn on white.
  EXPECT_THAT(std::vector(bytes.begin(), bytes.begin() + 13),
              ElementsAre(10, 10, 10, 255, 255, 0, 0, 0, 255, 255, 50, 50, 50));
  EXPECT_THAT(std::vector(bytes.end() - 13, bytes.end()),
              ElementsAre(30, 30, 30, 255, 255, 20, 20, 20, 255, 255, 40, 40, 40));
}

TEST(TransformSheet, DrawsTheRandomNumbersOfTheImageInItsFile) {
  const Dataset dataset = six_images();
  const auto noisy = chains_of({"gaussian_noise:sigma=0.3"});
  const auto two = without_zoom(transform_sheet(dataset, noisy, 2).groups.at(0).at(0).picture, 18);
  const auto one = without_zoom(transform_sheet(dataset, noisy, 1).groups.at(0).at(0).picture, 18);
  EXPECT_EQ(std::vector(one.begin(), one.begin() + 3), std::vector(two.begin(), two.begin() + 3));
}

TEST(TransformSheet, TakesTransformsThatChangeTheShape) {
  const TransformSheet sheet =
      transform_sheet(six_images(), chains_of({"transpose", "resize:rows=4,columns=5"}), 1);
  EXPECT_EQ(sheet.groups.at(0).at(0).picture.shape.columns, 2 * 18);
  EXPECT_EQ(sheet.groups.at(0).at(1).picture.shape.columns, 5 * 11);
  EXPECT_THROW(transform_sheet(six_images(), chains_of({"pixelate:size=2"}), 1), Error);
}

TEST(TransformSheet, SaysWhichImagesItShows) {
  EXPECT_THAT(transform_sheet(six_images(), chains_of({"invert"}), 2).images,
              HasSubstr("Test images 1, 0 of an unknown data set (SHA-256 of its test set "
                        "aaaaaaaaaaaa…), labels 0, 1;"));
}

TEST(TransformSheetFormats, NameEachSpecAndHaveItsPicture) {
  const TransformSheet sheet =
      transform_sheet(six_images(), chains_of({"identity", "shift:dx=1"}), 2);
  for (const std::string& text :
       {transform_sheet_html(sheet, "A & B"), transform_sheet_svg(sheet, "A & B")}) {
    EXPECT_THAT(text,
                AllOf(HasSubstr("A &amp; B"), HasSubstr(">identity<"), HasSubstr(">shift:dx=1<"),
                      HasSubstr("data:image/png;base64,"), HasSubstr("pixelated")));
  }
}

}  // namespace
}  // namespace mnist_bench
