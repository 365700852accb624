#include "record/verify_run.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/files.h"
#include "config/difference.h"
#include "config/write.h"
#include "record/evaluation.h"
#include "record/layer_tensors.h"
#include "record/probabilities.h"
#include "record/read_predictions.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/run_files.h"
#include "record/run_folder.h"
#include "record/stored_files.h"
#include "record/trained_model.h"

namespace mnist_bench {
namespace {

/// The files of one run, as far as they could be read.
struct RunFiles {
  std::filesystem::path folder;
  std::vector<std::string>& faults;
  std::optional<RunResult> result = {};
  std::optional<ExperimentConfig> config = {};
  std::optional<std::vector<EpochRecord>> epochs = {};
  std::optional<Checkpoint> checkpoint = {};

  /// Also true for a file that cannot be examined: reading it tells why.
  [[nodiscard]] bool has(const char* name) const {
    std::error_code error;
    return std::filesystem::exists(folder / name, error) || error;
  }
  /// Nothing is left to do, and nothing may be half done.
  [[nodiscard]] bool final() const { return result && is_final(result->status); }

  void fault(const char* file, const std::string& what) const {
    // Most messages of readers start with the path. It is given once.
    const std::string path = (folder / file).string();
    std::string said = what.starts_with(path) ? file + what.substr(path.size())
                                              : fmt::format("{}: {}", file, what);
    const std::size_t again = said.find(path, 1);
    if (again != std::string::npos) said.replace(again, path.size(), "it");
    faults.push_back(std::move(said));
  }

  /// Does `check`, whose error is a fault of `file`, if the file is there; where it is not, that is
  /// a fault if it is `required`.
  void check_file(const char* file, bool required, const std::function<void()>& check) const {
    if (!has(file)) {
      if (required) fault(file, "is missing");
      return;
    }
    try {
      check();
    } catch (const Error& error) {
      if (required || has(file)) fault(file, error.what());  // else deleted at this moment
    } catch (const std::bad_alloc&) {
      fault(file, "is too large for the memory of this machine");
    }
  }
};

[[noreturn]] void find_fault(const std::string& why) { throw Error(ExitCode::io, why); }

/// By the record; absent without one, or where that does not say.
std::optional<StoredValues> values_of(const RunFiles& run) {
  if (!run.result || !run.result->model || !run.result->data) return std::nullopt;
  if (!is_network(run.result->config.model)) return std::nullopt;
  return stored_values(*run.result);
}

void check_config(RunFiles& run) {
  run.config = read_config(run.folder);
  if (!run.result) return;
  ExperimentConfig config = *run.config;
  // A run may be resumed in the other engine and killed before its record says so.
  if (!run.final()) config = with_engine(config, run.result->config.training.engine);
  const auto differences = config_differences(config, run.result->config);
  if (!differences.empty()) {
    find_fault(
        fmt::format("differs from the config in result.json: {}", differences_text(differences)));
  }
  if (run.final() && to_json(config) != to_json(run.result->config)) {
    find_fault("differs from the config in result.json in output, threads or device");
  }
}

void check_checkpoint(RunFiles& run) {
  const std::optional<StoredValues> values = values_of(run);
  run.checkpoint =
      read_checkpoint(run.folder, values ? std::optional(values->checkpoint) : std::nullopt);
  const Checkpoint& checkpoint = *run.checkpoint;
  if (run.config && !is_of(checkpoint, *run.config)) find_fault("is of another config or seed");
  if (!run.result) return;
  const RunResult& result = *run.result;
  if (result.data && checkpoint.data_sha256 != data_sha256(*result.data)) {
    find_fault("is of other data than result.json");
  }
  if (result.data) {
    require_step(checkpoint, schedule_of(result.config.training, result.data->train.samples));
  }
  require_state_of(result.config.optimizer, checkpoint.state);
  if (result.model && result.data) require_tensors_of(result, stored_tensors(checkpoint.state));
  if (result.status != RunStatus::completed) return;
  if (const std::int64_t epochs = epochs_of(result); checkpoint.state.epoch != epochs) {
    find_fault(fmt::format("is of epoch {} of {}, but the run is completed", checkpoint.state.epoch,
                           epochs));
  }
  if (parameters_sha256(stored_tensors(checkpoint.state)) != result.parameters_sha256) {
    find_fault("has other parameters than result.json has the SHA-256 of");
  }
}

/// Throws for the first of the first `count` epochs that is not the same in both.
void require_same_epochs(const std::vector<EpochRecord>& a, const std::vector<EpochRecord>& b,
                         std::size_t count, const char* other) {
  for (std::size_t i = 0; i < count; ++i) {
    if (to_json(a[i]) != to_json(b[i])) {
      find_fault(fmt::format("line {} differs from epochs[{}] in {}", i + 1, i, other));
    }
  }
}

void check_epochs(RunFiles& run) {
  run.epochs = read_epochs(run.folder);
  const std::vector<EpochRecord>& epochs = *run.epochs;
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (epochs[i].epoch != static_cast<std::int64_t>(i) + 1) {
      find_fault(fmt::format("line {} is of epoch {}", i + 1, epochs[i].epoch));
    }
  }
  const std::optional<ExperimentConfig> config =
      run.result ? std::optional(run.result->config) : run.config;
  // How many there are of a number of steps depends on the data.
  if (config && !config->training.steps &&
      static_cast<std::int64_t>(epochs.size()) > config->training.epochs) {
    find_fault(
        fmt::format("has {} epochs, but the config {}", epochs.size(), config->training.epochs));
  }
  if (run.checkpoint) {
    const std::vector<EpochRecord>& saved = run.checkpoint->epochs;
    require_same_epochs(epochs, saved, std::min(epochs.size(), saved.size()),
                        "checkpoint.safetensors");
  }
  if (!run.result) return;
  const std::vector<EpochRecord>& recorded = run.result->epochs;
  // A resumed run may diverge in an earlier epoch than the one it had reached before.
  if (run.result->status == RunStatus::completed && epochs.size() != recorded.size()) {
    find_fault(fmt::format("has {} epochs, but result.json {}", epochs.size(), recorded.size()));
  }
  // A resumed run that was killed may have trained the epochs after its checkpoint again.
  const std::size_t kept = run.checkpoint ? run.checkpoint->epochs.size() : 0;
  const std::size_t count =
      std::min({epochs.size(), recorded.size(), run.final() ? epochs.size() : kept});
  require_same_epochs(epochs, recorded, count, "result.json");
}

void check_model(RunFiles& run) {
  const std::optional<StoredValues> values = values_of(run);
  const Safetensors model =
      read_sound_model(run.folder, values ? std::optional(values->model) : std::nullopt);
  if (run.checkpoint && !same_shapes(model.tensors, stored_tensors(run.checkpoint->state))) {
    find_fault("its tensors are not named and shaped as those of checkpoint.safetensors");
  }
  if (run.result && run.result->parameters_sha256) require_model_of(*run.result, model);
}

void check_probabilities(const RunFiles& run) {
  if (!run.final()) return;  // the file may be older or newer than the record
  if (!run.result->probabilities_sha256) {
    find_fault("is not this run's: result.json has no probabilities_sha256");
  }
  require_probabilities(run.folder / kProbabilitiesFile, *run.result->probabilities_sha256);
}

/// A fault for each evaluation that cannot be used, and for each file of probabilities.
void check_evaluations(const RunFiles& run) {
  if (!run.result) return;
  std::error_code unknown;
  const auto status = std::filesystem::status(run.folder / kEvaluationsFolder, unknown);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    run.fault(kEvaluationsFolder, "is a file, where a folder is expected");
  }
  const StoredEvaluations stored = read_evaluations(run.folder, *run.result);
  const auto name_of = [&](const std::filesystem::path& file) {
    return file.lexically_relative(run.folder).string();
  };
  for (const auto& [file, why] : stored.unusable) run.fault(name_of(file).c_str(), why);
  for (const auto& [file, data, evaluation] : stored.evaluations) {
    if (!evaluation.probabilities_sha256) continue;
    const std::filesystem::path probabilities = probabilities_file(file);
    try {
      require_probabilities(probabilities, *evaluation.probabilities_sha256);
    } catch (const Error& error) {
      run.fault(name_of(probabilities).c_str(), error.what());
    }
  }
}

