#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "record/result.h"

namespace mnist_bench {

/// Reads back `result.json` of a run folder. Throws Error(io) naming the file and what is missing
/// or of another schema.
RunResult read_result(const std::filesystem::path& folder);

/// The reverse of to_json(EpochRecord). Throws nlohmann::json::exception.
EpochRecord epoch_from_json(const nlohmann::ordered_json& json);

/// A run as it lies on disk.
struct StoredRun {
  std::filesystem::path folder;
  RunResult result;
};

struct StoredRuns {
  std::vector<StoredRun> runs;  ///< by folder
  /// Folders of runs without a result: still running, or killed.
  std::vector<std::filesystem::path> unfinished;
  /// What is wrong with the records that cannot be read, a line each that names the file.
  std::vector<std::string> unreadable = {};
};

/// All runs at or below `paths`, each folder once. Throws Error(io) for a path that is no folder.
StoredRuns read_runs(const std::vector<std::filesystem::path>& paths);

}  // namespace mnist_bench
