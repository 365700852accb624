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

}  // namespace mnist_bench
