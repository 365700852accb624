#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/rule.h"

namespace mnist_bench {

/// The value of a transform's key; two numbers are the ends of an interval.
using Setting = std::variant<std::int64_t, double, std::array<double, 2>>;

/// One setting of a kind of transform: "degrees" of "rotate".
struct TransformKey {
  std::string name;
  Rule rule;
  /// Absent: it has to be given.
  std::optional<Setting> default_value = std::nullopt;
  std::string meaning;
};

/// How a kind of transform is written. Reading, writing, schema and reference follow from it.
struct TransformForm {
  std::string_view type;
  std::string meaning;
  std::vector<TransformKey> keys;
};

/// The forms of a list of kinds.
template <class Kind>
std::vector<const TransformForm*> forms_of(const std::vector<Kind>& kinds) {
  std::vector<const TransformForm*> forms;
  for (const Kind& kind : kinds) forms.push_back(&kind);
  return forms;
}

/// What is wrong with a list of transforms that have one of these forms, and where in it.
std::optional<Problem> problem_in_list(const nlohmann::json& list,
                                       const std::vector<const TransformForm*>& forms);

/// All settings of a transform without a problem, in the order of the form's keys, and the reverse.
std::vector<Setting> settings_from(const nlohmann::json& transform, const TransformForm& form);
nlohmann::ordered_json json_from(const std::vector<Setting>& settings, const TransformForm& form);

/// "rotate:degrees=15", without settings at their default.
std::string spec_from(const std::vector<Setting>& settings, const TransformForm& form);

}  // namespace mnist_bench
