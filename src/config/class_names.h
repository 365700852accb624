#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mnist_bench {

/// What people call the classes of a data set, by class; empty: by their numbers.
using ClassNames = std::vector<std::string>;

/// At most this many, and of so many characters each.
inline constexpr std::size_t kMostClassNames = 256;
inline constexpr std::size_t kLongestClassName = 40;

/// "Dress", or "3" where class 3 has no name.
inline std::string class_name(const ClassNames& names, std::int64_t k) {
  const auto index = static_cast<std::size_t>(k);
  return index < names.size() ? names[index] : std::to_string(k);
}

/// "3 Dress", or "3": where the number is used as well.
inline std::string numbered_class(const ClassNames& names, std::int64_t k) {
  const auto index = static_cast<std::size_t>(k);
  return index < names.size() ? std::to_string(k) + " " + names[index] : std::to_string(k);
}

}  // namespace mnist_bench
