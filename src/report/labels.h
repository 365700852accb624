#pragma once

#include <string>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// A label for each of these experiments: the name and, where several share it, the keys in which
/// those differ: "mlp optimizer.learning_rate=0.01". The same for two of the same config hash.
std::vector<std::string> labels_of(const std::vector<ExperimentConfig>& experiments);

/// "key a → b" for each key in which two experiments differ, kOutsideTheExperiment aside.
std::vector<std::string> differences_between(const ExperimentConfig& a, const ExperimentConfig& b);

}  // namespace mnist_bench
