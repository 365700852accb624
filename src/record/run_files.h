#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <map>
#include <string>

namespace mnist_bench {

/// The log is the file whose lock stands for the folder's: no run goes without it, and none
/// replaces it by another.
inline constexpr const char* kLogFile = "log.txt";

/// Every file that a run writes, and the only ones that --force deletes. In this order: whenever it
/// is killed, the old run is whole but for its checkpoint, or there is nothing of it to go on from,
/// and its config tells whose files they are.
inline constexpr std::array kRunFiles = {
    "checkpoint.safetensors", "result.json", "epochs.jsonl", "predictions.csv",
    "model.safetensors",      "config.json", kLogFile};

/// Whether any of them is in `folder`. An empty log is none: it is there as soon as a folder is
/// locked.
bool holds_run(const std::filesystem::path& folder);

/// Throws Error(io) where a file has the name of one of them and no run has left it there: a log of
/// another kind, or anything beside which there is neither a config nor a result nor a log of a
/// run.
void refuse_foreign_files(const std::filesystem::path& folder);

/// Deletes them, the log, which stays locked, by emptying it. Returns the permissions that they
/// had, by name. Throws Error(io).
std::map<std::string, mode_t> remove_run_files(const std::filesystem::path& folder);

}  // namespace mnist_bench