void check_run_predictions(const RunFiles& run) {
  if (run.result) {
    read_predictions(run.folder, *run.result);
  } else {
    read_predictions(run.folder);
  }
}

}  // namespace

RunCheck verify_run(const std::filesystem::path& folder) {
  RunCheck check{.folder = folder, .status = "unfinished"};
  RunFiles run{.folder = folder, .faults = check.faults};
  run.check_file("result.json", false, [&] {
    check.status = "unreadable";
    run.result = read_result(folder);
    check.status = to_string(run.result->status);
  });
  const bool completed = run.result && run.result->status == RunStatus::completed;
  run.check_file("config.json", run.result.has_value(), [&] { check_config(run); });
  const bool is_trained = !run.config || is_network(run.config->model);
  const auto check_trained = [&](const char* file, bool required, void (*check_it)(RunFiles&)) {
    run.check_file(file, required && is_trained, [&] {
      if (!is_trained) find_fault("is not this run's: its model is not trained in epochs");
      check_it(run);
    });
  };
  check_trained("checkpoint.safetensors", false, check_checkpoint);
  check_trained("epochs.jsonl", completed, check_epochs);
  run.check_file("predictions.csv", completed, [&] { check_run_predictions(run); });
  run.check_file(kProbabilitiesFile, completed && run.result->probabilities_sha256,
                 [&] { check_probabilities(run); });
  check_trained("model.safetensors", completed, check_model);
  check_evaluations(run);
  return check;
}

namespace {

/// Distinguishes a record from the one that replaces it. Empty if there is no record.
std::string stamp_of(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return fmt::format("{} {}.{}", status.st_ino, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

/// verify_run, repeated as long as it finds faults while another process changes the files.
RunCheck verify_when_settled(const std::filesystem::path& folder) {
  constexpr int kAttempts = 10;
  constexpr std::chrono::milliseconds kPause(100);
  for (int attempt = 1;; ++attempt) {
    const std::string before = stamp_of(folder / "result.json");
    const bool was_in_use = is_run_in_use(folder);
    RunCheck check = verify_run(folder);
    if (check.faults.empty() || attempt == kAttempts) return check;
    const bool moving =
        was_in_use || is_run_in_use(folder) || stamp_of(folder / "result.json") != before;
    if (!moving) return check;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

std::vector<RunCheck> verify_runs(const std::vector<std::filesystem::path>& paths) {
  std::vector<RunCheck> checks;
  for (const auto& [folder, problem] : folders_below(paths)) {
    if (!problem.empty()) {
      checks.push_back({.folder = folder,
                        .status = "unreadable",
                        .faults = {fmt::format(".: cannot be read: {}", problem)}});
    } else if (run_presence(folder) != RunPresence::none) {
      checks.push_back(verify_when_settled(folder));
    } else if (std::filesystem::exists(folder / "checkpoint.safetensors") ||
               std::filesystem::exists(folder / "epochs.jsonl")) {
      checks.push_back({.folder = folder,
                        .status = "unreadable",
                        .faults = {"config.json: is missing", "result.json: is missing"}});
    }
  }
  return checks;
}

}  // namespace mnist_bench
