#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/files.h"
#include "base/text.h"
#include "data/dataset.h"
#include "kernels/simd.h"
#include "runtime/build_info.h"
#include "runtime/cuda.h"
#include "runtime/default_threads.h"
#include "runtime/device.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

/// One thing that was checked. `failed`: the exit code of a run here; `warns`: there is something
/// that a run cannot use; otherwise for information.
struct Finding {
  std::string what;
  std::string found;
  std::optional<ExitCode> failed = {};
  bool warns = false;

  [[nodiscard]] const char* mark() const {
    if (failed) return "FAIL";
    return warns ? "warn" : "ok";
  }
};

Finding check_data() {
  try {
    const std::filesystem::path folder = shipped_mnist();
    const Dataset dataset = load_dataset(folder);
    const bool sound = dataset.identified == "mnist";
    return {"data",
            fmt::format("{}: {}", folder.string(),
                        sound ? "MNIST, checksums verified" : "not MNIST by its checksums"),
            sound ? std::nullopt : std::optional(ExitCode::data)};
  } catch (const Error& error) {
    return {"data", error.what(), error.code()};
  }
}

/// Writes and deletes a file where a run of the default config would put its folder.
Finding check_output() {
  std::error_code gone;
  const std::filesystem::path here = std::filesystem::current_path(gone);
  if (gone) {
    return {"output", "the current folder no longer exists: cd to one that does", ExitCode::io};
  }
  const std::filesystem::path folder =
      std::filesystem::is_directory(here / "runs") ? here / "runs" : here;
  const std::filesystem::path probe = folder / ".mnist-bench-doctor";
  try {
    write_file_atomically(probe, "");
    std::filesystem::remove(probe);
    return {"output", folder.string() + ": writable", {}};
  } catch (const Error& error) {
    return {"output", error.what(), error.code()};
  }
}

std::string device_of(std::size_t index) { return fmt::format("cuda:{}", index); }

std::string cuda_text() {
  const CudaStatus& cuda = cuda_status();
  if (cuda.devices.empty()) return fmt::format("none: {}; {}", cuda.reason, cuda.remedy);
  std::vector<std::string> devices;
  for (std::size_t i = 0; i < cuda.devices.size(); ++i) {
    devices.push_back(device_of(i) + " " + cuda.devices[i]);
  }
  const CudaVersions versions = cuda_versions();
  return fmt::format("{} (CUDA {}, cuDNN {}, driver {})", fmt::join(devices, ", "),
                     versions.cuda.value_or("unknown"), versions.cudnn.value_or("none"),
                     versions.driver.value_or("unknown"));
}

nlohmann::ordered_json to_json(const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json devices = Json::array();
  const std::vector<std::string>& names = cuda_status().devices;
  for (std::size_t i = 0; i < names.size(); ++i) {
    devices.push_back({{"device", device_of(i)}, {"name", names[i]}});
  }
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"what", finding.what},
                    {"found", finding.found},
                    {"ok", !finding.failed},
                    {"warning", finding.warns}});
  }
  return {{"schema", "mnist-bench.doctor/1"},
          {"devices", devices},
          {"auto", choose_device("auto").str()},
          {"findings", list}};
}

std::vector<Finding> examine() {
  const BuildInfo build = build_info();
  std::vector<Finding> findings;
  findings.push_back(
      {"mnist-bench",
       fmt::format("{}, {} build, {}", build.version, build.build_type, build.compiler),
       {}});
  findings.push_back({"LibTorch", build.libtorch, {}});
  findings.push_back({"CPU", cpu_name(), {}});
  findings.push_back({"SIMD in LibTorch", simd_capability(), {}});
  findings.push_back(
      {"SIMD in native", fmt::format("{}", fmt::join(kernels::simd_targets(), ", ")), {}});
  const DefaultThreads threads = default_threads();
  findings.push_back({"threads",
                      fmt::format("{}, decided by {} (available cores: {})", threads.threads,
                                  threads.decided_by, available_cores()),
                      {}});
  for (const std::string& what : threads.ignored) {
    findings.push_back({.what = "threads", .found = what, .warns = true});
  }
  findings.push_back({"allocator", allocator_name(), {}});
  findings.push_back({.what = "CUDA", .found = cuda_text(), .warns = cuda_status().idle_gpu});
  findings.push_back({"device=auto", choose_device("auto").str(), {}});
  findings.push_back(check_data());
  findings.push_back(check_output());
  return findings;
}

void doctor(bool json) {
  const std::vector<Finding> findings = examine();
  const Finding* failed = nullptr;
  std::vector<std::vector<std::string>> rows;
  for (const Finding& finding : findings) {
    if (finding.failed && failed == nullptr) failed = &finding;
    rows.push_back({finding.mark(), finding.what, finding.found});
  }
  print(json ? to_json(findings).dump(2) + "\n"
             : text_table({Align::left, Align::left, Align::left}, {"", "what", "found"}, rows));
  if (failed != nullptr) {
    throw Error(*failed->failed, fmt::format("a run here would fail: {}", failed->what),
                "the table says why");
  }
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("doctor", "What this build and this machine can do");
  command->footer(
      "\nChecks the shipped data and the current folder; the exit code is that of a run."
      "\n\nexample:\n  mnist-bench doctor");
  command->add_flag("--json", *json, "print JSON");
  command->callback([json] { doctor(*json); });
}

}  // namespace mnist_bench
