#include "report/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "config/keys.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

std::string value_text(const Key& key, const ExperimentConfig& experiment) {
  const nlohmann::json value = key.get(experiment);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool has(const ExperimentConfig& experiment, const Key& key) {
  return key.applies_to(experiment);
}

/// The keys in which at least two of the experiments that have them differ, the name aside.
std::vector<const Key*> differing_keys(const std::vector<const ExperimentConfig*>& experiments) {
  std::vector<const Key*> keys;
  for (const Key& key : experiment_keys()) {
    const std::string path = key.path();
    if (path == "name" || std::find(kOutsideTheExperiment.begin(), kOutsideTheExperiment.end(),
                                    path) != kOutsideTheExperiment.end()) {
      continue;
    }
    std::set<std::string> values;
    for (const ExperimentConfig* experiment : experiments) {
      if (has(*experiment, key)) values.insert(value_text(key, *experiment));
    }
    if (values.size() > 1) keys.push_back(&key);
  }
  return keys;
}

}  // namespace

std::vector<std::string> labels_of(const std::vector<ExperimentConfig>& experiments) {
  std::vector<std::string> labels;
  for (const ExperimentConfig& experiment : experiments) {
    std::vector<const ExperimentConfig*> namesakes;
    for (const ExperimentConfig& other : experiments) {
      if (other.name == experiment.name) namesakes.push_back(&other);
    }
    std::string label = experiment.name;
    for (const Key* key : differing_keys(namesakes)) {
      if (has(experiment, *key)) {
        label += fmt::format(" {}={}", key->path(), value_text(*key, experiment));
      }
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

std::vector<std::string> differences_between(const ExperimentConfig& a, const ExperimentConfig& b) {
  std::vector<std::string> differences;
  for (const Key* key : differing_keys({&a, &b})) {
    differences.push_back(
        fmt::format("{} {} → {}", key->path(), value_text(*key, a), value_text(*key, b)));
  }
  return differences;
}

}  // namespace mnist_bench
