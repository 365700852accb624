#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

namespace mnist_bench {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

/// The value as JSON; null for what is absent or not finite.
template <class T>
nlohmann::ordered_json json_of(const T& value) {
  if constexpr (kIsOptional<T>) {
    return value ? json_of(*value) : nlohmann::ordered_json(nullptr);
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  } else {
    return value;
  }
}

}  // namespace mnist_bench
