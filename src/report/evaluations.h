#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "record/evaluation.h"
#include "report/groups.h"

namespace mnist_bench {

/// The evaluations of runs, by the run's folder.
using EvaluationsOfRuns = std::map<std::filesystem::path, std::vector<StoredEvaluation>>;

struct FoundEvaluations {
  EvaluationsOfRuns of_runs;
  /// What is wrong with those that cannot be used, a line each that names the file.
  std::vector<std::string> unusable;
};

/// The accuracy on the run's own test set, or training set, by the engine that trained it, which is
/// what curves, means over suites and conclusions rest on; absent for other evaluations.
std::optional<double> own_accuracy(const StoredEvaluation& stored,
                                   const std::string& data = kOwnTestSet);

/// Those in the folders of the groups' completed runs.
FoundEvaluations evaluations_of(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
