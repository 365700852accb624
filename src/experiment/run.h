#pragma once

#include <string>

#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "experiment/observer.h"
#include "record/read_result.h"
#include "record/run_folder.h"

namespace mnist_bench {

struct RunOptions {
  Existing existing = Existing::refuse;
  /// For the record: runs that share the machine with this one, and the command line.
  std::int64_t jobs = 1;
  std::string command;
  /// What errors in the config begin with, such as its file; empty: nothing.
  std::string config_origin = {};
  /// Write an epoch's files while the next one is trained: where total time counts more than an
  /// epoch's.
  bool write_async = false;
  /// Write probabilities.npy.
  bool save_probabilities = false;
};

/// One experiment from config to record: checks the world, trains, evaluates after each epoch and
/// writes the run folder. With `Existing::resume` a finished run is read back instead.
/// The previous run's data in `data` are reused where they are the same, and never change a result.
/// Returns the content of result.json, whatever the status. Throws Error if the run cannot start
/// (data, device, folder) and, once a failed record is written, for what broke the run.
StoredRun run_experiment(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
                         Observer& observer);

}  // namespace mnist_bench
