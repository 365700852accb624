#include "record/run_folder.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/files.h"
#include "base/sha256.h"
#include "config/difference.h"
#include "config/write.h"
#include "record/probabilities.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/run_files.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

void require_same_experiment(const std::filesystem::path& folder, const ExperimentConfig& found,
                             const ExperimentConfig& config) {
  const auto differences = config_differences(found, config);
  if (differences.empty()) return;
  throw Error(ExitCode::usage,
              fmt::format("{} holds a run of another config or seed: {}", folder.string(),
                          differences_text(differences)),
              "use --output DIR for another folder, or --force to replace the run");
}

/// The result of `read`; absent if `file` does not exist, also if another process deletes it
/// meanwhile.
template <typename Read>
auto if_there(const std::filesystem::path& file, const Read& read)
    -> std::optional<decltype(read())> {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    return read();
  } catch (const Error&) {
    if (!std::filesystem::exists(file)) return std::nullopt;
    throw;
  }
}

/// The config that a run was started with; absent if it never got so far.
std::optional<ExperimentConfig> find_config(const std::filesystem::path& folder) {
  return if_there(folder / "config.json", [&] { return read_config(folder); });
}

std::optional<RunResult> find_result(const std::filesystem::path& folder) {
  return if_there(folder / "result.json", [&] { return read_result(folder); });
}

std::optional<Checkpoint> find_checkpoint(const std::filesystem::path& folder,
                                          const ExperimentConfig& config) {
  const std::filesystem::path file = folder / "checkpoint.safetensors";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const char* remedy =
      "the file is left as it is; --force trains from the start and replaces it, --output DIR "
      "takes another folder";
  try {
    Checkpoint checkpoint = read_checkpoint(folder);
    if (!is_of(checkpoint, config)) {
      throw Error(ExitCode::io, "it belongs to another config or seed");
    }
    require_state_of(config.optimizer, checkpoint.state);
    return checkpoint;
  } catch (const Error& error) {
    throw Error(ExitCode::io, fmt::format("cannot resume from {}: {}", file.string(), error.what()),
                remedy);
  }
}

/// Calls `use`, which works in the run's folder; where its error advises to use another folder, the
/// option that chooses it is named.
auto naming_output(const auto& use) {
  try {
    return use();
  } catch (const Error& error) {
    const std::string& remedy = error.remedy();
    const bool advises = remedy.ends_with("use another") || remedy.ends_with("use another folder");
    throw Error(error.code(), error.what(), advises ? remedy + ": --output DIR" : remedy,
                error.cause());
  }
}

/// Locks the folder for this process and deletes the temporary files of a killed one.
FolderLock lock_folder(const std::filesystem::path& path) {
  create_folders(path);
  // Before the lock, which creates its file: none is created among files of another program.
  refuse_foreign_files(path);
  FolderLock lock(path, kLogFile);
  remove_temporary_files(path, kRunFiles);
  return lock;
}

FolderLock take_folder(const std::filesystem::path& path) {
  return naming_output([&] { return lock_folder(path); });
}

}  // namespace

bool is_run_in_use(const std::filesystem::path& folder) { return is_locked(folder, kLogFile); }

RunState run_state(const std::filesystem::path& folder, const ExperimentConfig& config) {
  if (!std::filesystem::is_directory(folder)) return {};
  RunState state{.started = holds_run(folder), .in_use = is_run_in_use(folder), .result = {}};
  if (!state.started) return state;
  refuse_foreign_files(folder);
  if (const auto found = find_config(folder)) require_same_experiment(folder, *found, config);
  state.result = find_result(folder);
  if (state.result) require_same_experiment(folder, state.result->config, config);
  return state;
}

bool RunState::final() const { return result && is_final(result->status); }

std::optional<RunResult> finished_run(const std::filesystem::path& folder,
                                      const ExperimentConfig& config) {
  std::optional<RunResult> result = find_result(folder);
  if (!result || !is_final(result->status)) return std::nullopt;
  require_same_experiment(folder, result->config, config);
  return result;
}

std::string result_bytes(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "result.json";
  return if_there(file, [&] { return read_file(file, kMaxResultBytes, ExitCode::io); })
      .value_or("");
}

void record_failure(const ExperimentConfig& config, const std::string& error,
                    const std::string& before) {
  const std::filesystem::path path = output_folder(config);
  const FolderLock lock = take_folder(path);
  const std::string found = result_bytes(path);
  if (!found.empty() && found != before) return;
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
  try {
    lock_ = take_folder(path_);
  } catch (const Error& error) {
    // The process that holds it may have finished the run: it unlocks the folder only after that.
    if (error.cause() == Cause::folder_in_use && existing == Existing::resume) {
      finished_ = finished_run(path_, config);
    }
    if (finished_) return;
    throw;
  }
  if (existing == Existing::refuse && holds_run(path_)) {
    const bool finished = std::filesystem::exists(path_ / "result.json");
    throw Error(
        ExitCode::io,
        fmt::format("{} already holds {} run", path_.string(), finished ? "a" : "an unfinished"),
        finished
            ? "use --resume to accept it if finished and resume it if not, --force to replace "
              "it, or --output DIR for another folder"
            : "use --resume to continue it, --force to start over, or --output DIR for another "
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
  old_permissions_ = remove_run_files(path_);
}

void RunFolder::write(const std::string& name, std::string_view bytes) {
  const auto old = old_permissions_.find(name);
  const auto permissions =
      old == old_permissions_.end() ? std::nullopt : std::optional(old->second);
  naming_output([&] { write_file_atomically(path_ / name, bytes, permissions); });
}

void RunFolder::write_config(const ExperimentConfig& config) {
  write("config.json", to_json(config).dump(2) + "\n");
}

void RunFolder::write_epochs(std::span<const EpochRecord> epochs) {
  for (const EpochRecord& epoch : epochs) epochs_ += to_json(epoch).dump() + "\n";
  write("epochs.jsonl", epochs_);
}

void RunFolder::write_checkpoint(Checkpoint checkpoint) {
  write("checkpoint.safetensors", checkpoint_bytes(std::move(checkpoint)));
}

void RunFolder::write_model(const std::vector<NamedTensor>& parameters,
                            const std::string& parameters_sha256) {
  write("model.safetensors", model_bytes(parameters, parameters_sha256));
}

std::string RunFolder::write_predictions(const std::vector<Prediction>& predictions) {
  const std::string bytes = predictions_csv(predictions);
  write("predictions.csv", bytes);
  return sha256_hex(bytes);
}

std::string RunFolder::write_probabilities(const Predictions& predictions) {
  const std::string bytes = probabilities_bytes(predictions);
  write(kProbabilitiesFile, bytes);
  return sha256_hex(bytes);
}

void RunFolder::remove_probabilities() { remove_file(path_ / kProbabilitiesFile); }

void RunFolder::write_result(const RunResult& result) { write("result.json", result_text(result)); }

}  // namespace mnist_bench
