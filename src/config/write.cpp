#include "config/write.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/sha256.h"
#include "config/keys.h"
#include "config/run_keys.h"

namespace mnist_bench {
namespace {

void replace_all(std::string& text, std::string_view placeholder, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
}

/// The keys that count and that `is_wanted`.
template <class Predicate>
nlohmann::ordered_json object_of(const ExperimentConfig& config, const Predicate& is_wanted) {
  auto document = nlohmann::ordered_json::object();
  for (const Key& key : experiment_keys()) {
    if (!key.counts_in(config) || !is_wanted(key)) continue;
    auto& parent = key.section.empty() ? document : document[key.section];
    parent[key.name] = key.get(config);
  }
  return document;
}

}  // namespace

nlohmann::ordered_json to_json(const ExperimentConfig& config) {
  return object_of(config, [](const Key& /*key*/) { return true; });
}

nlohmann::ordered_json experiment_json(const ExperimentConfig& config) {
  return object_of(config, [&](const Key& key) {
    const bool is_left_out = key.is_younger && key.get(config) == key.default_value();
    return defines_experiment(key.path()) && !is_left_out;
  });
}

std::string config_hash(const ExperimentConfig& config) {
  const nlohmann::json sorted = experiment_json(config);
  return sha256_hex(sorted.dump());
}

std::filesystem::path output_folder(const ExperimentConfig& config) {
  std::string folder = config.output;
  replace_all(folder, "{name}", config.name);
  replace_all(folder, "{seed}", std::to_string(config.seed));
  return folder;
}

}  // namespace mnist_bench
