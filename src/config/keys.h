#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"
#include "config/rule.h"

namespace mnist_bench {

/// What holds for a key that a config does not mention.
enum class IfAbsent { default_value, file_name, error };

/// One key of the experiment config. The reader, the resolved config, the JSON Schema and the
/// reference are all derived from the list of these.
struct Key {
  /// "training" of "training.epochs"; empty at the top level.
  std::string section;
  /// "epochs" of "training.epochs".
  std::string name;
  /// The `model.type` that the key belongs to; empty when it does not depend on the model.
  std::string model;
  Rule rule;
  bool nullable = false;
  IfAbsent if_absent = IfAbsent::default_value;
  std::string meaning;
  std::function<nlohmann::json(const ExperimentConfig&)> get;
  /// Takes a value that `accepts` has let through.
  std::function<void(ExperimentConfig&, const nlohmann::json&)> set;

  /// "training.epochs", as in an override.
  [[nodiscard]] std::string path() const { return section.empty() ? name : section + "." + name; }
  [[nodiscard]] bool applies_to(std::string_view type) const {
    return model.empty() || model == type;
  }
  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  /// The rule for people: "integer 1 to 1024 or null".
  [[nodiscard]] std::string allowed() const;
  /// The value in a config that does not set it, taken from the structs; for
  /// IfAbsent::default_value.
  [[nodiscard]] nlohmann::json default_value() const;
};

/// All keys in the order of the resolved config, each section in one piece and `model.type` before
/// all other keys of the model.
const std::vector<Key>& experiment_keys();

/// The values of `model.type`.
inline constexpr std::array kModelTypes = {MlpConfig::kType, CnnConfig::kType};

/// The one data set that needs no `data.directory`.
inline constexpr std::string_view kShippedDataset = "mnist";

/// Top-level string that readers ignore: it tells editors where the JSON Schema is.
inline constexpr std::string_view kSchemaKey = "$schema";

}  // namespace mnist_bench
