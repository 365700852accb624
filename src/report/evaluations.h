#pragma once

#include <filesystem>
#include <map>
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

/// Those in the folders of the groups' completed runs.
FoundEvaluations evaluations_of(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
