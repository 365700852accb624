#pragma once

#include <string>
#include <vector>

#include "config/experiment.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// A run of a sweep and what is there of it already.
struct PlannedRun {
  ExperimentConfig config;
  RunState state;
};

/// The plan with what is there already. Throws Error(usage) when a folder holds a run of another
/// config, unless that is to be replaced (`force`).
std::vector<PlannedRun> look_at(const std::vector<ExperimentConfig>& plan, bool force);

/// A table of the runs' folders and states.
std::string plan_text(const std::vector<PlannedRun>& runs);

/// Throws what one of the runs would throw for want of sound data (Error(data)) or of its device
/// (Error(device_unavailable)). Asked in a child process: CUDA and large blocks of memory would be
/// handed on to the workers, which are forks of this process.
void require_data_and_devices(const std::vector<ExperimentConfig>& runs);

}  // namespace mnist_bench
