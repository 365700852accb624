#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// A value of a JSON document, with the way to it. Nothing is converted: 3.9 is no integer, true no
/// number. A value of another type or beyond its range is an Error(io) that names it, as in
/// "epochs[3].train_loss is true; a number belongs there". The document must outlive it.
class JsonValue {
 public:
  explicit JsonValue(const nlohmann::json& json, std::string path = {});

  [[nodiscard]] const nlohmann::json& json() const { return json_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_null() const;

  /// A member of this object, which must be there.
  [[nodiscard]] JsonValue at(const char* member) const;
  /// The same; absent where the member is, or is null.
  [[nodiscard]] std::optional<JsonValue> find(const char* member) const;
  /// The elements of this array.
  [[nodiscard]] std::vector<JsonValue> items() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t count() const;  ///< an integer ≥ 0
  [[nodiscard]] double number() const;
  [[nodiscard]] double amount() const;     ///< a number ≥ 0
  [[nodiscard]] double share() const;      ///< a number of 0 to 1
  [[nodiscard]] std::string hash() const;  ///< 64 lower-case hexadecimal digits
  [[nodiscard]] std::vector<std::int64_t> counts() const;

  /// `getter` of a member, absent where that is absent or null.
  template <typename Value>
  [[nodiscard]] std::optional<Value> optional(const char* member,
                                              Value (JsonValue::*getter)() const) const {
    const std::optional<JsonValue> value = find(member);
    if (!value) return std::nullopt;
    return ((*value).*getter)();
  }

  /// Throws Error(io): this value, and `what` belongs there.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::json& json_;
  std::string path_;
};

/// Whether `text` is 64 lower-case hexadecimal digits.
bool is_sha256(const std::string& text);

/// parse_strict_json without comments and without a name, as Error(io).
nlohmann::json parse_record_json(std::string_view text);

}  // namespace mnist_bench
