#include "data/pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "data/dataset.h"
#include "data/dataset_warnings.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Images of rows × columns pixels, all of class 0.
ImageSet images_of(std::vector<std::uint8_t> pixels, std::int64_t rows, std::int64_t columns) {
  ImageSet set;
  set.rows = rows;
  set.columns = columns;
  set.labels.assign(pixels.size() / static_cast<std::size_t>(rows * columns), 0);
  set.pixels = std::move(pixels);
  return set;
}

TEST(PixelStatistics, AreThoseOfThePopulationOfScaledPixels) {
  PixelStatistics statistics = summarize_pixels(images_of({0, 255, 255, 0}, 2, 2)).statistics;
  EXPECT_DOUBLE_EQ(statistics.mean, 0.5);
  EXPECT_DOUBLE_EQ(statistics.sd, 0.5);
  statistics = summarize_pixels(images_of({51, 51, 51}, 1, 1)).statistics;
  EXPECT_DOUBLE_EQ(statistics.mean, 0.2);
  EXPECT_NEAR(statistics.sd, 0.0, 1e-15);
  EXPECT_EQ(summarize_pixels(ImageSet{}).statistics.mean, 0.0);
}

TEST(PixelSummary, HasTheRangeOfAllPixelsWhereverTheyStand) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::vector<std::uint8_t> pixels(20, 7);
    pixels[at] = 200;
    pixels[(at + 1) % 20] = 3;
    const PixelSummary summary = summarize_pixels(images_of(pixels, 4, 5));
    EXPECT_EQ(summary.smallest, 3);
    EXPECT_EQ(summary.largest, 200);
    EXPECT_NEAR(summary.statistics.mean, (18 * 7 + 200 + 3) / 20.0 / 255.0, 1e-15);
  }
}

TEST(PixelSummary, HasTheMedianOfAllPixels) {
  EXPECT_EQ(summarize_pixels(images_of({9, 0, 9}, 3, 1)).median, 9);
  EXPECT_EQ(summarize_pixels(images_of({9, 0, 7, 7}, 2, 2)).median, 7);
  EXPECT_EQ(summarize_pixels(images_of({255, 0, 255, 0}, 2, 2)).median, 0);  // the lower one of two
  EXPECT_EQ(summarize_pixels(images_of({255}, 1, 1)).median, 255);
}

TEST(NormalizationConstants, AreThePapersNoneOrThoseOfTheTrainingImages) {
  const PixelStatistics training{.mean = 0.25, .sd = 0.5};
  const auto constants = [&](Normalization n) { return normalization_constants(n, training); };
  EXPECT_EQ(constants(Normalization::standardize).mean, 0.1307);
  EXPECT_EQ(constants(Normalization::standardize).sd, 0.3081);
  EXPECT_EQ(constants(Normalization::unit).mean, 0.0);
  EXPECT_EQ(constants(Normalization::unit).sd, 1.0);
  EXPECT_EQ(constants(Normalization::dataset).mean, 0.25);
  EXPECT_EQ(constants(Normalization::dataset).sd, 0.5);
  const PixelScaling raw = constants(Normalization::none);
  for (int byte = 0; byte < 256; ++byte) {  // the input is the byte itself
    EXPECT_EQ(raw.of(static_cast<std::uint8_t>(byte)), static_cast<float>(byte));
  }
}

TEST(PixelScaling, IsTheSameInAllFormsButForRounding) {
  for (const Normalization n : {Normalization::standardize, Normalization::unit}) {
    const PixelScaling scaling = normalization_constants(n);
    EXPECT_EQ(scaling.above_zero(0), 0.0F);
    for (int i = 0; i < 256; ++i) {
      const auto byte = static_cast<std::uint8_t>(i);
      EXPECT_NEAR(scaling.of_zero() + scaling.above_zero(byte), scaling.of(byte), 1e-6);
      EXPECT_NEAR(scaling.of_zero() + static_cast<float>(i) * scaling.factor(), scaling.of(byte),
                  1e-6);
    }
  }
}

TEST(NormalizationConstants, OfImagesWithoutAnyContrastAreRefused) {
  std::string remedy;
  EXPECT_THAT(test::data_error(
                  [] {
                    (void)normalization_constants(Normalization::dataset, {0.5, 0.0});
                  },
                  &remedy),
              HasSubstr("the same value"));
  EXPECT_THAT(remedy, HasSubstr("data.normalization=unit"));
}

