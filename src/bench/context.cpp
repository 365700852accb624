#include "bench/context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "runtime/device.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

/// Absent where the system does not say, as on most virtual machines.
std::optional<bool> frequency_scaling() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::string governor;
  if (!std::getline(file, governor)) return std::nullopt;
  return governor != "performance";
}

}  // namespace

BenchContext context_now(const std::string& executable) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::optional<std::string> megahertz = cpu_info("cpu MHz");
  return {.date = utc_now(),
          .host = host.data(),
          .executable = executable,
          .build = build_info(),
          .cpu = cpu_name(),
          .cores = available_cores(),
          .mhz = megahertz ? std::optional(std::stod(*megahertz)) : std::nullopt,
          .scaling = frequency_scaling(),
          .load_average = load_averages(),
          .busy_cores = busy_cores(std::chrono::milliseconds(250))};
}

nlohmann::ordered_json to_json(const BenchContext& context) {
  using Json = nlohmann::ordered_json;
  Json json = {{"date", context.date},
               {"host_name", context.host},
               {"executable", context.executable},
               {"num_cpus", context.cores}};
  if (context.mhz) json["mhz_per_cpu"] = static_cast<std::int64_t>(*context.mhz);
  if (context.scaling) json["cpu_scaling_enabled"] = *context.scaling;
  json["caches"] = Json::array();
  json["load_avg"] = context.load_average;
  if (context.busy_cores) json["busy_cores"] = *context.busy_cores;
  json["library_version"] = context.build.version;
  json["library_build_type"] = lower_case(context.build.build_type);
  json["json_schema_version"] = 1;
  json["cpu"] = context.cpu;
  json["compiler"] = context.build.compiler;
  json["libtorch"] = context.build.libtorch;
  return json;
}

std::vector<std::string> context_warnings(const BenchContext& context,
                                          const std::vector<std::int64_t>& threads) {
  std::vector<std::string> warnings;
  const std::string& build_type = context.build.build_type;
  if (build_type != "Release") {
    warnings.push_back(
        fmt::format("this is a {} build; its times say nothing about a release", build_type));
  }
  if (context.scaling.value_or(false)) {
    warnings.emplace_back(
        "the cores' frequency follows the load (their governor is not 'performance'); times may "
        "vary with it");
  }
  constexpr double kQuiet = 0.5;
  if (context.busy_cores.value_or(0.0) > kQuiet) {
    warnings.push_back(fmt::format(
        "other work was running: {:.1f} of {} were busy before the first round; times are those of "
        "a busy machine",
        *context.busy_cores, counted(context.cores, "core")));
  }
  for (const std::int64_t count : threads) {
    if (count > context.cores) {
      warnings.push_back(fmt::format("{} threads share {} cores", count, context.cores));
    }
  }
  return warnings;
}

}  // namespace mnist_bench
