#include "transform/form.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/nearest.h"
#include "base/strict_json.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::vector<std::string> key_names(const TransformForm& form) {
  std::vector<std::string> names;
  for (const TransformKey& key : form.keys) names.push_back(key.name);
  return names;
}

/// "did you mean "rotate"?", or all names where none is near.
std::string advice(const std::string& word, const std::vector<std::string>& names) {
  if (const auto close = nearest(word, names)) return fmt::format("did you mean \"{}\"?", *close);
  return names.empty() ? "it has no settings" : fmt::format("allowed: {}", fmt::join(names, ", "));
}

std::optional<Problem> problem_in_keys(const json& transform, const TransformForm& form) {
  const json::json_pointer here;
  const std::vector<std::string> names = key_names(form);
  for (const auto& item : transform.items()) {
    const std::string& name = item.key();
    if (name == "type" || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Problem{here / name, fmt::format("unknown key of \"{}\" (found {}); {}", form.type,
                                            excerpt(item.value()), advice(name, names))};
  }
  for (const TransformKey& key : form.keys) {
    if (!transform.contains(key.name)) {
      if (key.default_value) continue;
      return Problem{here / key.name, fmt::format("missing; allowed: {}", describe(key.rule))};
    }
    const json& value = transform[key.name];
    if (accepts(key.rule, value)) continue;
    return Problem{here / key.name,
                   fmt::format("found {}; allowed: {}{}", excerpt(value), describe(key.rule),
                               integer_advice(key.rule, value))};
  }
  return std::nullopt;
}

std::optional<Problem> problem_in_transform(const json& transform,
                                            const std::vector<const TransformForm*>& forms) {
  const json::json_pointer here;
  if (!transform.is_object()) {
    return Problem{here,
                   fmt::format("found {}; allowed: an object with \"type\"", excerpt(transform))};
  }
  std::vector<std::string> types;
  for (const TransformForm* form : forms) types.emplace_back(form->type);
  if (!transform.contains("type")) {
    return Problem{here / "type", fmt::format("missing; allowed: {}", fmt::join(types, ", "))};
  }
  const json& type = transform["type"];
  if (!type.is_string()) {
    return Problem{here / "type",
                   fmt::format("found {}; allowed: {}", excerpt(type), fmt::join(types, ", "))};
  }
  const auto found = std::find_if(forms.begin(), forms.end(), [&](const TransformForm* form) {
    return form->type == type.get_ref<const std::string&>();
  });
  if (found != forms.end()) return problem_in_keys(transform, **found);
  const auto name = type.get<std::string>();
  for (const TransformForm* form : forms) {
    const std::vector<std::string> keys = key_names(*form);
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) continue;
    return Problem{here / "type", fmt::format("found {0}, which is a key of \"{1}\"; write "
                                              "{{\"type\": \"{1}\", {0}: …}}",
                                              excerpt(type), form->type)};
  }
  return Problem{here / "type", fmt::format("found {}; {}", excerpt(type), advice(name, types))};
}

Setting setting_from(const json& value, const Rule& rule) {
  const auto number = [](const json& from) { return from.get<double>() + 0.0; };  // −0 is 0
  if (std::holds_alternative<NumberInterval>(rule)) {
    return std::array{number(value[0]), number(value[1])};
  }
  if (std::holds_alternative<NumberRange>(rule)) return number(value);
  return value.get<std::int64_t>();
}

}  // namespace

std::optional<Problem> problem_in_list(const json& list,
                                       const std::vector<const TransformForm*>& forms) {
  if (list.size() > kMostTransforms) {
    return Problem{json::json_pointer(),
                   fmt::format("{} transforms; allowed: at most {}", list.size(), kMostTransforms)};
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto problem = problem_in_transform(list[i], forms)) {
      problem->where = json::json_pointer() / i / problem->where;
      return problem;
    }
  }
  return std::nullopt;
}

std::vector<Setting> settings_from(const json& transform, const TransformForm& form) {
  std::vector<Setting> settings;
  for (const TransformKey& key : form.keys) {
    settings.push_back(transform.contains(key.name) ? setting_from(transform[key.name], key.rule)
                                                    : key.default_value.value());
  }
  return settings;
}

ordered_json json_from(const std::vector<Setting>& settings, const TransformForm& form) {
  ordered_json transform = {{"type", form.type}};
  for (std::size_t i = 0; i < form.keys.size(); ++i) {
    std::visit([&](const auto& setting) { transform[form.keys[i].name] = setting; },
               settings.at(i));
  }
  return transform;
}

std::string spec_from(const std::vector<Setting>& settings, const TransformForm& form) {
  std::string spec(form.type);
  char separator = ':';
  for (std::size_t i = 0; i < form.keys.size(); ++i) {
    const Setting& setting = settings.at(i);
    if (form.keys[i].default_value == setting) continue;
    spec += fmt::format(
        "{}{}={}", std::exchange(separator, ','), form.keys[i].name,
        std::visit([](const auto& value) { return fmt::format("{}", value); }, setting));
  }
  return spec;
}

}  // namespace mnist_bench
