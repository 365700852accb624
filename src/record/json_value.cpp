#include "record/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/strict_json.h"

namespace mnist_bench {

JsonValue::JsonValue(const nlohmann::json& json, std::string path)
    : json_(json), path_(std::move(path)) {}

bool JsonValue::is_null() const { return json_.is_null(); }

void JsonValue::refuse(const std::string& what) const {
  throw Error(ExitCode::io, fmt::format("{} is {}; {} belongs there", path_.empty() ? "it" : path_,
                                        excerpt(json_), what));
}

std::optional<JsonValue> JsonValue::find(const char* member) const {
  if (!json_.is_object()) refuse("an object");
  const auto found = json_.find(member);
  if (found == json_.end() || found->is_null()) return std::nullopt;
  return JsonValue(*found, path_.empty() ? member : fmt::format("{}.{}", path_, member));
}

JsonValue JsonValue::at(const char* member) const {
  if (!json_.is_object()) refuse("an object");
  std::string path = path_.empty() ? member : fmt::format("{}.{}", path_, member);
  const auto found = json_.find(member);
  if (found == json_.end()) throw Error(ExitCode::io, fmt::format("it has no {}", path));
  return JsonValue(*found, std::move(path));
}

std::vector<JsonValue> JsonValue::items() const {
  if (!json_.is_array()) refuse("an array");
  std::vector<JsonValue> values;
  values.reserve(json_.size());
  for (const nlohmann::json& value : json_) {
    values.emplace_back(value, fmt::format("{}[{}]", path_, values.size()));
  }
  return values;
}

std::string JsonValue::text() const {
  if (!json_.is_string()) refuse("a string");
  return json_.get<std::string>();
}

bool JsonValue::boolean() const {
  if (!json_.is_boolean()) refuse("true or false");
  return json_.get<bool>();
}

std::int64_t JsonValue::count() const {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  // A parsed integer below 0 is signed, any other unsigned.
  if (!json_.is_number_unsigned() || json_.get<std::uint64_t>() > kLargest) {
    refuse("an integer of 0 or more");
  }
  return json_.get<std::int64_t>();
}

double JsonValue::number() const {
  if (!json_.is_number()) refuse("a number");
  return json_.get<double>();
}

double JsonValue::amount() const {
  const double value = number();
  if (value < 0.0) refuse("a number of 0 or more");
  return value;
}

double JsonValue::share() const {
  const double value = number();
  if (value < 0.0 || value > 1.0) refuse("a number of 0 to 1");
  return value;
}

std::string JsonValue::hash() const {
  std::string value = text();
  if (!is_sha256(value)) refuse("a SHA-256 of 64 hexadecimal digits");
  return value;
}

std::vector<std::int64_t> JsonValue::counts() const {
  std::vector<std::int64_t> values;
  for (const JsonValue& value : items()) values.push_back(value.count());
  return values;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

nlohmann::json parse_record_json(std::string_view text) {
  try {
    return parse_strict_json(text, /*origin=*/"", /*comments=*/false);
  } catch (const Error& error) {
    throw Error(ExitCode::io, error.what());
  }
}

}  // namespace mnist_bench
