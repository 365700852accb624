#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mnist_bench {

/// What is wrong with the files of one run.
struct RunCheck {
  std::filesystem::path folder;
  /// The status of its record; "unfinished" without one, "unreadable" where it cannot be used.
  std::string status;
  /// A line each, which starts with the file's name.
  std::vector<std::string> faults = {};
};

/// Reads the files of the run in `folder` that its numbers rest on, and holds them against each
/// other: the record and config.json, epochs.jsonl, predictions.csv, model.safetensors and, where
/// there are some, checkpoint.safetensors, probabilities.npy and evaluations. What an unfinished
/// run lacks is no fault.
RunCheck verify_run(const std::filesystem::path& folder);

/// verify_run of each folder at or below `paths` that holds a run, each once and by name; a folder
/// that cannot be read has that for its fault. A run with a fault is checked again if a process
/// works on it or its record changes. Throws Error(io) for a path that is no folder.
std::vector<RunCheck> verify_runs(const std::vector<std::filesystem::path>& paths);

}  // namespace mnist_bench
