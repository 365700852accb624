#include "record/run_folder.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/difference.h"
#include "config/read.h"
#include "config/write.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

/// Every file that a run writes, and the only ones that --force deletes. In this order: whenever it
/// is killed, the old run is whole but for its checkpoint, or there is nothing of it to go on from.
constexpr std::array kRunFiles = {
    "checkpoint.safetensors", "result.json",       "config.json", "epochs.jsonl",
    "predictions.csv",        "model.safetensors", "log.txt"};

constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;
constexpr std::size_t kLargestCheckpoint = std::size_t{8} << 30U;

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

void require_same_experiment(const std::filesystem::path& folder, const ExperimentConfig& found,
                             const ExperimentConfig& config) {
  const auto differences = config_differences(found, config);
  if (differences.empty()) return;
  throw Error(ExitCode::usage,
              fmt::format("{} holds a run of another config or seed: {}", folder.string(),
                          differences_text(differences)),
              "use --output DIR for another folder, or --force to replace the run");
}

/// The config that a run was started with; absent if it never got so far.
std::optional<ExperimentConfig> find_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  return parse_experiment(read_file(file, kLargestConfig, ExitCode::io), file.string());
}

std::optional<RunResult> find_result(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder / "result.json")) return std::nullopt;
  return read_result(folder);
}

/// An unfinished run may go on in the other engine.
ExperimentConfig with_engine(ExperimentConfig config, Engine engine) {
  config.training.engine = engine;
  return config;
}

std::optional<Checkpoint> find_checkpoint(const std::filesystem::path& folder,
                                          const ExperimentConfig& config) {
  const std::filesystem::path file = folder / "checkpoint.safetensors";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const char* remedy =
      "the file is left as it is; --force trains from the start and replaces it, --output DIR "
      "takes another folder";
  try {
    Checkpoint checkpoint = parse_checkpoint(read_file(file, kLargestCheckpoint, ExitCode::io));
    if (!is_of(checkpoint, config)) throw Error(ExitCode::io, "it is of another config or seed");
    return checkpoint;
  } catch (const Error& error) {
    throw Error(ExitCode::io, fmt::format("cannot go on from {}: {}", file.string(), error.what()),
                remedy);
  }
}

}  // namespace

RunState run_state(const std::filesystem::path& folder, const ExperimentConfig& config) {
  if (!std::filesystem::is_directory(folder) || !holds_run(folder)) return {};
  if (const auto found = find_config(folder)) require_same_experiment(folder, *found, config);
  RunState state{.started = true, .in_use = is_locked(folder), .result = find_result(folder)};
  if (state.result) require_same_experiment(folder, state.result->config, config);
  return state;
}

bool RunState::final() const { return result && is_final(result->status); }

void record_failure(const ExperimentConfig& config, const std::string& error) {
  const std::filesystem::path path = output_folder(config);
  create_folders(path);
  const FolderLock lock(path);
  remove_temporary_files(path);
  if (run_state(path, config).final()) return;
  RunResult result = find_result(path).value_or(RunResult{});
  result.status = RunStatus::failed;
  result.error = error;
  result.config = config;
  write_file_atomically(path / "config.json", to_json(config).dump(2) + "\n");
  write_file_atomically(path / "result.json", result_text(result));
}

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
        finished
            ? "use --resume to accept it if finished and to go on with it if not, --force to "
              "replace it, or --output DIR for another folder"
            : "use --resume to go on with it, --force to start anew, or --output DIR for another "
              "folder");
  }
  if (existing == Existing::resume) {
    finished_ = find_result(path_);
    const bool final = finished_ && is_final(finished_->status);
    if (const auto found = finished_ ? std::optional(finished_->config) : find_config(path_)) {
      require_same_experiment(path_, *found,
                              final ? config : with_engine(config, found->training.engine));
    }
    if (final) return;
    finished_.reset();
    checkpoint_ = find_checkpoint(path_, config);
    if (checkpoint_) {
      for (const EpochRecord& epoch : checkpoint_->epochs) epochs_ += to_json(epoch).dump() + "\n";
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

void RunFolder::write_checkpoint(Checkpoint checkpoint) {
  write_file_atomically(path_ / "checkpoint.safetensors", checkpoint_bytes(std::move(checkpoint)));
}

void RunFolder::write_model(const std::vector<NamedTensor>& parameters,
                            const std::string& parameters_sha256) {
  write_file_atomically(path_ / "model.safetensors", model_bytes(parameters, parameters_sha256));
}

void RunFolder::write_predictions(const std::vector<Prediction>& predictions) {
  write_file_atomically(path_ / "predictions.csv", predictions_csv(predictions));
}

void RunFolder::write_result(const RunResult& result) {
  write_file_atomically(path_ / "result.json", result_text(result));
}

}  // namespace mnist_bench
