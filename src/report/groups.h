#pragma once

#include <string>
#include <vector>

#include "record/result.h"
#include "record/statistics.h"

namespace mnist_bench {

/// Runs of one experiment (same config hash), told apart by their seeds.
struct RunGroup {
  std::string name;
  ModelSummary model;
  std::int64_t failed = 0;  ///< runs that did not complete; they enter no mean
  /// Shares, 0 … 1, of the completed runs.
  Spread accuracy;
  Spread macro_precision;
  Spread macro_recall;
  Spread macro_f1;
  Spread loss;
  /// Mean training seconds per epoch of each run.
  Spread seconds_per_epoch;
};

/// In the order in which the experiments first appear.
std::vector<RunGroup> group_runs(const std::vector<RunResult>& runs);

/// mean ± SD and n per experiment; "–" for the SD of a single run.
std::string groups_text(const std::vector<RunGroup>& groups);

/// The groups beside the paper's Tables 4 and 5, matched by model type; the first group of each.
std::string paper_text(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
