#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// A value of an enum and its name in configs and records.
template <class Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

template <class Enum, std::size_t N>
using EnumNames = std::array<EnumName<Enum>, N>;

/// Throws std::logic_error for a value that the table lacks.
template <class Enum, std::size_t N>
constexpr std::string_view enum_name(const EnumNames<Enum, N>& table, Enum value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  throw std::logic_error("a value of an enum has no name");
}

/// Absent: no value has that name.
template <class Enum, std::size_t N>
constexpr std::optional<Enum> enum_value(const EnumNames<Enum, N>& table, std::string_view name) {
  for (const auto& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

/// In the order of the table.
template <class Enum, std::size_t N>
std::vector<std::string> enum_names(const EnumNames<Enum, N>& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

}  // namespace mnist_bench
