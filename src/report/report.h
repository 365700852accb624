#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "record/read_result.h"
#include "report/groups.h"

namespace mnist_bench {

/// All that a report says, in whatever format: the one input of every renderer.
struct Report {
  std::vector<RunGroup> groups;
  /// Folders of runs without a result: still running, or killed.
  std::vector<std::filesystem::path> unfinished;
  /// Whole sentences on what limits the numbers: times that cannot be compared, builds that should
  /// not be measured, runs left out.
  std::vector<std::string> warnings;
  /// Whether the paper's tables are asked for, in the formats that have room for them.
  bool paper = false;
};

Report make_report(const StoredRuns& stored, bool paper = false);

}  // namespace mnist_bench
