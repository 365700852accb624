#include "config/write.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/sha256.h"
#include "config/keys.h"

namespace mnist_bench {
namespace {

void replace_all(std::string& text, std::string_view placeholder, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
}

}  // namespace

nlohmann::ordered_json to_json(const ExperimentConfig& config) {
  auto document = nlohmann::ordered_json::object();
  for (const Key& key : experiment_keys()) {
    if (!key.applies_to(config)) continue;
    auto& parent = key.section.empty() ? document : document[key.section];
    parent[key.name] = key.get(config);
  }
  return document;
}

std::string config_hash(const ExperimentConfig& config) {
  nlohmann::json sorted = to_json(config);
  for (const std::string_view key : kOutsideTheExperiment) sorted.erase(std::string(key));
  return sha256_hex(sorted.dump());
}

std::filesystem::path output_folder(const ExperimentConfig& config) {
  std::string folder = config.output;
  replace_all(folder, "{name}", config.name);
  replace_all(folder, "{seed}", std::to_string(config.seed));
  return folder;
}

}  // namespace mnist_bench
