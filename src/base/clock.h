#pragma once

#include <chrono>

namespace mnist_bench {

/// A clock that nobody sets.
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace mnist_bench
