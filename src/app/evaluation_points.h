#pragma once

#include <string>
#include <vector>

#include "experiment/evaluate_runs.h"

namespace mnist_bench {

/// The transforms that were named one by one with --transform, then those of the suite (empty:
/// none), each once. Throws Error(usage).
std::vector<EvaluationPoint> evaluation_points(const std::vector<std::string>& specs,
                                               const std::string& suite);

}  // namespace mnist_bench
