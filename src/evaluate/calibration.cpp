#include "evaluate/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"

namespace mnist_bench {
namespace {

constexpr float kMaxProbability = 1.0F + 1e-5F;  // a softmax in float32 may round beyond 1

/// How sure the model was of an image, and whether it was right.
struct Answer {
  double confidence = 0.0;
  bool right = false;
};

[[noreturn]] void fail_calibration(const std::string& cause) {
  throw Error(ExitCode::run_failed, "calibration: " + cause);
}

void check_sizes(std::size_t truth, std::size_t predicted, std::size_t probabilities,
                 std::int64_t classes) {
  if (truth != predicted) {
    fail_calibration(fmt::format("{} true classes, but {} predicted ones", truth, predicted));
  }
  if (truth == 0) fail_calibration("there are no images");
  if (classes < 1) fail_calibration(fmt::format("{} classes", classes));
  const auto row = static_cast<std::size_t>(classes);
  if (probabilities % row != 0 || probabilities / row != truth) {
    fail_calibration(fmt::format("{} probabilities, but {} images of {} classes", probabilities,
                                 truth, classes));
  }
}

void check_image(std::size_t image, std::int64_t truth, std::int64_t predicted,
                 std::span<const float> row) {
  for (const std::int64_t label : {truth, predicted}) {
    if (label < 0 || label >= std::ssize(row)) {
      fail_calibration(
          fmt::format("class {} of image {} is not in 0 … {}", label, image, row.size() - 1));
    }
  }
  for (std::size_t label = 0; label < row.size(); ++label) {
    if (row[label] >= 0.0F && row[label] <= kMaxProbability) continue;  // false for NaN
    throw Error(ExitCode::run_failed,
                fmt::format("calibration: the probability of class {} of image {} is {}, not in "
                            "0 … 1",
                            label, image, row[label]),
                "a model that has diverged computes such values: train it again with a smaller "
                "learning rate");
  }
}

double squared_error(std::span<const float> row, std::int64_t truth) {
  double sum = 0.0;
  for (std::size_t label = 0; label < row.size(); ++label) {
    const double target = static_cast<std::int64_t>(label) == truth ? 1.0 : 0.0;
    const double difference = double{row[label]} - target;
    sum += difference * difference;
  }
  return sum;
}

/// The bin of a confidence that was a float: 15 times its 24 bits are exact in a double, where
/// j / 15 is not.
std::size_t bin_of(double confidence) {
  const auto bin = static_cast<std::int64_t>(static_cast<double>(kCalibrationBins) * confidence);
  return static_cast<std::size_t>(std::min(bin, kCalibrationBins - 1));
}

std::vector<CalibrationBin> calibration_bins(const std::vector<Answer>& answers) {
  struct Sum {
    double confidence = 0.0;
    std::int64_t right = 0;
    std::int64_t samples = 0;
  };
  std::vector<Sum> sums(kCalibrationBins);
  for (const Answer& answer : answers) {
    Sum& sum = sums[bin_of(answer.confidence)];
    sum.confidence += answer.confidence;
    sum.right += answer.right ? 1 : 0;
    ++sum.samples;
  }
  std::vector<CalibrationBin> bins;
  for (const Sum& sum : sums) {
    const auto index = static_cast<double>(bins.size());
    constexpr auto kCount = static_cast<double>(kCalibrationBins);
    CalibrationBin bin{
        .lower = index / kCount, .upper = (index + 1.0) / kCount, .samples = sum.samples};
    if (sum.samples > 0) {
      const auto count = static_cast<double>(sum.samples);
      bin.confidence = sum.confidence / count;
      bin.accuracy = static_cast<double>(sum.right) / count;
    }
    bins.push_back(bin);
  }
  return bins;
}

std::vector<CoveragePoint> coverage_curve(std::vector<Answer> answers) {
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.confidence > b.confidence; });
  const std::int64_t images = std::ssize(answers);
  std::vector<CoveragePoint> curve;
  std::int64_t kept = 0;
  std::int64_t right = 0;
  for (std::int64_t step = 1; step <= kCoverageSteps; ++step) {
    const std::int64_t wanted = images_kept(step, images);
    for (; kept < wanted; ++kept) right += answers[static_cast<std::size_t>(kept)].right ? 1 : 0;
    const auto count = static_cast<double>(kept);
    curve.push_back({.coverage = count / static_cast<double>(images),
                     .threshold = answers[static_cast<std::size_t>(kept - 1)].confidence,
                     .accuracy = static_cast<double>(right) / count});
  }
  return curve;
}

}  // namespace

void set_errors(Calibration& calibration) {
  std::int64_t images = 0;
  for (const CalibrationBin& bin : calibration.bins) images += bin.samples;
  calibration.ece = 0.0;
  calibration.mce = 0.0;
  calibration.mce_samples = 0;
  for (const CalibrationBin& bin : calibration.bins) {
    if (!bin.accuracy || !bin.confidence) continue;
    const double gap = std::abs(*bin.accuracy - *bin.confidence);
    calibration.ece += gap * static_cast<double>(bin.samples) / static_cast<double>(images);
    if (gap > calibration.mce || calibration.mce_samples == 0) {
      calibration.mce = gap;
      calibration.mce_samples = bin.samples;
    }
  }
}

std::int64_t images_kept(std::int64_t step, std::int64_t images) {
  return (step * images + kCoverageSteps - 1) / kCoverageSteps;
}

Calibration calibration(std::span<const std::int64_t> truth,
                        std::span<const std::int64_t> predicted,
                        std::span<const float> probabilities, std::int64_t classes,
                        double mean_loss) {
  check_sizes(truth.size(), predicted.size(), probabilities.size(), classes);
  const auto images = static_cast<double>(truth.size());
  Calibration result;
  std::vector<Answer> answers;
  answers.reserve(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto size = static_cast<std::size_t>(classes);
    const std::span<const float> row = probabilities.subspan(i * size, size);
    check_image(i, truth[i], predicted[i], row);
    result.brier += squared_error(row, truth[i]) / images;
    answers.push_back({.confidence = double{row[static_cast<std::size_t>(predicted[i])]},
                       .right = truth[i] == predicted[i]});
  }
  result.nll = mean_loss;
  result.bins = calibration_bins(answers);
  set_errors(result);
  result.coverage = coverage_curve(std::move(answers));
  return result;
}

}  // namespace mnist_bench
