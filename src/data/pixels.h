#pragma once

#include <cstdint>

#include "config/experiment.h"

namespace mnist_bench {

struct ImageSet;

/// Mean and standard deviation (population) of pixels scaled to [0, 1].
struct PixelStatistics {
  double mean = 0.0;
  double sd = 0.0;
};

/// A summary of the pixels of a whole split.
struct PixelSummary {
  PixelStatistics statistics;  ///< 0 for an empty set
  std::uint8_t smallest = 0;
  std::uint8_t largest = 0;
  std::uint8_t median = 0;
};

PixelSummary summarize_pixels(const ImageSet& set);

/// Mean and deviation that `normalization` subtracts and divides by: x ↦ (x/255 − mean)/sd.
/// `training` is of all images of the training file, whatever data.train_limit selects, so that
/// runs on more and on fewer images see the same input. Throws Error(data) where it is used and its
/// SD is 0.
PixelStatistics normalization_constants(Normalization normalization,
                                        const PixelStatistics& training = {});

}  // namespace mnist_bench