/// Grey images of 6 × 6 pixels: a square of `foreground` on `background`.
ImageSet squares(std::uint8_t background, std::uint8_t foreground, std::int64_t count = 60) {
  std::vector<std::uint8_t> pixels;
  for (std::int64_t i = 0; i < count * 36; ++i) {
    const std::int64_t row = i / 6 % 6;
    const std::int64_t column = i % 6;
    const bool within = row >= 2 && row < 4 && column >= 2 && column < 4;
    pixels.push_back(within ? foreground : background);
  }
  ImageSet set = images_of(std::move(pixels), 6, 6);
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    set.labels[i] = static_cast<std::uint8_t>(i % 10);
  }
  return set;
}

Dataset dataset_of(ImageSet train, ImageSet test) {
  Dataset dataset;
  dataset.train = std::move(train);
  dataset.test = std::move(test);
  dataset.classes = 10;
  dataset.train_pixels = summarize_pixels(dataset.train);
  dataset.test_pixels = summarize_pixels(dataset.test);
  return dataset;
}

std::vector<std::string> warnings_of(
    const ImageSet& train, const ImageSet& test,
    std::optional<Normalization> normalization = Normalization::standardize) {
  return dataset_warnings(dataset_of(train, test), "mine", normalization);
}

TEST(DatasetWarnings, AreNoneForMnistOrImagesLikeIt) {
  const Dataset mnist = load_dataset(shipped_mnist());
  for (const Normalization each : {Normalization::standardize, Normalization::unit,
                                   Normalization::dataset, Normalization::none}) {
    EXPECT_THAT(dataset_warnings(mnist, "mnist", each), IsEmpty());
  }
  EXPECT_THAT(warnings_of(squares(0, 250), squares(0, 250)), IsEmpty());
}

TEST(DatasetWarnings, SayWhereMeanOrSdAreFarFromTheConstantsUsed) {
  // Fashion-MNIST's 0.2860 and 0.3530 are far, KMNIST's 0.1918 and 0.3483 are not.
  Dataset dataset = dataset_of(squares(0, 250), squares(0, 250));
  const auto warnings_with = [&](PixelStatistics statistics, Normalization normalization) {
    dataset.train_pixels.statistics = statistics;
    dataset.test_pixels.statistics = statistics;
    return dataset_warnings(dataset, "mine", normalization);
  };
  EXPECT_THAT(warnings_with({0.2860, 0.3530}, Normalization::standardize),
              ElementsAre(AllOf(HasSubstr("0.2860"), HasSubstr("0.3530"), HasSubstr("0.1307"),
                                HasSubstr("data.normalization=dataset"))));
  EXPECT_THAT(warnings_with({0.1307, 0.2000}, Normalization::standardize),
              ElementsAre(HasSubstr("0.2000")));
  EXPECT_THAT(warnings_with({0.1918, 0.3483}, Normalization::standardize), IsEmpty());
  for (const Normalization other :
       {Normalization::unit, Normalization::dataset, Normalization::none}) {
    EXPECT_THAT(warnings_with({0.2860, 0.3530}, other), IsEmpty());
  }
}

TEST(DatasetWarnings, AdviseANormalizationOnlyWhereOneCanBeChosen) {
  EXPECT_THAT(warnings_of(squares(0, 16), squares(0, 16), Normalization::unit),
              Contains(HasSubstr("scale them, or use data.normalization=dataset")));
  EXPECT_THAT(warnings_of(squares(0, 16), squares(0, 16), std::nullopt),
              Contains(AllOf(HasSubstr("scale them"), Not(HasSubstr("data.normalization")))));
}

TEST(DatasetWarnings, SayWhereThePixelsAreNotScaledToBytes) {
  for (const Normalization normalization :
       {Normalization::standardize, Normalization::unit, Normalization::dataset}) {
    EXPECT_THAT(warnings_of(squares(0, 16), squares(0, 16), normalization),
                Contains(HasSubstr("largest pixel value of the training images is 16")));
  }
  EXPECT_THAT(warnings_of(squares(0, 127), squares(0, 127), Normalization::unit),
              Contains(HasSubstr("127")));
  EXPECT_THAT(warnings_of(squares(0, 128), squares(0, 128), Normalization::unit), IsEmpty());
}

