#include "record/check_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "record/contradiction.h"

namespace mnist_bench {
namespace {

constexpr double kMaxBrier = 2.0;

std::string number(double value) { return fmt::format("{}", value); }

void require_nearly(const std::string& member, double said, double expected,
                    std::string_view source) {
  if (nearly(said, expected)) return;
  contradict("test.calibration." + member, number(said),
             fmt::format("{} {}", source, number(expected)));
}

/// A share of `samples` images is a whole number of them.
void require_whole(const std::string& member, double share, std::int64_t samples) {
  const double images = share * static_cast<double>(samples);
  if (nearly(images, std::round(images))) return;
  contradict("test.calibration." + member, number(share),
             fmt::format("of {} images that is {}", samples, number(images)));
}

void check_bin(const CalibrationBin& bin, std::size_t index) {
  const auto name = [&](std::string_view member) {
    return fmt::format("bins[{}].{}", index, member);
  };
  const auto width = 1.0 / static_cast<double>(kCalibrationBins);
  const auto lower = static_cast<double>(index) * width;
  require_nearly(name("lower"), bin.lower, lower, "the bin begins at");
  require_nearly(name("upper"), bin.upper, lower + width, "the bin ends at");
  if (!bin.confidence || !bin.accuracy) {
    if (bin.samples == 0 && !bin.confidence && !bin.accuracy) return;
    contradict("test.calibration." + name("samples"), std::to_string(bin.samples),
               "its confidence or its accuracy is null");
  }
  if (bin.samples == 0) {
    contradict("test.calibration." + name("samples"), "0", "it has a confidence and an accuracy");
  }
  require_nearly(name("confidence"), *bin.confidence,
                 std::clamp(*bin.confidence, bin.lower, bin.upper), "the bin's end is");
  require_whole(name("accuracy"), *bin.accuracy, bin.samples);
}

void check_bins(const std::vector<CalibrationBin>& bins, const ClassificationMetrics& metrics) {
  if (std::ssize(bins) != kCalibrationBins) {
    contradict("the number of test.calibration.bins", std::to_string(bins.size()),
               fmt::format("there are {}", kCalibrationBins));
  }
  std::int64_t samples = 0;
  double correct = 0;
  for (std::size_t index = 0; index < bins.size(); ++index) {
    const CalibrationBin& bin = bins[index];
    check_bin(bin, index);
    samples += std::min(bin.samples, metrics.samples + 1 - samples);
    correct += static_cast<double>(bin.samples) * bin.accuracy.value_or(0.0);
  }
  if (samples != metrics.samples) {
    contradict("the sum of test.calibration.bins[].samples", std::to_string(samples),
               fmt::format("the confusion matrix counts {}", metrics.samples));
  }
  const double right = metrics.accuracy.value_or(0.0) * static_cast<double>(samples);
  if (!nearly(correct, right)) {
    contradict("what test.calibration.bins have right", number(correct),
               fmt::format("the confusion matrix counts {}", number(right)));
  }
}

/// ECE and MCE. Of gaps that differ by rounding alone, any bin may be the one with the largest.
void check_errors(const Calibration& said) {
  Calibration computed = said;
  set_errors(computed);
  require_nearly("ece", said.ece, computed.ece, "the bins give");
  require_nearly("mce", said.mce, computed.mce, "the bins give");
  const bool is_there =
      std::any_of(said.bins.begin(), said.bins.end(), [&](const CalibrationBin& bin) {
        return bin.accuracy && bin.samples == said.mce_samples &&
               nearly(std::abs(*bin.accuracy - *bin.confidence), computed.mce);
      });
  if (is_there) return;
  contradict("test.calibration.mce_samples", std::to_string(said.mce_samples),
             fmt::format("the bin of the MCE has {}", computed.mce_samples));
}

void check_coverage(const std::vector<CoveragePoint>& curve, const ClassificationMetrics& metrics) {
  if (std::ssize(curve) != kCoverageSteps) {
    contradict("the number of test.calibration.coverage", std::to_string(curve.size()),
               fmt::format("there are {}", kCoverageSteps));
  }
  double threshold = 1.0;
  for (std::size_t index = 0; index < curve.size(); ++index) {
    const CoveragePoint& point = curve[index];
    const auto name = [&](std::string_view member) {
      return fmt::format("coverage[{}].{}", index, member);
    };
    const std::int64_t kept = images_kept(static_cast<std::int64_t>(index) + 1, metrics.samples);
    require_nearly(name("coverage"), point.coverage,
                   static_cast<double>(kept) / static_cast<double>(metrics.samples),
                   "that step keeps");
    require_whole(name("accuracy"), point.accuracy, kept);
    require_nearly(name("threshold"), point.threshold, std::min(point.threshold, threshold),
                   "the one before is");
    threshold = point.threshold;
  }
  require_nearly(fmt::format("coverage[{}].accuracy", kCoverageSteps - 1), curve.back().accuracy,
                 metrics.accuracy.value_or(0.0), "the accuracy of all images is");
}

}  // namespace

void check_calibration(const TestRecord& test) {
  if (!test.calibration) return;
  const Calibration& calibration = *test.calibration;
  check_bins(calibration.bins, test.metrics);
  check_errors(calibration);
  if (calibration.brier > kMaxBrier && !nearly(calibration.brier, kMaxBrier)) {
    contradict("test.calibration.brier", number(calibration.brier), "it is 0 … 2");
  }
  require_nearly("nll", calibration.nll, test.loss, "test.loss is");
  check_coverage(calibration.coverage, test.metrics);
}

}  // namespace mnist_bench
