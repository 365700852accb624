#pragma once

#include <filesystem>
#include <string>

#include "app/console.h"
#include "app/data_cache.h"
#include "config/experiment.h"
#include "record/read_result.h"
#include "record/run_folder.h"

namespace mnist_bench {

struct RunOptions {
  Existing existing = Existing::refuse;
  /// For the record: runs that share the machine with this one, and the command line.
  std::int64_t jobs = 1;
  std::string command;
  /// An epoch's files are written while the next one is trained: for where the time of all counts
  /// more than that of an epoch.
  bool write_beside = false;
};

/// One experiment from config to record: checks the world, trains, evaluates after each epoch and
/// writes the run folder. With `Existing::resume` a finished run is read back instead.
/// What `data` holds of the run before is used where it is the same, and never changes a number.
/// Returns what result.json holds, whatever the status. Throws Error when there is no run to speak
/// of (data, device, folder), or, once a failed record is written, for what broke the run.
StoredRun run_experiment(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
                         Console& console);

}  // namespace mnist_bench
