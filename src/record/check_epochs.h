#pragma once

#include "record/result.h"

namespace mnist_bench {

/// Throws Error(io) unless the epochs are numbered, possible on the data and the device, and no
/// more than the config asks for. They need `provenance`, `data` and `model`. `first`: of the first
/// schema.
void check_epochs(const RunResult& result, bool first);

/// Throws Error(io) unless the test is that of the data, after the last epoch.
void check_test(const RunResult& result);

/// Throws Error(io) unless the times are the sums of the epochs'.
void check_timing(const RunResult& result);

}  // namespace mnist_bench
