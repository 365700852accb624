#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "runtime/build_info.h"

namespace mnist_bench {

/// Where and with what a benchmark ran. Absent: unknown.
struct BenchContext {
  std::string date;  ///< UTC, ISO 8601
  std::string host;
  std::string executable;
  BuildInfo build;
  std::string cpu;
  std::int64_t cores = 0;  ///< that the process may use
  std::optional<double> mhz;
  std::optional<bool> scaling;       ///< the cores' frequency is governed by load
  std::vector<double> load_average;  ///< over 1, 5 and 15 minutes, before the first round
  std::optional<double> busy_cores;  ///< with other work, just before the first round
};

BenchContext context_now(const std::string& executable);

/// As the `context` of Google Benchmark's JSON, and what that does not have.
nlohmann::ordered_json to_json(const BenchContext& context);

/// What limits the times of a benchmark with these numbers of threads: debug build, frequency
/// scaling, load, threads without a core.
std::vector<std::string> context_warnings(const BenchContext& context,
                                          const std::vector<std::int64_t>& threads);

}  // namespace mnist_bench
