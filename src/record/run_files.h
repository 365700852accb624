#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace mnist_bench {

/// A lock on the log locks the whole folder. Every run has a log, and no run replaces the file by
/// another.
inline constexpr const char* kLogFile = "log.txt";

/// The probabilities of all classes, where a run was asked to save them.
inline constexpr const char* kProbabilitiesFile = "probabilities.npy";

/// Every file that a run writes. --force deletes these, in this order, after the evaluations.
/// If the process is killed in between, the old run is complete but for its checkpoint, or cannot
/// be resumed; the config is left to the end, to show that the files are a run's.
inline constexpr std::array kRunFiles = {
    "checkpoint.safetensors", "result.json",       "epochs.jsonl", "predictions.csv",
    kProbabilitiesFile,       "model.safetensors", "config.json",  kLogFile};

/// Whether any of them is in `folder`. An empty log does not count: locking a folder creates it.
bool holds_run(const std::filesystem::path& folder);

/// The folder of the run that writes `file`, there or not: one of kRunFiles in the folder of a run,
/// or anything in its evaluations. Links to folders are followed.
std::optional<std::filesystem::path> run_that_owns(const std::filesystem::path& file);

/// Throws Error(io) if a file has the name of one of them but is not from a run: a log of another
/// program, or any file in a folder without a config, a result or a log of a run.
void refuse_foreign_files(const std::filesystem::path& folder);

/// Deletes them and the evaluations, but only empties the log, which stays locked. Returns the
/// permissions that they had, by name. Throws Error(io).
std::map<std::string, mode_t> remove_run_files(const std::filesystem::path& folder);

}  // namespace mnist_bench
