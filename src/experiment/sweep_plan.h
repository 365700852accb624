#pragma once

#include <string>
#include <vector>

#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// A run of a sweep and its state so far.
struct PlannedRun {
  ExperimentConfig config;
  RunState state;
};

/// The plan with the state of each run. Throws Error(usage) when a folder holds a run of another
/// config, unless that is to be replaced (`force`).
std::vector<PlannedRun> planned_runs(const std::vector<ExperimentConfig>& plan, bool force);

/// A table of the runs' folders and states.
std::string plan_text(const std::vector<PlannedRun>& runs);

/// Throws, before any run, Error(data) where the data of one of them are missing or damaged, and
/// Error(usage), naming the run, where its network cannot be trained on them. Afterwards `data`
/// holds those of the first run without its limits.
void require_trainable(const std::vector<ExperimentConfig>& runs, DataCache& data);

/// Throws Error(device_unavailable) when a run asks for a device that is not there. Asked in a
/// child process: CUDA does not outlive a fork, and this process forks its workers.
void require_devices(const std::vector<ExperimentConfig>& runs);

}  // namespace mnist_bench
