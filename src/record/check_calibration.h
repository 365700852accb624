#pragma once

#include "record/result.h"

namespace mnist_bench {

/// Throws Error(io) where the calibration contradicts itself, the confusion matrix or the loss. Of
/// the Brier score and the thresholds only the range and the order are known.
void check_calibration(const TestRecord& test);

}  // namespace mnist_bench
