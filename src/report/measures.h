#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

/// One column of a report. All formats are driven by measures().
struct Measure {
  /// In CSV and JSON: "macro_precision".
  std::string key;
  /// For people: "macro precision".
  std::string title;
  /// Of the number for people, empty where it has none: "%".
  std::string unit;
  /// From the record's number to the one for people: 100 for a share in per cent.
  double scale = 1.0;
  /// A share of the test images, 0 … 1.
  bool is_share = false;
  /// Digits after the point where no deviation says how many are meaningful (n = 1, SD = 0).
  int decimals = 2;
  /// Over the group's runs; null for an exact count that the model alone decides.
  Spread RunGroup::*spread = nullptr;
  /// Of one run, in the record's unit; nothing where the run lacks it or it is not finite.
  std::optional<double> (*value)(const RunResult& run) = nullptr;

  /// "accuracy [%]"
  [[nodiscard]] std::string title_with_unit() const;
};

/// Accuracy, macro precision, recall and F1, loss, seconds per epoch, parameters, MACs.
const std::vector<Measure>& measures();
/// The one with this key.
const Measure& measure_of(const char* key);

/// The part of the interval, in the record's unit, that the measure's values can reach: shares lie
/// in 0 … 1, losses and times are not negative.
Interval within_range(const Interval& interval, const Measure& measure);

/// The same of differences: those of shares end at -1 and 1.
Interval within_range_of_differences(const Interval& interval, const Measure& measure);

/// The size of the group's test set, the smallest if its runs had several; nothing where no run
/// says.
std::optional<std::int64_t> test_images(const RunGroup& group);

}  // namespace mnist_bench
