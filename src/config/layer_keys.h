#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "config/layers.h"

namespace mnist_bench {

/// One setting of a kind of layer: "kernel" of "conv2d".
struct LayerKey {
  std::string name;
  Rule rule;
  /// The default: a value, or the value of an earlier setting. Absent and empty: each layer has to
  /// set it.
  std::optional<nlohmann::json> default_value = {};
  std::string default_key = {};
  std::string meaning;
  std::function<nlohmann::ordered_json(const layer::Kind&)> get;
  /// Sets a value without problems.
  std::function<void(layer::Kind&, const nlohmann::json&)> set;

  [[nodiscard]] bool required() const { return !default_value && default_key.empty(); }
};

/// A kind of layer with its settings. Reader, resolved config, JSON Schema and reference are all
/// derived from the list of these.
struct LayerKind {
  std::string_view type;
  std::string meaning;
  std::vector<LayerKey> keys;
  layer::Kind initial;
};

/// All alternatives of layer::Kind, in their order.
const std::vector<LayerKind>& layer_kinds();

/// "name", which every layer may have.
const Rule& layer_name_rule();

/// What is wrong with a non-empty list of layers from a config, and where in it.
std::optional<Problem> problem_in_layers(const nlohmann::json& list);

/// A layer with all its settings, defaults included, and the reverse, for one without a problem.
void to_json(nlohmann::ordered_json& value, const Layer& layer);
void from_json(const nlohmann::json& value, Layer& layer);

}  // namespace mnist_bench
