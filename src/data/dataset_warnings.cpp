#include "data/dataset_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "data/known_datasets.h"

namespace mnist_bench {
namespace {

using Warnings = std::vector<std::string>;

/// Mean and SD are far from what is expected if they are off by more than this fraction of the
/// expected SD. KMNIST's are off by 0.20 and 0.13 of MNIST's SD, Fashion-MNIST's by 0.50 and 0.15.
constexpr double kFar = 0.25;
constexpr std::uint8_t kLeastLargest = 128;
/// Fewer test images may differ from the training images by chance.
constexpr std::int64_t kLeastTestImages = 30;

bool is_far(const PixelStatistics& found, double mean, double sd) {
  const double bound = kFar * sd;
  return std::abs(found.mean - mean) > bound || std::abs(found.sd - sd) > bound;
}

std::string mean_and_sd(const PixelStatistics& statistics) {
  return fmt::format("mean {:.4f} and SD {:.4f}", statistics.mean, statistics.sd);
}

void warn_of_classes(const Dataset& dataset, Warnings& warnings) {
  const std::vector<std::int64_t> counts = class_counts(dataset.train, dataset.classes);
  std::vector<std::size_t> present;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) present.push_back(k);
  }
  if (present.empty()) return;
  if (present.size() == 1) {
    warnings.push_back(
        fmt::format("the training set has {}, of class {} alone: there is nothing to distinguish",
                    counted(dataset.train.size(), "image"), present.front()));
    return;
  }
  const std::size_t largest = present.back();
  const auto absent = static_cast<std::size_t>(
      std::count(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(largest), 0));
  if (absent == 0) return;
  const auto first = std::find(counts.begin(), counts.end(), 0) - counts.begin();
  warnings.push_back(
      fmt::format("the training labels go up to {}, but {} of the {} classes {} no training image "
                  "(the first: {}); 'mnist-bench data info DIR' counts them",
                  largest, absent, largest + 1, singular_or_plural(absent, "has", "have"), first));
}

/// What helps where no pixel is bright.
std::string scaling_advice(std::optional<Normalization> normalization) {
  if (!normalization) return "scale them";
  return normalization == Normalization::dataset
             ? "data.normalization=dataset compensates for that, for these images only"
             : "scale them, or use data.normalization=dataset";
}

void warn_of_pixels(const Dataset& dataset, std::optional<Normalization> normalization,
                    Warnings& warnings) {
  const PixelSummary& train = dataset.train_pixels;
  const PixelStatistics& statistics = train.statistics;
  if (train.smallest == train.largest) {
    warnings.push_back(
        fmt::format("all pixels of the training images have the value {}: there is nothing to see",
                    train.largest));
    return;
  }
  const PixelScaling constants = normalization_constants(Normalization::standardize);
  if (normalization == Normalization::standardize &&
      is_far(statistics, constants.mean, constants.sd)) {
    warnings.push_back(fmt::format(
        "the training images have {}, far from MNIST's {:.4f} and {:.4f}, which "
        "data.normalization=standardize uses; data.normalization=dataset uses their own",
        mean_and_sd(statistics), constants.mean, constants.sd));
  }
  if (train.largest < kLeastLargest) {
    warnings.push_back(fmt::format(
        "the largest pixel value of the training images is {}, as if they were not scaled to "
        "0 … 255; {}",
        train.largest, scaling_advice(normalization)));
  }
  // The background is what most pixels are, wherever they are: images may have a frame.
  if (2 * train.median > train.largest) {
    warnings.push_back(fmt::format(
        "the training images have a bright background (half of their pixels are {} or more), other "
        "than MNIST's (white on black): if they are inverted, take 255 − x of each pixel",
        train.median));
  }
  if (dataset.test.size() >= kLeastTestImages &&
      is_far(dataset.test_pixels.statistics, statistics.mean, statistics.sd)) {
    warnings.push_back(
        fmt::format("the test images have {}, far from the training images' {:.4f} and {:.4f}: are "
                    "they prepared in the same way?",
                    mean_and_sd(dataset.test_pixels.statistics), statistics.mean, statistics.sd));
  }
}

}  // namespace

std::vector<std::string> dataset_warnings(const Dataset& dataset, std::string_view label,
                                          std::optional<Normalization> normalization) {
  Warnings warnings;
  warn_of_classes(dataset, warnings);
  if (!dataset.identified && is_known_dataset(label)) {
    warnings.push_back(fmt::format(
        "data.dataset says '{}', but by their checksums not all of the files belong to that data "
        "set",
        label));
  } else if (checksum_status(dataset) == ChecksumStatus::mixed) {
    warnings.emplace_back(
        "by their checksums some of the files are a known data set's and the others are not: do "
        "the images and labels belong together?");
  }
  warn_of_pixels(dataset, normalization, warnings);
  return warnings;
}

}  // namespace mnist_bench
