#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/statistics.h"
#include "record/result.h"

namespace mnist_bench {

enum class MetricKind {
  share,   ///< of the test images: 0 … 1, for people in per cent
  amount,  ///< any other number
  count,   ///< exact, and decided by the model alone: in no mean over the seeds
};

/// The direction in which a metric improves.
enum class Better { higher, lower };

/// A number by which runs are judged. `--expect`, the columns of reports, comparisons and the
/// console are all derived from the table of these.
struct Metric {
  /// In `--expect`, CSV and JSON: "macro_precision".
  std::string key;
  /// For people: "macro precision".
  std::string title;
  /// Unit of the number for people: "%". Empty where it has none.
  std::string unit = {};
  /// What the number in the record's unit means.
  std::string meaning;
  MetricKind kind = MetricKind::amount;
  Better better = Better::lower;
  /// What the values lie between, in the record's unit; an end may be infinite.
  Interval range = {.low = 0.0, .high = std::numeric_limits<double>::infinity()};
  /// Digits after the point where no deviation says how many are meaningful (n = 1, SD = 0).
  int decimals = 2;
  /// Whether reports have a column for it.
  bool in_reports = true;
  /// The value of one run, in the record's unit; absent where the run lacks it. It may be infinite
  /// or NaN.
  std::optional<double> (*value)(const RunResult& run) = nullptr;
  /// Whether runs of this config have it.
  bool (*applies)(const ExperimentConfig& config) = [](const ExperimentConfig& /*config*/) {
    return true;
  };
  /// Of the test images: what an experiment must not be chosen by.
  bool of_test = false;
  /// A time: it differs between runs that are the same in all else.
  bool is_time = false;
  /// What the value is the mean of, if of the run's epochs; else null.
  SampleSummary (*over_epochs)(const RunResult& run) = nullptr;

  [[nodiscard]] bool is_share() const { return kind == MetricKind::share; }
  [[nodiscard]] bool is_count() const { return kind == MetricKind::count; }
  /// From the record's number to the one for people: 100 for a share in per cent.
  [[nodiscard]] double scale() const { return is_share() ? 100.0 : 1.0; }
  /// "accuracy [%]"
  [[nodiscard]] std::string title_with_unit() const;
  /// `value`, nothing where it is not finite.
  [[nodiscard]] std::optional<double> finite_value(const RunResult& run) const;
};

/// The part of the interval, in the record's unit, that the metric's values can reach.
Interval within_range(const Interval& interval, const Metric& metric);

/// The same of differences: those of shares end at -1 and 1, those of losses and times nowhere.
Interval within_range_of_differences(const Interval& interval, const Metric& metric);

/// A metric of each class, and the one that is its mean over the classes.
struct ClassMetric {
  const char* title;  ///< "recall"
  const char* macro;  ///< key of the mean: "macro_recall"
  double ClassMetrics::*value;
};
inline constexpr ClassMetric kClassPrecision = {"precision", "macro_precision",
                                                &ClassMetrics::precision};
inline constexpr ClassMetric kClassRecall = {"recall", "macro_recall", &ClassMetrics::recall};
inline constexpr ClassMetric kClassF1 = {"F1", "macro_f1", &ClassMetrics::f1};
inline constexpr std::array kClassMetrics = {kClassPrecision, kClassRecall, kClassF1};

/// Of the metric that experiments are compared by.
inline constexpr const char* kAccuracyKey = "accuracy";
/// Of the one that they are chosen by, where images are held back.
inline constexpr const char* kValidationKey = "validation_accuracy";

/// All of them: shares first, then loss, times and counts.
const std::vector<Metric>& metrics();

/// Those that reports have a column for, in the same order.
const std::vector<Metric>& reported_metrics();

/// The keys that `--expect` knows: all but the counts, which no run can miss.
std::vector<std::string> expectable_metrics();
/// Those of them that improve in this direction.
std::vector<std::string> expectable_metrics(Better better);

/// The one with this key; null where there is none.
const Metric* find_metric(const std::string& key);
/// The same of a key that is in the table.
const Metric& metric_of(const std::string& key);

}  // namespace mnist_bench
