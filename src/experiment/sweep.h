#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "experiment/observer.h"
#include "experiment/worker.h"

namespace mnist_bench {

struct SweepOptions {
  /// Parallel workers.
  std::int64_t jobs = 1;
  /// CPU threads of each; absent: one with several jobs, the config's own with one.
  std::optional<std::int64_t> threads;
  bool fail_fast = false;
  bool force = false;
  /// The command line, for the record.
  std::string command;
  /// For each run in a worker.
  ObserverFactory worker_observer;
};

/// How the runs of one call ended; their results are in their folders.
struct SweepOutcome {
  std::set<std::string> failed;  ///< output folders of runs that failed or diverged
  bool interrupted = false;
  std::int64_t ended = 0;  ///< runs that came to an end here, however
  std::int64_t workers = 0;
  double seconds = 0.0;        ///< from the start of the first worker to the last run's end
  double train_seconds = 0.0;  ///< of all workers: training alone, of whole epochs and fits
};

/// Trains `runs` on worker processes, each in the folder that its `output` names. A run that fails
/// or a worker that dies does not affect other runs; both leave a record of status `failed`. A run
/// that another process works on is waited for: it is done if that process finishes it, otherwise
/// taken over. Each worker begins with what `data` holds. Throws Error(io) when no worker can be
/// started.
SweepOutcome run_sweep(const std::vector<ExperimentConfig>& runs, const SweepOptions& options,
                       DataCache& data, Observer& observer);

}  // namespace mnist_bench
