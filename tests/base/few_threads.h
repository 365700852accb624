#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace mnist_bench::test {

/// Leaves this process memory for the stacks of a few threads (of 8 MiB each, mostly). It cannot be
/// taken back: for a process that is to end.
inline void limit_memory_to_a_few_threads() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  const rlim_t bytes = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20U);
  const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) std::exit(3);
}

}  // namespace mnist_bench::test
