#pragma once

#include <string>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// One key in which two configs differ; a key that does not apply to a config's model is "absent".
struct KeyDifference {
  std::string key;    ///< dotted, "optimizer.learning_rate"
  std::string left;   ///< as compact JSON
  std::string right;  ///< as compact JSON
};

/// Where two experiments differ, in the order of the keys: the seed and all that config_hash()
/// covers, so not output, threads and device.
std::vector<KeyDifference> config_differences(const ExperimentConfig& left,
                                              const ExperimentConfig& right);

/// "optimizer.learning_rate: 0.001 → 0.01; seed: 1 → 2".
std::string differences_text(const std::vector<KeyDifference>& differences);

}  // namespace mnist_bench
