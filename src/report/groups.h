#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "record/read_result.h"

namespace mnist_bench {

/// Runs of one experiment (same config hash), told apart by their seeds.
struct RunGroup {
  /// The experiment's name and, where several groups share it, the keys that set them apart.
  std::string label;
  std::string config_hash;
  std::optional<ModelSummary> model;
  std::vector<StoredRun> completed;  ///< by seed
  std::vector<StoredRun> failed;     ///< diverged, interrupted or failed; they enter no mean
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
std::vector<RunGroup> group_runs(const std::vector<StoredRun>& runs);

/// mean ± SD and n per experiment; "–" for the SD of a single run.
std::string groups_text(const std::vector<RunGroup>& groups);

/// The groups beside the paper's Tables 4 and 5, matched by model type; the first group of each.
std::string paper_text(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
