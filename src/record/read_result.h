#pragma once

#include <filesystem>

#include "record/result.h"

namespace mnist_bench {

/// Reads back `result.json` of a run folder. Throws Error(io) naming the file and what is missing
/// or of another schema.
RunResult read_result(const std::filesystem::path& folder);

/// All run folders at or below `path`, sorted: those that hold a result.json.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& path);

}  // namespace mnist_bench