TEST(DatasetWarnings, SayWhereTheBackgroundIsBright) {
  for (const Normalization each : {Normalization::standardize, Normalization::unit,
                                   Normalization::dataset, Normalization::none}) {
    EXPECT_THAT(warnings_of(squares(250, 0), squares(250, 0), each),
                Contains(HasSubstr("bright background")));
  }
}

TEST(DatasetWarnings, SayWhereTheBackgroundIsBrightWithinABlackFrame) {
  ImageSet framed = squares(250, 0);
  for (std::size_t i = 0; i < framed.pixels.size(); ++i) {
    const std::size_t row = i / 6 % 6;
    const std::size_t column = i % 6;
    if (row == 0 || column == 0) framed.pixels[i] = 0;
  }
  EXPECT_THAT(warnings_of(framed, framed), Contains(HasSubstr("bright background")));
  for (std::uint8_t& pixel : framed.pixels) pixel = static_cast<std::uint8_t>(250 - pixel);
  EXPECT_THAT(warnings_of(framed, framed), Not(Contains(HasSubstr("bright background"))));
}

// Inverted MNIST with a frame of one pixel, as a crop with a border has it.
TEST(DatasetWarnings, KnowInvertedDigitsInABlackFrame) {
  ImageSet inverted = load_dataset(shipped_mnist()).test;
  for (std::size_t i = 0; i < inverted.pixels.size(); ++i) {
    const std::size_t row = i / 28 % 28;
    const std::size_t column = i % 28;
    const bool frame = row == 0 || row == 27 || column == 0 || column == 27;
    inverted.pixels[i] = frame ? 0 : static_cast<std::uint8_t>(255 - inverted.pixels[i]);
  }
  EXPECT_THAT(warnings_of(inverted, inverted), Contains(HasSubstr("bright background")));
}

TEST(DatasetWarnings, SayWhereTheTestImagesLookOther) {
  EXPECT_THAT(warnings_of(squares(0, 250), squares(250, 0)),
              ElementsAre(HasSubstr("the test images have mean")));
  EXPECT_THAT(warnings_of(squares(0, 250), squares(250, 0, 20)), IsEmpty());  // chance may do that
}

TEST(DatasetWarnings, SayWhereThereIsNothingToSee) {
  EXPECT_THAT(warnings_of(squares(0, 0), squares(0, 0)),
              ElementsAre(HasSubstr("all pixels of the training images have the value 0")));
}

TEST(DatasetWarnings, CountClassesWithoutATrainingImage) {
  Dataset dataset = dataset_of(squares(0, 250), squares(0, 250));
  dataset.train.labels.back() = 200;
  dataset.classes = 201;
  const auto warnings = [&] {
    return dataset_warnings(dataset, "mine", Normalization::standardize);
  };
  EXPECT_THAT(warnings(),
              ElementsAre(AllOf(HasSubstr("up to 200"), HasSubstr("190 of the 201 classes have no"),
                                HasSubstr("the first: 10"))));
  for (std::uint8_t& label : dataset.train.labels) label = label == 0 ? 1 : label;
  dataset.train.labels.back() = 9;
  dataset.classes = 10;
  EXPECT_THAT(warnings(), ElementsAre(AllOf(HasSubstr("1 of the 10 classes has no"),
                                            HasSubstr("the first: 0"))));
}

TEST(DatasetWarnings, SayWhereThereIsOnlyOneClass) {
  Dataset dataset = dataset_of(squares(0, 250), squares(0, 250));
  dataset.classes = 2;
  dataset.train.labels.assign(dataset.train.labels.size(), 0);
  EXPECT_THAT(dataset_warnings(dataset, "mine", Normalization::standardize),
              ElementsAre(HasSubstr("has 60 images, of class 0 alone: there is nothing to")));
}

TEST(DatasetWarnings, DoubtTheNameOfADataSetWhoseChecksumsTheFilesDoNotHave) {
  const Dataset dataset = dataset_of(squares(0, 250), squares(0, 250));
  EXPECT_THAT(dataset_warnings(dataset, "fashion-mnist", Normalization::standardize),
              ElementsAre(HasSubstr("'fashion-mnist'")));
}

}  // namespace
}  // namespace mnist_bench
