#include "config/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "config/keys.h"
#include "config/run_keys.h"
#include "transform/augmentation.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;

std::optional<ordered_json> value_of(const Key& key, const ExperimentConfig& config) {
  return key.counts_in(config) ? std::optional(key.get(config)) : std::nullopt;
}

/// Of each experiment, whichever of the keys at `path` its model or optimizer has.
std::vector<std::optional<ordered_json>> values_at(
    const std::string& path, const std::vector<ExperimentConfig>& experiments) {
  std::vector<std::optional<ordered_json>> values(experiments.size());
  for (const Key& key : experiment_keys()) {
    if (key.path() != path) continue;
    for (std::size_t i = 0; i < experiments.size(); ++i) {
      if (auto value = value_of(key, experiments[i])) values[i] = std::move(value);
    }
  }
  return values;
}

bool is_list_of_numbers(const ordered_json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(),
                                         [](const ordered_json& each) { return each.is_number(); });
}

std::string json_text(const std::optional<ordered_json>& value) {
  return value ? value->dump() : "absent";
}

/// Whether the key distinguishes experiments, besides their names.
bool tells_apart(std::string_view path) { return path != "name" && defines_experiment(path); }

/// The keys in which at least two of the experiments that have them differ, the name aside.
std::vector<const Key*> differing_keys(const std::vector<const ExperimentConfig*>& experiments) {
  std::vector<const Key*> keys;
  for (const Key& key : experiment_keys()) {
    if (!tells_apart(key.path())) continue;
    std::vector<ordered_json> values;
    for (const ExperimentConfig* experiment : experiments) {
      if (auto value = value_of(key, *experiment)) values.push_back(*std::move(value));
    }
    if (differ(values)) keys.push_back(&key);
  }
  return keys;
}

/// The value of the key that labels leave out: that of three quarters of the experiments, else
/// null. A grid keeps its keys in the labels, even where some of its points are missing. One value
/// for each key, so that two experiments that differ have different labels.
ordered_json unsaid_value(const Key& key, const std::vector<const ExperimentConfig*>& experiments) {
  std::map<std::string, std::int64_t> having;
  for (const ExperimentConfig* experiment : experiments) {
    const auto value = value_of(key, *experiment);
    if (value && 4 * ++having[value->dump()] >= 3 * std::ssize(experiments)) return *value;
  }
  return nullptr;
}

}  // namespace

std::vector<KeyDifference> config_differences(const ExperimentConfig& left,
                                              const ExperimentConfig& right) {
  std::vector<KeyDifference> differences;
  for (const Key& key : experiment_keys()) {
    const std::string path = key.path();
    if (is_run_only(path)) continue;
    // model.hidden is two keys, one for each model
    const std::vector<std::optional<ordered_json>> values = {value_of(key, left),
                                                             value_of(key, right)};
    if (differ(values)) differences.push_back({path, values[0], values[1]});
  }
  return differences;
}

std::string differences_text(const std::vector<KeyDifference>& differences) {
  std::string text;
  for (const KeyDifference& difference : differences) {
    text += fmt::format("{}{}: {} → {}", text.empty() ? "" : "; ", difference.key,
                        json_text(difference.left), json_text(difference.right));
  }
  return text;
}

std::vector<std::string> differences_between(const ExperimentConfig& left,
                                             const ExperimentConfig& right) {
  std::vector<std::string> texts;
  for (const KeyDifference& difference : config_differences(left, right)) {
    if (!tells_apart(difference.key) || !difference.left || !difference.right) continue;
    texts.push_back(fmt::format("{} {} → {}", difference.key,
                                plain_text(difference.key, *difference.left),
                                plain_text(difference.key, *difference.right)));
  }
  return texts;
}

std::vector<std::string> labels_of(const std::vector<ExperimentConfig>& experiments) {
  std::map<std::string, std::vector<const ExperimentConfig*>> namesakes;
  for (const ExperimentConfig& experiment : experiments) {
    namesakes[experiment.name].push_back(&experiment);
  }
  std::map<std::string, std::vector<std::pair<const Key*, ordered_json>>> said;
  for (const auto& [name, group] : namesakes) {
    for (const Key* key : differing_keys(group)) {
      said[name].emplace_back(key, unsaid_value(*key, group));
    }
  }
  std::vector<std::string> labels;
  for (const ExperimentConfig& experiment : experiments) {
    std::string label = experiment.name;
    for (const auto& [key, unsaid] : said[experiment.name]) {
      const auto value = value_of(*key, experiment);
      if (value && *value != unsaid) {
        label += fmt::format(" {}={}", key->path(), plain_text(key->path(), *value));
      }
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

bool is_before(const std::optional<ordered_json>& a, const std::optional<ordered_json>& b) {
  enum Rank { number, numbers, text, none };
  const auto rank = [](const std::optional<ordered_json>& value) {
    if (!value || value->is_null()) return none;
    if (value->is_number()) return number;
    return is_list_of_numbers(*value) ? numbers : text;
  };
  if (rank(a) != rank(b)) return rank(a) < rank(b);
  if (rank(a) == none) return false;
  return rank(a) == text ? a->dump() < b->dump() : *a < *b;
}

std::string plain_text(std::string_view key, const ordered_json& value) {
  if (key == "data.transform") {
    return canonical_spec(nlohmann::json(value).get<TransformChain>());
  }
  if (key == "training.augment") return spec_of(nlohmann::json(value).get<AugmentationChain>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<SweptKey> swept_keys(const std::vector<ExperimentConfig>& experiments) {
  std::map<std::string, std::vector<const ExperimentConfig*>> namesakes;
  for (const ExperimentConfig& each : experiments) namesakes[each.name].push_back(&each);
  std::map<std::string, std::vector<const Key*>> differing;
  for (const auto& [name, configs] : namesakes) differing[name] = differing_keys(configs);
  std::vector<SweptKey> swept;
  for (const Key& key : experiment_keys()) {
    for (std::size_t i = 0; i < experiments.size(); ++i) {
      const std::vector<const Key*>& of_name = differing[experiments[i].name];
      if (std::find(of_name.begin(), of_name.end(), &key) == of_name.end()) continue;
      if (!value_of(key, experiments[i])) continue;
      // model.hidden is two keys, one for each model, and one for people.
      auto found = std::find_if(swept.begin(), swept.end(),
                                [&](const SweptKey& each) { return each.path == key.path(); });
      if (found == swept.end()) {
        found = swept.insert(
            swept.end(),
            {.path = key.path(), .values = values_at(key.path(), experiments), .sets_apart = {}});
        found->sets_apart.resize(experiments.size());
      }
      found->sets_apart[i] = true;
    }
  }
  return swept;
}

}  // namespace mnist_bench
