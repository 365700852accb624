#include "runtime/process.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string_view>
#include <system_error>
#include <thread>

#include "base/as_error.h"

namespace mnist_bench {
namespace {

/// Starts `threads` threads, the caller's included, and ends them, or throws Error(run_failed).
void require_threads(std::int64_t threads) {
  std::vector<std::thread> started;
  std::latch all_tried(1);
  std::optional<std::string> reason;
  try {
    while (static_cast<std::int64_t>(started.size()) < threads - 1) {
      started.emplace_back([&all_tried] { all_tried.wait(); });
    }
  } catch (const std::system_error& error) {
    reason = error.code().message();
  }
  const std::size_t count = started.size() + 1;
  all_tried.count_down();
  for (std::thread& thread : started) thread.join();
  if (reason) throw threads_refused(threads, count, *reason);
}

}  // namespace

std::vector<int> allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return {0};
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &mask)) cores.push_back(core);
  }
  return cores;
}

std::int64_t available_cores() { return static_cast<std::int64_t>(allowed_cores().size()); }

bool pin_to(const std::vector<int>& cores) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int core : cores) CPU_SET(core, &mask);
  return sched_setaffinity(0, sizeof mask, &mask) == 0;
}

void set_threads(std::int64_t threads) {
  require_threads(threads);
  at::set_num_threads(static_cast<int>(threads));
  // Our models run one operation after another; a second pool would only compete for the cores.
  static const bool once = [] {
    at::set_num_interop_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

void ask_mkl_for_equal_bits() { ::setenv("MKL_CBWR", "AUTO,STRICT", /*overwrite=*/0); }

void restrict_libtorch_simd(const std::string& simd) {
  std::string name = simd;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name == "AVX-512") return;
  if (name != "AVX2") {
    throw Error(ExitCode::usage, fmt::format("the libtorch engine cannot be kept to '{}'", simd),
                "name AVX2 or AVX-512, or leave that engine out");
  }
  ::setenv("ATEN_CPU_CAPABILITY", "avx2", /*overwrite=*/1);
  ::setenv("ONEDNN_MAX_CPU_ISA", "AVX2", /*overwrite=*/1);
  ::setenv("MKL_ENABLE_INSTRUCTIONS", "AVX2", /*overwrite=*/1);
}

std::string tune_allocator() {
  Dl_info owner{};
  const bool known =
      dladdr(reinterpret_cast<void*>(&std::malloc), &owner) != 0 && owner.dli_fname != nullptr;
  const std::string library =
      known ? std::filesystem::path(owner.dli_fname).filename().string() : "unknown";
  if (!library.starts_with("libc.so")) return library;
  constexpr int kMmapThreshold = 32 << 20;  // the largest that glibc accepts
  constexpr int kTrimThreshold = 1 << 30;
  const bool raised = mallopt(M_MMAP_THRESHOLD, kMmapThreshold) == 1 &&
                      mallopt(M_TRIM_THRESHOLD, kTrimThreshold) == 1;
  return raised ? "glibc malloc, mmap threshold 32 MiB, trim threshold 1 GiB" : "glibc malloc";
}

std::int64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

std::vector<double> load_averages() {
  std::array<double, 3> loads{};
  const int known = ::getloadavg(loads.data(), static_cast<int>(loads.size()));
  return {loads.begin(), loads.begin() + std::max(known, 0)};
}

std::optional<std::int64_t> available_memory_bytes() {
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    constexpr std::string_view kName = "MemAvailable:";
    if (line.starts_with(kName)) return std::stoll(line.substr(kName.size())) * 1024;
  }
  return std::nullopt;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace mnist_bench
