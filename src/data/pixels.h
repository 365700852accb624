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

/// What the pixels of a whole split look like.
struct PixelSummary {
  PixelStatistics statistics;  ///< 0 for an empty set
  std::uint8_t smallest = 0;
  std::uint8_t largest = 0;
  std::uint8_t median = 0;
};

PixelSummary summarize_pixels(const ImageSet& set);

/// Mean and deviation that `normalization` subtracts and divides by: x ↦ (x/255 − mean)/sd.
/// `training` are those of all images of the training file, whatever data.train_limit takes of
/// them, so that runs on more and on fewer images see the same input. Throws Error(data) where
/// they are asked for and their SD is 0.
PixelStatistics normalization_constants(Normalization normalization,
                                        const PixelStatistics& training = {});

}  // namespace mnist_bench
