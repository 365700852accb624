#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <variant>
#include <vector>

namespace mnist_bench {

/// What a key's value may be. Each rule states it three times from the same numbers: for the reader
/// (`accepts`), for people (`describe`, in error messages and the reference) and for other programs
/// (`schema`, JSON Schema draft 2020-12).

/// A JSON integer, minimum to maximum. 3.0 and 1e3 are not integers.
struct IntegerRange {
  std::int64_t minimum;
  std::int64_t maximum;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A JSON number, from `minimum` (or above it, if `open`) to below `below` and at most `maximum`.
struct NumberRange {
  double minimum;
  bool open = false;
  double below = std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A list of two numbers of `range`, the first not above the second.
struct NumberInterval {
  NumberRange range;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  /// Two numbers in any order: a schema cannot compare them.
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A short string, of at most `max_bytes` (std::regex recurses per character), that matches
/// `pattern` (ECMAScript).
struct Text {
  std::string pattern;
  std::size_t max_bytes;
  /// The pattern for people.
  std::string description;
  /// Compiled once, since that takes far longer than a match.
  std::regex regex = std::regex(pattern);

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A path of 1 to 4,096 bytes without NUL. Where there are `placeholders` ("name"), braces may only
/// enclose one of them.
struct Path {
  std::vector<std::string> placeholders;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// One of the strings `values`.
struct Choice {
  std::vector<std::string> values;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// One of the integers `values`. 0.0 is not an integer.
struct IntegerChoice {
  std::vector<std::int64_t> values;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// 1 to `max_items` integers.
struct IntegerList {
  std::size_t max_items;
  IntegerRange item;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// true or false.
struct Boolean {
  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// An integer in `range`, or the string `word`.
struct IntegerOrWord {
  IntegerRange range;
  std::string word;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A list of layers, seen from outside; config/layer_keys.h checks the layers.
struct LayerList {
  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A list of up to `max_items` transforms, seen from outside; transform/form.h checks them.
struct TransformList {
  std::size_t max_items;
  /// What they are called, which is also the schema's definition of one: "transform".
  std::string item;
  /// How to write such a list.
  std::string example;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

/// A list of different names: 2 to `max_items`, each of 1 to `max_characters` characters, none of
/// them a control character.
struct NameList {
  std::size_t max_items;
  std::size_t max_characters;

  [[nodiscard]] bool accepts(const nlohmann::json& value) const;
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] nlohmann::ordered_json schema() const;
};

using Rule =
    std::variant<IntegerRange, NumberRange, NumberInterval, Text, Path, Choice, IntegerChoice,
                 IntegerList, Boolean, IntegerOrWord, LayerList, TransformList, NameList>;

bool accepts(const Rule& rule, const nlohmann::json& value);
std::string describe(const Rule& rule);
nlohmann::ordered_json schema(const Rule& rule);

/// How to write a refused value that `rule` would accept if whole numbers in it were not written as
/// floats: "; write 1000" for 1e3. Empty for any other.
std::string integer_advice(const Rule& rule, const nlohmann::json& value);

/// Where in a JSON value something is wrong, and what.
struct Problem {
  nlohmann::json::json_pointer where;
  std::string text;
};

}  // namespace mnist_bench
