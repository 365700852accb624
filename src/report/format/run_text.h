#pragma once

#include <string>

#include "record/result.h"

namespace mnist_bench {

/// A run's closing table: what was run, the test metrics with their uncertainty, and the confusion
/// matrix (up to 20 classes) next to recall, precision and F1 of each class.
std::string run_text(const RunResult& result);

/// The network layer by layer, in the manner of torchinfo.
std::string model_text(const ModelSummary& model);

}  // namespace mnist_bench
