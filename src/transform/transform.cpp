#include "transform/transform.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/strict_json.h"
#include "transform/kind.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kIdentity = "identity";

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const TransformKind& kind : transform_kinds()) names.emplace_back(kind.type);
  return names;
}

std::vector<std::string> key_names(const TransformKind& kind) {
  std::vector<std::string> names;
  for (const TransformKey& key : kind.keys) names.push_back(key.name);
  return names;
}

/// "did you mean "rotate"?", or all names where none is near.
std::string advice(const std::string& word, const std::vector<std::string>& names) {
  if (const auto close = nearest(word, names)) return fmt::format("did you mean \"{}\"?", *close);
  return names.empty() ? "it has no settings" : fmt::format("allowed: {}", fmt::join(names, ", "));
}

std::optional<Problem> problem_in_keys(const json& transform, const TransformKind& kind) {
  const json::json_pointer here;
  const std::vector<std::string> names = key_names(kind);
  for (const auto& item : transform.items()) {
    const std::string& name = item.key();
    if (name == "type" || std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Problem{here / name, fmt::format("unknown key of \"{}\" (found {}); {}", kind.type,
                                            excerpt(item.value()), advice(name, names))};
  }
  for (const TransformKey& key : kind.keys) {
    if (!transform.contains(key.name)) {
      if (key.default_value) continue;
      return Problem{here / key.name, fmt::format("missing; allowed: {}", describe(key.rule))};
    }
    const json& value = transform[key.name];
    if (accepts(key.rule, value)) continue;
    return Problem{here / key.name,
                   fmt::format("found {}; allowed: {}", excerpt(value), describe(key.rule))};
  }
  return std::nullopt;
}

std::optional<Problem> problem_in_transform(const json& transform) {
  const json::json_pointer here;
  if (!transform.is_object()) {
    return Problem{here,
                   fmt::format("found {}; allowed: an object with \"type\"", excerpt(transform))};
  }
  const std::vector<std::string> types = type_names();
  if (!transform.contains("type")) {
    return Problem{here / "type", fmt::format("missing; allowed: {}", fmt::join(types, ", "))};
  }
  const json& type = transform["type"];
  if (!type.is_string()) {
    return Problem{here / "type",
                   fmt::format("found {}; allowed: {}", excerpt(type), fmt::join(types, ", "))};
  }
  const TransformKind* kind = find_transform_kind(type.get_ref<const std::string&>());
  if (kind != nullptr) return problem_in_keys(transform, *kind);
  return Problem{here / "type", fmt::format("found {}; {}", excerpt(type),
                                            advice(type.get<std::string>(), types))};
}

Setting setting_from(const json& value, const Rule& rule) {
  if (std::holds_alternative<NumberRange>(rule)) return value.get<double>() + 0.0;  // −0 is 0
  return value.get<std::int64_t>();
}

/// An integer without a loss, else a number, else the text itself, which no rule accepts.
json value_of(std::string_view text) {
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, integer);
  if (error == std::errc() && rest == end) return integer;
  const std::optional<double> number = number_in(text);
  return number && std::isfinite(*number) ? json(*number) : json(std::string(text));
}

/// Calls `use` for each of the parts of `text` between `separator`s. A '+' after '=' is a sign.
template <class Use>
void for_each_part(std::string_view text, char separator, const Use& use) {
  while (true) {
    std::size_t end = text.find(separator);
    while (separator == '+' && end != std::string_view::npos &&
           text.substr(0, end).ends_with('=')) {
      end = text.find(separator, end + 1);
    }
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

class SpecReader {
 public:
  SpecReader(std::string_view spec, std::string_view origin) : spec_(spec), origin_(origin) {}

  [[nodiscard]] json read() const {
    json list = json::array();
    for_each_part(spec_, '+', [&](std::string_view part) { list.push_back(transform_in(part)); });
    return list;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ExitCode::usage, fmt::format("{} {}: {}", origin_, escaped(spec_), problem),
                "write name:key=value,key=value and join several with '+': "
                "rotate:degrees=15+shift:dx=2");
  }

 private:
  [[nodiscard]] json transform_in(std::string_view part) const {
    const std::size_t colon = part.find(':');
    const std::string_view type = part.substr(0, colon);
    if (type.empty()) fail("a transform's name is empty");
    json transform = {{"type", std::string(type)}};
    if (colon == std::string_view::npos) return transform;
    for_each_part(part.substr(colon + 1), ',', [&](std::string_view setting) {
      const std::size_t equals = setting.find('=');
      const std::string name(setting.substr(0, equals));
      if (name.empty() || equals == std::string_view::npos) {
        fail(fmt::format("'{}' is not of the form key=value", escaped(setting)));
      }
      if (transform.contains(name)) fail(fmt::format("'{}' is given twice", escaped(name)));
      transform[name] = value_of(setting.substr(equals + 1));
    });
    return transform;
  }

  std::string_view spec_;
  std::string_view origin_;
};

}  // namespace

std::optional<Problem> problem_in_transforms(const json& list) {
  if (list.size() > kMostTransforms) {
    return Problem{json::json_pointer(),
                   fmt::format("{} transforms; allowed: at most {}", list.size(), kMostTransforms)};
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto problem = problem_in_transform(list[i])) {
      problem->where = json::json_pointer() / i / problem->where;
      return problem;
    }
  }
  return std::nullopt;
}

void from_json(const json& value, Transform& transform) {
  const TransformKind& kind = *find_transform_kind(value.at("type").get_ref<const std::string&>());
  transform = {.type = std::string(kind.type), .settings = {}};
  for (const TransformKey& key : kind.keys) {
    transform.settings.push_back(value.contains(key.name) ? setting_from(value[key.name], key.rule)
                                                          : key.default_value.value());
  }
}

void to_json(ordered_json& value, const Transform& transform) {
  const TransformKind& kind = *find_transform_kind(transform.type);
  value = {{"type", transform.type}};
  for (std::size_t i = 0; i < kind.keys.size(); ++i) {
    std::visit([&](const auto& setting) { value[kind.keys[i].name] = setting; },
               transform.settings.at(i));
  }
}

TransformChain parse_spec(std::string_view spec, std::string_view origin) {
  const SpecReader reader(spec, origin);
  const json list = reader.read();
  if (const auto problem = problem_in_transforms(list)) {
    std::string where = problem->where.empty() ? "" : problem->where.back();
    if (where == "type") where.clear();
    reader.fail(where.empty() ? problem->text : where + ": " + problem->text);
  }
  return list.get<TransformChain>();
}

std::string canonical_spec(const TransformChain& chain) {
  std::string spec;
  for (const Transform& transform : chain) {
    if (transform.type == kIdentity) continue;
    const TransformKind& kind = *find_transform_kind(transform.type);
    if (!spec.empty()) spec += '+';
    spec += transform.type;
    char separator = ':';
    for (std::size_t i = 0; i < kind.keys.size(); ++i) {
      const Setting& value = transform.settings.at(i);
      if (kind.keys[i].default_value == value) continue;
      spec += fmt::format(
          "{}{}={}", std::exchange(separator, ','), kind.keys[i].name,
          std::visit([](const auto& number) { return fmt::format("{}", number); }, value));
    }
  }
  return spec.empty() ? kIdentity : spec;
}

}  // namespace mnist_bench
