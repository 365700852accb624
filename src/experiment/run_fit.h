#pragma once

#include <string>

#include "classical/keep_going.h"
#include "config/experiment.h"
#include "experiment/data_cache.h"
#include "experiment/observer.h"
#include "experiment/run.h"
#include "record/result.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// Fitting and testing at once: there is no epoch and no checkpoint. Fills in the test, times,
/// status and model of `result`, and writes the predictions.
void run_fit(const ClassicalConfig& config, const DataCache& data, const RunOptions& options,
             RunFolder& folder, Observer& observer, RunResult& result);

/// The training images in the order of their file, by which equals are told apart, whatever limit
/// chose them.
ImageSet training_images_by_index(const DataCache& data);

/// Shows how far `what` is ("fitting"), and ends it after an interrupt.
classical::KeepGoing until_interrupted(const std::string& what, Observer& observer);

}  // namespace mnist_bench
