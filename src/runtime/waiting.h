#pragma once

#include <optional>
#include <string>

namespace mnist_bench {

/// What libgomp, whose threads LibTorch computes with, was told at the start about how a thread
/// waits for the others; absent: nothing, it spins for milliseconds. An executable that links this
/// tells libgomp to spin briefly and then to sleep, unless its environment has one of the two
/// variables.
struct ThreadWaiting {
  std::optional<std::string> omp_wait_policy;
  std::optional<std::string> gomp_spincount;
};
ThreadWaiting thread_waiting();

}  // namespace mnist_bench
