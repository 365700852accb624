#pragma once

#include <string>
#include <vector>

#include "record/result.h"

namespace mnist_bench {

/// One `--expect`: "accuracy>=0.97".
struct Expectation {
  std::string metric;
  std::string comparison;  ///< ">=", "<=", ">", "<" or "=="
  double value = 0.0;
};

/// Throws Error(usage) naming what is wrong and what is allowed.
Expectation parse_expectation(const std::string& text);

/// Throws Error(usage) for a metric that runs of this config do not have.
void require_applicable(const std::vector<Expectation>& expectations,
                        const ExperimentConfig& config);

/// One sentence for each expectation that `result` misses; a metric it does not have is missed.
std::vector<std::string> missed(const std::vector<Expectation>& expectations,
                                const RunResult& result);

}  // namespace mnist_bench
