#include "base/rule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/escape.h"
#include "base/text.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMaxPathBytes = 4'096;

bool is_name(const json& value, std::size_t max_characters) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  // What is on one line as it is has no control characters, and none that turn text round.
  return !text.empty() && code_points(text) <= max_characters && one_line(text) == text;
}

/// The value with its whole numbers, and those in its lists, as integers.
json with_integers(json value) {
  constexpr double kLargest = 9'007'199'254'740'992;  // 2^53: all integers below are doubles
  if (value.is_array()) {
    for (json& element : value) element = with_integers(element);
  } else if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) < kLargest) {
      return static_cast<std::int64_t>(number);
    }
  }
  return value;
}

}  // namespace

bool IntegerRange::accepts(const json& value) const {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return false;
  }
  const auto integer = value.get<std::int64_t>();
  return minimum <= integer && integer <= maximum;
}

std::string IntegerRange::describe() const {
  return fmt::format("integer {} to {}", minimum, maximum);
}

ordered_json IntegerRange::schema() const {
  return {{"type", "integer"}, {"minimum", minimum}, {"maximum", maximum}};
}

bool NumberRange::accepts(const json& value) const {
  if (!value.is_number()) return false;
  const auto number = value.get<double>();
  return (open ? number > minimum : number >= minimum) && number < below && number <= maximum;
}

std::string NumberRange::describe() const {
  std::string text = fmt::format("number {} {}", open ? ">" : "≥", minimum);
  if (!std::isinf(below)) text += fmt::format(" and < {}", below);
  if (!std::isinf(maximum)) text += fmt::format(" and ≤ {}", maximum);
  return text;
}

ordered_json NumberRange::schema() const {
  ordered_json schema = {{"type", "number"}, {open ? "exclusiveMinimum" : "minimum", minimum}};
  if (!std::isinf(below)) schema["exclusiveMaximum"] = below;
  if (!std::isinf(maximum)) schema["maximum"] = maximum;
  return schema;
}

bool NumberInterval::accepts(const json& value) const {
  return value.is_array() && value.size() == 2 && range.accepts(value[0]) &&
         range.accepts(value[1]) && value[0].get<double>() <= value[1].get<double>();
}

std::string NumberInterval::describe() const {
  return fmt::format("[low, high] with low ≤ high, each a {}", range.describe());
}

ordered_json NumberInterval::schema() const {
  return {{"type", "array"}, {"minItems", 2}, {"maxItems", 2}, {"items", range.schema()}};
}

bool Text::accepts(const json& value) const {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= max_bytes && std::regex_match(text, regex);
}

std::string Text::describe() const { return description; }

ordered_json Text::schema() const {
  return {{"type", "string"}, {"maxLength", max_bytes}, {"pattern", pattern}};
}

bool Path::accepts(const json& value) const {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() || text.size() > kMaxPathBytes) return false;
  if (text.find('\0') != std::string::npos) return false;
  if (placeholders.empty()) return true;
  for (std::size_t at = 0; (at = text.find_first_of("{}", at)) != std::string::npos;) {
    const auto known = std::find_if(
        placeholders.begin(), placeholders.end(),
        [&](const auto& name) { return text.compare(at, name.size() + 2, "{" + name + "}") == 0; });
    if (known == placeholders.end()) return false;
    at += known->size() + 2;
  }
  return true;
}

std::string Path::describe() const {
  std::string path = fmt::format("path of 1 to {} bytes", kMaxPathBytes);
  if (placeholders.empty()) return path;
  return fmt::format("{}; braces only as {{{}}}", path, fmt::join(placeholders, "} and {"));
}

ordered_json Path::schema() const {
  const std::string pattern = placeholders.empty() ? R"(^[^\u0000]+$)"
                                                   : fmt::format(R"(^(\{{({})\}}|[^{{}}\u0000])+$)",
                                                                 fmt::join(placeholders, "|"));
  return {{"type", "string"}, {"maxLength", kMaxPathBytes}, {"pattern", pattern}};
}

