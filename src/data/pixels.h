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

/// The affine map of a byte x to the input of a network, (x/255 − mean)/sd, by constants that are
/// configured or measured. Each engine computes it in the form that suits it. The forms differ in
/// the last bit, so each engine keeps its own: runs of earlier versions are repeated to the bit.
struct PixelScaling {
  double mean = 0.0;
  double sd = 1.0;

  /// libtorch, which scales each pixel on its own.
  [[nodiscard]] float of(std::uint8_t byte) const {
    return static_cast<float>((static_cast<double>(byte) / 255.0 - mean) / sd);
  }
  /// native: of a black pixel, to which the others add.
  [[nodiscard]] float of_zero() const { return static_cast<float>(-mean / sd); }
  /// native MLP: of(byte) is of_zero() + above_zero(byte), which is 0 of a black pixel.
  [[nodiscard]] float above_zero(std::uint8_t byte) const {
    return static_cast<float>(static_cast<double>(byte) / 255.0 / sd);
  }
  /// native CNN: of(byte) is of_zero() + byte · factor().
  [[nodiscard]] float factor() const { return static_cast<float>(1 / 255.0 / sd); }
};

/// The constants of `normalization`. `training` is of all images of the training file, whatever
/// data.train_limit selects, so that runs on more and on fewer images see the same input. Throws
/// Error(data) where it is used and its SD is 0.
PixelScaling normalization_constants(Normalization normalization,
                                     const PixelStatistics& training = {});

}  // namespace mnist_bench
