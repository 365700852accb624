#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// CPU cores that this process may run on (its affinity mask), and their number.
std::vector<int> allowed_cores();
std::int64_t available_cores();

/// Keeps this process, and threads that it starts from now on, on `cores`; false where the system
/// does not allow it.
bool pin_to(const std::vector<int>& cores);

/// Gives LibTorch `threads` threads within an operation and one between operations. Throws
/// Error(run_failed) where the system does not start that many: later, libgomp would end the
/// process itself. Call it before the first tensor operation.
void set_threads(std::int64_t threads);

/// Sets the environment that libraries read. Called at the program's start.
/// - MKL, which LibTorch multiplies matrices with, rounds the same way each time. By default its
///   choice of code depends on the address of a matrix, so that the second run of a process could
///   differ from the same run alone. MKL_CBWR in the environment has precedence.
/// - NVIDIA's libraries never round to TF32, whatever NVIDIA_TF32_OVERRIDE was before: they obey it
///   rather than the program.
void set_environment_of_libraries();

/// Keeps LibTorch, oneDNN and MKL from using better instructions than `simd` ("AVX2"; "AVX-512"
/// changes nothing). Throws Error(usage) for instructions that they cannot be limited to. Call it
/// before the first tensor operation.
void restrict_libtorch_simd(const std::string& simd);

/// Keeps glibc from giving large temporaries back to the kernel after each step, which costs a page
/// fault for every 4 KiB at the next one. Called at the program's start.
void tune_allocator();

/// The allocator that this process uses, and with which thresholds.
std::string allocator_name();

/// Runs `work` in a child process, so that it leaves nothing behind in this one, and rethrows its
/// Error here. Throws Error(io) if no child can be started, Error(run_failed) if it ends in another
/// way. Call it before this process has threads.
void in_child_process(const std::function<void()>& work);
/// A variable of the environment; nothing where it is not set.
std::optional<std::string> environment_variable(const char* name);

/// Largest resident set of this process so far, in bytes.
std::int64_t peak_rss_bytes();

/// Threads that ran or waited to run on this machine, on average over the last 1, 5 and 15 minutes;
/// empty where the system does not say.
std::vector<double> load_averages();

/// How many cores are busy, on average over `span`, in which the calling thread sleeps; nothing
/// where the system does not say. A load average is still high a minute after the work has ended.
std::optional<double> busy_cores(std::chrono::milliseconds span);

/// Memory that new work may take without swapping, in bytes; nothing where the system does not say.
std::optional<std::int64_t> available_memory_bytes();

/// Now, UTC, as 2026-01-31T12:00:00Z.
std::string utc_now();

}  // namespace mnist_bench