bool Choice::accepts(const json& value) const {
  return value.is_string() && std::find(values.begin(), values.end(),
                                        value.get_ref<const std::string&>()) != values.end();
}

std::string Choice::describe() const {
  return fmt::format("\"{}\"", fmt::join(values, "\" or \""));
}

ordered_json Choice::schema() const { return {{"enum", values}}; }

bool IntegerChoice::accepts(const json& value) const {
  return value.is_number_integer() &&
         std::find(values.begin(), values.end(), value) != values.end();
}

std::string IntegerChoice::describe() const { return fmt::format("{}", fmt::join(values, " or ")); }

ordered_json IntegerChoice::schema() const { return {{"type", "integer"}, {"enum", values}}; }

bool IntegerList::accepts(const json& value) const {
  return value.is_array() && !value.empty() && value.size() <= max_items &&
         std::all_of(value.begin(), value.end(),
                     [&](const json& element) { return item.accepts(element); });
}

std::string IntegerList::describe() const {
  return fmt::format("list of 1 to {} integers, each {} to {}", max_items, item.minimum,
                     item.maximum);
}

ordered_json IntegerList::schema() const {
  return {{"type", "array"}, {"minItems", 1}, {"maxItems", max_items}, {"items", item.schema()}};
}

bool Boolean::accepts(const json& value) const { return value.is_boolean(); }

std::string Boolean::describe() const { return "true or false"; }

ordered_json Boolean::schema() const { return {{"type", "boolean"}}; }

bool IntegerOrWord::accepts(const json& value) const {
  return value == word || range.accepts(value);
}

std::string IntegerOrWord::describe() const {
  return fmt::format("{}, or \"{}\"", range.describe(), word);
}

ordered_json IntegerOrWord::schema() const {
  return {{"oneOf", {range.schema(), {{"const", word}}}}};
}

bool LayerList::accepts(const json& value) const { return value.is_array() && !value.empty(); }

std::string LayerList::describe() const { return "list of one or more layers"; }

ordered_json LayerList::schema() const {
  return {{"type", "array"}, {"minItems", 1}, {"items", {{"$ref", "#/$defs/layer"}}}};
}

bool TransformList::accepts(const json& value) const {
  return value.is_array() && value.size() <= max_items;
}

std::string TransformList::describe() const {
  return fmt::format("list of at most {} {}s", max_items, item);
}

ordered_json TransformList::schema() const {
  return {{"type", "array"}, {"maxItems", max_items}, {"items", {{"$ref", "#/$defs/" + item}}}};
}

bool NameList::accepts(const json& value) const {
  if (!value.is_array() || value.size() < 2 || value.size() > max_items) return false;
  std::set<json> different;
  return std::all_of(value.begin(), value.end(), [&](const json& name) {
    return is_name(name, max_characters) && different.insert(name).second;
  });
}

std::string NameList::describe() const {
  return fmt::format(
      "list of 2 to {} different names, each of 1 to {} characters without control characters",
      max_items, max_characters);
}

ordered_json NameList::schema() const {
  constexpr const char* kOneLine =
      R"(^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*$)";
  return {{"type", "array"},
          {"minItems", 2},
          {"maxItems", max_items},
          {"uniqueItems", true},
          {"items",
           {{"type", "string"},
            {"minLength", 1},
            {"maxLength", max_characters},
            {"pattern", kOneLine}}}};
}

bool accepts(const Rule& rule, const json& value) {
  return std::visit([&](const auto& r) { return r.accepts(value); }, rule);
}

std::string describe(const Rule& rule) {
  return std::visit([](const auto& r) { return r.describe(); }, rule);
}

std::string integer_advice(const Rule& rule, const json& value) {
  const json written = with_integers(value);
  return accepts(rule, written) ? "; write " + written.dump() : "";
}

ordered_json schema(const Rule& rule) {
  return std::visit([](const auto& r) { return r.schema(); }, rule);
}

}  // namespace mnist_bench
