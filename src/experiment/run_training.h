#pragma once

#include <functional>
#include <vector>

#include "experiment/data_cache.h"
#include "experiment/observer.h"
#include "experiment/run.h"
#include "record/result.h"
#include "record/run_folder.h"
#include "train/learner.h"

namespace mnist_bench {

/// Training and evaluation, from the folder's checkpoint if it has one. Fills in the epochs, test,
/// times and status of `result`, and writes each epoch as it ends, the model and the predictions.
/// `seconds_so_far`: of the whole run.
void run_training(Learner& learner, const DataCache& data, const RunOptions& options,
                  const std::function<double()>& seconds_so_far, RunFolder& folder,
                  Observer& observer, RunResult& result);

/// The rows of predictions.csv for the test set of `data`.
std::vector<Prediction> prediction_rows(const Predictions& predictions, const DataCache& data);

/// Copies the record of the epochs before `checkpoint`.
void resume_from(const Checkpoint& checkpoint, RunResult& result);

}  // namespace mnist_bench
