#pragma once

#include <optional>
#include <string>

namespace mnist_bench {

/// How a thread of libgomp, which LibTorch computes with, waits for the others, as set at the
/// start; absent: unset, it spins for milliseconds. An executable that links this sets libgomp to
/// spin briefly and then to sleep, unless its environment has one of the two variables.
struct ThreadWaiting {
  std::optional<std::string> omp_wait_policy;
  std::optional<std::string> gomp_spincount;
};
ThreadWaiting thread_waiting();

}  // namespace mnist_bench
