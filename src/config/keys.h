#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "config/experiment.h"

namespace mnist_bench {

/// What applies where a config omits a key.
enum class IfAbsent { default_value, file_name, error };

/// What a key's value asks of other keys of its section.
struct Dependency {
  /// What is wrong with the key in this config; absent: nothing.
  std::function<std::optional<std::string>(const ExperimentConfig&)> problem;
  /// The same as JSON Schema of the section: "if" and "then".
  nlohmann::ordered_json when;
  nlohmann::ordered_json then;
};

/// One key of the experiment config. The reader, the resolved config, the JSON Schema and the
/// reference are all derived from the list of these.
struct Key {
  /// "training" of "training.epochs"; empty at the top level.
  std::string section;
  /// "epochs" of "training.epochs".
  std::string name;
  /// The value of its section's "type" that the key belongs to: "mlp" of the first model.hidden;
  /// empty when it belongs to all.
  std::string type;
  Rule rule;
  bool nullable = false;
  IfAbsent if_absent = IfAbsent::default_value;
  std::string meaning;
  std::function<nlohmann::ordered_json(const ExperimentConfig&)> get;
  /// Sets a value that `accepts` allows.
  std::function<void(ExperimentConfig&, const nlohmann::json&)> set;
  /// What is wrong inside a value that its rule accepts; empty where the rule says it all.
  std::function<std::optional<Problem>(const nlohmann::json&)> check = {};
  std::optional<Dependency> dependency = {};
  /// Younger than 0.1.0: where it has its default it is not part of what the experiment is, nor of
  /// its hash, so that the hashes of older configs stay.
  bool is_younger = false;
  /// Whether another key takes its place, whatever its value; empty: none ever does.
  std::function<bool(const ExperimentConfig&)> is_replaced = {};

  /// "training.epochs", as in an override.
  [[nodiscard]] std::string path() const { return section.empty() ? name : section + "." + name; }
  [[nodiscard]] bool belongs_to(std::string_view section_type) const {
    return type.empty() || type == section_type;
  }
  [[nodiscard]] bool applies_to(const ExperimentConfig& config) const;
  /// Whether it says something about the experiment: it applies, and no other key replaces it.
  [[nodiscard]] bool counts_in(const ExperimentConfig& config) const;
  /// Whether only networks have it: k-NN and SVM are not trained in steps.
  [[nodiscard]] bool is_of_networks() const;
  /// Whether its section has other types that lack the key.
  [[nodiscard]] bool depends_on_type() const;
  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  /// The rule for people: "integer 1 to 1024 or null".
  [[nodiscard]] std::string allowed() const;
  /// The value in a config that does not set it, taken from the structs; for
  /// IfAbsent::default_value.
  [[nodiscard]] nlohmann::ordered_json default_value() const;
};

/// All keys in the order of the resolved config, each section in one piece and its "type" before
/// its other keys.
const std::vector<Key>& experiment_keys();

/// The values of a section's "type", which chooses its other keys; empty where there is no such
/// key.
std::vector<std::string> section_types(std::string_view section);

/// The values of "model.type" that are no networks.
std::vector<std::string> classical_types();

/// The one data set that needs no `data.directory`.
inline constexpr std::string_view kShippedDataset = "mnist";

/// Top-level string that readers ignore: it tells editors where the JSON Schema is.
inline constexpr std::string_view kSchemaKey = "$schema";

}  // namespace mnist_bench
