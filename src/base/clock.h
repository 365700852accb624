#pragma once

#include <chrono>

namespace mnist_bench {

/// Never goes back, also when the system's time is set.
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace mnist_bench
