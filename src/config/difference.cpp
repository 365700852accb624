#include "config/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "config/keys.h"

namespace mnist_bench {
namespace {

/// The keys that say where and how fast an experiment runs, not what it is.
constexpr std::array kCircumstances = {"output", "threads", "device"};

}  // namespace

std::vector<KeyDifference> config_differences(const ExperimentConfig& left,
                                              const ExperimentConfig& right) {
  const auto value = [](const Key& key, const ExperimentConfig& config) {
    return key.applies_to(config) ? key.get(config).dump() : "absent";
  };
  std::vector<KeyDifference> differences;
  for (const Key& key : experiment_keys()) {
    const std::string path = key.path();
    if (std::find(kCircumstances.begin(), kCircumstances.end(), path) != kCircumstances.end()) {
      continue;
    }
    if (!key.applies_to(left) && !key.applies_to(right)) continue;
    // model.hidden is two keys, one for each model
    const std::string old_value = value(key, left);
    const std::string new_value = value(key, right);
    if (old_value != new_value) differences.push_back({path, old_value, new_value});
  }
  return differences;
}

std::string differences_text(const std::vector<KeyDifference>& differences) {
  std::string text;
  for (const KeyDifference& difference : differences) {
    text += fmt::format("{}{}: {} → {}", text.empty() ? "" : "; ", difference.key, difference.left,
                        difference.right);
  }
  return text;
}

}  // namespace mnist_bench
