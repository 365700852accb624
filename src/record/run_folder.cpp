#include "record/run_folder.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/write.h"
#include "record/read_result.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

/// Every file that a run writes, and the only ones that --force deletes.
constexpr std::array kRunFiles = {"result.json", "config.json", "epochs.jsonl", "predictions.csv",
                                  "log.txt"};

bool holds_run(const std::filesystem::path& folder) {
  for (const char* name : kRunFiles) {
    if (std::filesystem::exists(folder / name)) return true;
  }
  return false;
}

void remove_run_files(const std::filesystem::path& folder) {
  for (const char* name : kRunFiles) {
    std::error_code error;
    std::filesystem::remove(folder / name, error);
    if (error) {
      throw Error(ExitCode::io,
                  fmt::format("cannot delete {}: {}", (folder / name).string(), error.message()));
    }
  }
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path path, const ExperimentConfig& config, Existing existing)
    : path_(std::move(path)) {
  create_folders(path_);
  lock_.emplace(path_);
  remove_temporary_files(path_);
  if (existing == Existing::refuse && holds_run(path_)) {
    const bool finished = std::filesystem::exists(path_ / "result.json");
    throw Error(
        ExitCode::io,
        fmt::format("{} already holds {} run", path_.string(), finished ? "a" : "an unfinished"),
        finished ? "use --resume to accept it if finished, --force to replace it, or "
                   "--output DIR for another folder"
                 : "use --resume or --force to run it again, or --output DIR for another "
                   "folder");
  }
  if (existing == Existing::resume && std::filesystem::exists(path_ / "result.json")) {
    RunResult found = read_result(path_);
    if (config_hash(found.config) != config_hash(config) || found.config.seed != config.seed) {
      throw Error(ExitCode::usage,
                  fmt::format("{} holds a run of another config or seed", path_.string()),
                  "compare its config.json; use --output DIR for another folder, or --force to "
                  "replace the run");
    }
    if (found.status == RunStatus::completed || found.status == RunStatus::diverged) {
      finished_ = std::move(found);
      return;
    }
  }
  remove_run_files(path_);
}

void RunFolder::write_config(const ExperimentConfig& config) {
  write_file_atomically(path_ / "config.json", to_json(config).dump(2) + "\n");
}

void RunFolder::write_epoch(const EpochRecord& epoch) {
  epochs_ += to_json(epoch).dump() + "\n";
  write_file_atomically(path_ / "epochs.jsonl", epochs_);
}

void RunFolder::write_predictions(const std::vector<Prediction>& predictions) {
  write_file_atomically(path_ / "predictions.csv", predictions_csv(predictions));
}

void RunFolder::write_result(const RunResult& result) {
  write_file_atomically(path_ / "result.json", to_json(result).dump(2) + "\n");
}

}  // namespace mnist_bench
