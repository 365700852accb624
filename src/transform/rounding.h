#pragma once

#include <cmath>
#include <cstdint>

namespace mnist_bench {

/// p/q to the nearest integer, halves up: ⌊(2p + q)/(2q)⌋, q > 0.
constexpr std::int64_t round_half_up(std::int64_t p, std::int64_t q) {
  const std::int64_t numerator = 2 * p + q;
  const std::int64_t denominator = 2 * q;
  return numerator / denominator - (numerator % denominator < 0 ? 1 : 0);
}

/// ⌊x + ½⌋; x is far from the limits of the integers.
inline std::int64_t round_half_up(double x) {
  return static_cast<std::int64_t>(std::floor(x + 0.5));
}

}  // namespace mnist_bench
