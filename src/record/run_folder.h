#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "record/result.h"

namespace mnist_bench {

/// What to do when a run folder already holds a run.
enum class Existing {
  refuse,   ///< the default: nothing is overwritten
  resume,   ///< a finished run counts as done, an unfinished one is run again
  replace,  ///< --force: the old run's files are deleted
};

/// A run folder, held by this process alone for as long as the object lives. Every file in it is
/// written atomically.
class RunFolder {
 public:
  /// Creates or takes over `path`. Throws Error(io) when another process holds it or, under
  /// `Existing::refuse`, when it holds a run; Error(usage) when `Existing::resume` meets a run of
  /// another config or seed. The old run's files are gone afterwards, unless it is `finished()`.
  RunFolder(std::filesystem::path path, const ExperimentConfig& config, Existing existing);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path log_file() const { return path_ / "log.txt"; }

  /// The finished (completed or diverged) run found under `Existing::resume`; the folder is then
  /// left as it is.
  [[nodiscard]] const std::optional<RunResult>& finished() const { return finished_; }

  void write_config(const ExperimentConfig& config);
  /// Adds a line to epochs.jsonl.
  void write_epoch(const EpochRecord& epoch);
  void write_predictions(const std::vector<Prediction>& predictions);
  void write_result(const RunResult& result);

 private:
  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
  std::optional<RunResult> finished_;
  std::string epochs_;
};

}  // namespace mnist_bench
