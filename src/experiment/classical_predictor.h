#pragma once

#include <cstdint>
#include <memory>

#include "experiment/observer.h"
#include "experiment/predictor.h"
#include "record/read_result.h"

namespace mnist_bench {

/// The model of a completed run of k-NN or SVM, fitted again: such a run keeps no parameters, and
/// fitting gives the same model each time. Throws Error(data) where the training data are not those
/// of the record, Error(run_failed) where the model keeps other things than it did, and
/// Error(interrupted).
std::unique_ptr<Predictor> fit_again(const StoredRun& run, std::int64_t threads,
                                     Observer& observer);

}  // namespace mnist_bench
