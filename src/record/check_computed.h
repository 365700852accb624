#pragma once

#include "record/json_value.h"
#include "record/result.h"

namespace mnist_bench {

/// Throws Error(io) for a member of `record` that is computed from others (metrics, their
/// intervals, macro averages, means, hashes) and differs from what they give. Part of check_result.
void check_computed(RunResult& result, const JsonValue& record);

}  // namespace mnist_bench
