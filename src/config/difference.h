#pragma once

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// Whether not all of the values are the same.
template <class Value>
bool differ(const std::vector<Value>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end();
}

/// One key in which two configs differ; absent where it does not apply to a config's model.
struct KeyDifference {
  std::string key;  ///< dotted, "optimizer.learning_rate"
  std::optional<nlohmann::ordered_json> left;
  std::optional<nlohmann::ordered_json> right;
};

/// Where two runs differ, in the order of the keys: the seed and all that config_hash() covers, so
/// not kRunOnlyKeys.
std::vector<KeyDifference> config_differences(const ExperimentConfig& left,
                                              const ExperimentConfig& right);

/// All of them, as JSON: "model.type: \"mlp\" → \"cnn\"; model.hidden: [256,128] → absent".
std::string differences_text(const std::vector<KeyDifference>& differences);

/// "model.type mlp → cnn" for each key that both experiments have and in which they differ, seed
/// and name aside.
std::vector<std::string> differences_between(const ExperimentConfig& left,
                                             const ExperimentConfig& right);

/// A label for each of these experiments: the name and, where several share it, the keys in which
/// those differ: "mlp optimizer.learning_rate=0.01". A key is left out where its value is that of
/// three quarters of them or, if there is none such, null. The same for two of the same config
/// hash.
std::vector<std::string> labels_of(const std::vector<ExperimentConfig>& experiments);

/// A key that sets experiments of one name apart.
struct SweptKey {
  std::string path;  ///< "optimizer.learning_rate"
  /// By experiment, defaults included; absent: its model or optimizer lacks the key, or another key
  /// takes its place.
  std::vector<std::optional<nlohmann::ordered_json>> values;
  /// By experiment: whether namesakes whose model or optimizer has the same key differ in it.
  std::vector<bool> sets_apart;
};
/// In the order of the keys.
std::vector<SweptKey> swept_keys(const std::vector<ExperimentConfig>& experiments);

/// The order of a key's values: numbers, then lists of numbers, each by their numbers, then all
/// else by its text; null and absent last.
bool is_before(const std::optional<nlohmann::ordered_json>& a,
               const std::optional<nlohmann::ordered_json>& b);

/// A key's value for people: a string without its quotes, transforms as their SPEC.
std::string plain_text(std::string_view key, const nlohmann::ordered_json& value);

}  // namespace mnist_bench
