#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/folder_lock.h"
#include "record/checkpoint.h"
#include "record/result.h"

namespace mnist_bench {

/// What to do when a run folder already holds a run.
enum class Existing {
  refuse,   ///< the default: nothing is overwritten
  resume,   ///< a finished run counts as done, an unfinished one continues from its checkpoint
  replace,  ///< --force: the old run's files are deleted
};

/// What is known of a run from the outside.
struct RunState {
  bool started = false;  ///< there is something in the folder
  bool in_use = false;   ///< a process works on it
  std::optional<RunResult> result;

  /// Completed or diverged: nothing is left to do.
  [[nodiscard]] bool final() const;
};

/// Throws Error(usage), with the difference, when the folder holds a run of another config or seed,
/// and Error(io) when it holds files with the names of a run's that no run has left there.
RunState run_state(const std::filesystem::path& folder, const ExperimentConfig& config);

/// Whether a process works on a run in `folder`.
bool is_run_in_use(const std::filesystem::path& folder);

/// The finished (completed or diverged) run in `folder`, if there is one, read without a lock: a
/// record is whole at any time, and a finished run changes no more. Throws Error(usage), with the
/// difference, when it belongs to another config or seed, and Error(io) when the record is damaged.
std::optional<RunResult> finished_run(const std::filesystem::path& folder,
                                      const ExperimentConfig& config);

/// The record in `folder` as it is written; empty where there is none. Throws Error(io).
std::string result_bytes(const std::filesystem::path& folder);

/// Leaves a record with status `failed` in the run's folder, for a run whose process could not do
/// so itself. A final result stays as it is, and so does any record but that which was there
/// `before` the run (`result_bytes`): the run, or another process, has left that since. Throws
/// Error(io) if it cannot be written or another process holds the folder.
void record_failure(const ExperimentConfig& config, const std::string& error,
                    const std::string& before);

/// A run folder, held by this process alone for as long as the object lives. Every file in it is
/// written atomically.
class RunFolder {
 public:
  /// Creates or takes over `path`. Throws Error(io) with Cause::folder_in_use when another process
  /// holds it, and with none for a folder that holds a run (under `Existing::refuse`), or files
  /// with the names of a run's that no run has left there; Error(usage) when `Existing::resume`
  /// meets a run of another config or seed, Error(io) when it meets a damaged checkpoint; what is
  /// there is then left as it is. Afterwards the old run's files are gone, unless it is
  /// `finished()` or continues from its `checkpoint()`; the new files get the permissions of
  /// the old ones.
  RunFolder(std::filesystem::path path, const ExperimentConfig& config, Existing existing);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path log_file() const { return path_ / "log.txt"; }

  /// The finished (completed or diverged) run found under `Existing::resume`; the folder is then
  /// left as it is.
  [[nodiscard]] const std::optional<RunResult>& finished() const { return finished_; }

  /// Where an unfinished run found under `Existing::resume` continues; absent if it never got to
  /// the end of an epoch.
  [[nodiscard]] const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }

  void write_config(const ExperimentConfig& config);
  /// Adds lines to epochs.jsonl.
  void write_epochs(std::span<const EpochRecord> epochs);
  void write_checkpoint(Checkpoint checkpoint);
  void write_model(const std::vector<NamedTensor>& parameters,
                   const std::string& parameters_sha256);
  /// Returns the SHA-256 of the file.
  std::string write_predictions(const std::vector<Prediction>& predictions);
  /// The same of probabilities.npy.
  std::string write_probabilities(const Predictions& predictions);
  /// Deletes the probabilities that an earlier part of the run has saved.
  void remove_probabilities();
  void write_result(const RunResult& result);

 private:
  void write(const std::string& name, std::string_view bytes);

  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
  std::optional<RunResult> finished_;
  std::optional<Checkpoint> checkpoint_;
  std::string epochs_;
  std::map<std::string, mode_t> old_permissions_;  ///< of the old run's files, by name
};

}  // namespace mnist_bench
