#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mnist_bench {

inline constexpr std::int64_t kCalibrationBins = 15;
inline constexpr std::int64_t kCoverageSteps = 10;

/// The images whose confidence lies in [lower, upper), or [lower, 1] in the last bin.
struct CalibrationBin {
  double lower = 0.0;
  double upper = 0.0;
  std::int64_t samples = 0;
  /// Means over the bin's images; absent without any.
  std::optional<double> confidence = std::nullopt;
  std::optional<double> accuracy = std::nullopt;
};

/// What a classifier that answers only where it is most confident gets right.
struct CoveragePoint {
  double coverage = 0.0;   ///< share of images kept, 0 … 1
  double threshold = 0.0;  ///< least confidence kept
  double accuracy = 0.0;   ///< of the images kept
};

/// How far the probabilities can be taken at their word.
struct Calibration {
  /// Expected calibration error (Naeini 2015; Guo 2017, eq. 3): mean over images of their bin's
  /// |accuracy − confidence|, 0 … 1.
  double ece = 0.0;
  /// Maximum calibration error (Guo 2017, eq. 5): the largest gap of a bin that is not empty.
  double mce = 0.0;
  /// The images in that bin, the lowest one where gaps are equal.
  std::int64_t mce_samples = 0;
  /// Mean over images of Σ_k (p_k − y_k)², 0 … 2 (Brier 1950).
  double brier = 0.0;
  /// Mean negative log-likelihood of the true class, in nats; not finite for a loss that is not.
  double nll = 0.0;
  /// [kCalibrationBins], of equal width, ascending.
  std::vector<CalibrationBin> bins;
  /// [kCoverageSteps]: the ⌈c·n⌉ most confident images for c = 0.1, 0.2 … 1; of equal confidences,
  /// the lower index first.
  std::vector<CoveragePoint> coverage;
};

/// Sets ece, mce and mce_samples, which follow from the bins.
void set_errors(Calibration& calibration);

/// How many images are kept at step 1 … kCoverageSteps of the curve.
std::int64_t images_kept(std::int64_t step, std::int64_t images);

/// truth, predicted: [n], each 0 … classes − 1; probabilities: [n, classes], row-major, the softmax
/// of the logits; mean_loss: their mean cross-entropy, which is the NLL. An image's confidence is
/// the probability of its predicted class. Throws Error(run_failed) for n = 0, sizes that do not
/// match, a class out of range, and a value that is no probability, such as the NaN of a model that
/// has diverged.
Calibration calibration(std::span<const std::int64_t> truth,
                        std::span<const std::int64_t> predicted,
                        std::span<const float> probabilities, std::int64_t classes,
                        double mean_loss);

}  // namespace mnist_bench
