#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// Value of an environment variable; absent where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The number of threads where none is given.
struct DefaultThreads {
  std::int64_t threads = 1;
  std::string decided_by;            ///< which limit is the smallest: "OMP_NUM_THREADS"
  std::vector<std::string> ignored;  ///< what looks like a limit but is none, a line each
};

/// The CPU quota of this process' cgroup in cores, the smallest of it and those above it; absent
/// where there is none. Control groups of version 2 (cpu.max) and 1 (cpu.cfs_quota_us), found as
/// /proc/self/cgroup and /proc/self/mountinfo say. `root`: the folder to take for /.
std::optional<double> cpu_quota(const std::filesystem::path& root);

/// The smallest of `cores` (in the affinity mask, at least 1), the CPU quota (rounded up),
/// OMP_NUM_THREADS (the first, if it is a list) and SLURM_CPUS_PER_TASK. Of equal ones the first
/// named here decides.
DefaultThreads default_threads(std::int64_t cores, const std::filesystem::path& root,
                               const Environment& environment);

/// The number for this process.
DefaultThreads default_threads();

}  // namespace mnist_bench
