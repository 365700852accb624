#include "runtime/process.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string_view>
#include <system_error>
#include <thread>

#include "base/as_error.h"
#include "base/descriptor.h"
#include "base/text.h"

namespace mnist_bench {
namespace {

/// Runs `work` and ends by _exit: with 0 and nothing written, or with an Error's code after its
/// message and remedy, each ended by a 0.
[[noreturn]] void be_child(const std::function<void()>& work, int answer) {
  try {
    work();
  } catch (const Error& error) {
    const std::string text = std::string(error.what()) + '\0' + error.remedy() + '\0';
    const bool is_written = ::write(answer, text.data(), text.size()) == std::ssize(text);
    ::_exit(is_written ? static_cast<int>(error.code()) : EXIT_FAILURE);
  } catch (const std::exception& error) {
    const std::string text = error.what();
    const std::string line = text.substr(0, text.find('\n')) + '\0';
    static_cast<void>(::write(answer, line.data(), line.size()) < 0);
    ::_exit(EXIT_FAILURE);
  }
  ::_exit(EXIT_SUCCESS);
}

/// All bytes until the other end is closed.
std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

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

void in_child_process(const std::function<void()>& work) {
  const auto fail = [](const char* step) {
    throw Error(ExitCode::io,
                fmt::format("cannot start a process: {}: {}", step, errno_message(errno)),
                "check the limits on processes and open files");
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  const pid_t child = ::fork();
  if (child == 0) be_child(work, ends[1]);
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    fail("fork");
  }
  const std::string answer = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return;
  // Message and remedy, each ended by NUL or the end.
  const std::string message = answer.substr(0, answer.find('\0'));
  if (!WIFEXITED(status) || message.empty()) {
    throw Error(ExitCode::run_failed,
                fmt::format("a child process ended without an answer ({} {})",
                            WIFSIGNALED(status) ? "signal" : "exit code",
                            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
  }
  std::string remedy = answer.substr(std::min(message.size() + 1, answer.size()));
  remedy.erase(std::min(remedy.find('\0'), remedy.size()));
  throw Error(static_cast<ExitCode>(WEXITSTATUS(status)), message, remedy);
}

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

void set_environment_of_libraries() {
  ::setenv("MKL_CBWR", "AUTO,STRICT", /*overwrite=*/0);
  ::setenv("NVIDIA_TF32_OVERRIDE", "0", /*overwrite=*/1);
}

void restrict_libtorch_simd(const std::string& simd) {
  const std::string name = upper_case(simd);
  if (name == "AVX-512") return;
  if (name != "AVX2") {
    throw Error(ExitCode::usage, fmt::format("the libtorch engine cannot be kept to '{}'", simd),
                "name AVX2 or AVX-512, or leave that engine out");
  }
  ::setenv("ATEN_CPU_CAPABILITY", "avx2", /*overwrite=*/1);
  ::setenv("ONEDNN_MAX_CPU_ISA", "AVX2", /*overwrite=*/1);
  ::setenv("MKL_ENABLE_INSTRUCTIONS", "AVX2", /*overwrite=*/1);
}

namespace {

/// The library whose malloc this process uses: "libc.so.6".
std::string malloc_library() {
  Dl_info owner{};
  const bool known =
      dladdr(reinterpret_cast<void*>(&std::malloc), &owner) != 0 && owner.dli_fname != nullptr;
  return known ? std::filesystem::path(owner.dli_fname).filename().string() : "unknown";
}

bool is_glibc(const std::string& library) { return library.starts_with("libc.so"); }

bool raised_thresholds = false;

}  // namespace

void tune_allocator() {
  if (!is_glibc(malloc_library())) return;
  constexpr int kMmapThreshold = 32 << 20;  // the largest that glibc accepts
  constexpr int kTrimThreshold = 1 << 30;
  raised_thresholds = mallopt(M_MMAP_THRESHOLD, kMmapThreshold) == 1 &&
                      mallopt(M_TRIM_THRESHOLD, kTrimThreshold) == 1;
}

std::string allocator_name() {
  const std::string library = malloc_library();
  if (!is_glibc(library)) return library;
  return raised_thresholds ? "glibc malloc, mmap threshold 32 MiB, trim threshold 1 GiB"
                           : "glibc malloc";
}

std::optional<std::string> environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
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

namespace {

/// Clock ticks of all cores since the system started, and those of them that were busy.
struct CpuTicks {
  std::int64_t all = 0;
  std::int64_t busy = 0;
};

std::optional<CpuTicks> cpu_ticks() {
  std::ifstream stat("/proc/stat");
  std::string name;
  stat >> name;
  CpuTicks ticks;
  // user, nice, system, idle, iowait, irq, softirq, steal; guests' ticks are part of user and nice
  for (int column = 0; column < 8; ++column) {
    std::int64_t value = 0;
    if (!(stat >> value)) return std::nullopt;
    ticks.all += value;
    if (column != 3 && column != 4) ticks.busy += value;
  }
  return ticks;
}

}  // namespace

std::optional<double> busy_cores(std::chrono::milliseconds span) {
  const auto before = cpu_ticks();
  std::this_thread::sleep_for(span);
  const auto after = cpu_ticks();
  if (!before || !after || after->all <= before->all) return std::nullopt;
  return static_cast<double>(std::thread::hardware_concurrency()) *
         static_cast<double>(after->busy - before->busy) /
         static_cast<double>(after->all - before->all);
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
