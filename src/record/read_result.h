#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "record/json_value.h"
#include "record/result.h"

namespace mnist_bench {

/// The reverse of result_text, of this version's schema and of 0.1.0's. Whatever `bytes` hold, the
/// time is linear in their number and the depth bounded. Throws Error(io), without the file's name,
/// for what is damaged, lacking, of another type or beyond its range, and for what contradicts
/// another member.
RunResult parse_result(std::string_view bytes);

/// The most bytes of a result.json: 100,000 epochs, the most of a config, take 49 MiB.
inline constexpr std::size_t kMaxResultBytes = std::size_t{64} << 20U;

/// Parses the `result.json` of a run folder, of at most kMaxResultBytes; errors name the file.
RunResult read_result(const std::filesystem::path& folder);

/// The reverse of to_json(EpochRecord). Throws Error(io).
EpochRecord epoch_from_json(const JsonValue& json);

/// A run that was read from its folder.
struct StoredRun {
  std::filesystem::path folder;
  RunResult result;
};

struct StoredRuns {
  std::vector<StoredRun> runs;  ///< by folder
  /// Folders of runs without a result: still running, or killed.
  std::vector<std::filesystem::path> unfinished;
  /// What is wrong with the records and folders that cannot be read, a line each that names it.
  std::vector<std::string> unreadable = {};
};

/// Whether a folder holds a run, and its result.
enum class RunPresence {
  none,
  unfinished,  ///< without a result: still running, or killed
  recorded,
};
RunPresence run_presence(const std::filesystem::path& folder);

/// The run in `folder`. Throws Error(io) where there is none with a result, or that is damaged.
StoredRun read_recorded_run(const std::filesystem::path& folder);

/// Throws Error(io) unless `path` is a folder, saying what it is instead.
void require_folder(
    const std::filesystem::path& path,
    const std::string& remedy = "name a run folder, or a folder that holds run folders");

struct FoundFolder {
  std::filesystem::path path;
  std::string problem;  ///< why it cannot be read; empty where it can
};

/// `paths` and all folders below them, by name. Symbolic links are followed; a folder that several
/// paths lead to is there once, by a path without links if there is one. Throws Error(io) for a
/// path that is no folder.
std::vector<FoundFolder> folders_below(const std::vector<std::filesystem::path>& paths);

/// All runs at or below `paths`, each folder once. Throws Error(io) for a path that is no folder.
StoredRuns read_runs(const std::vector<std::filesystem::path>& paths);

}  // namespace mnist_bench
