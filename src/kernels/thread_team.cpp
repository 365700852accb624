#include "kernels/thread_team.h"

#include <hwy/cache_control.h>
#include <sched.h>

#include <system_error>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "base/as_error.h"

namespace mnist_bench::kernels {
namespace {

/// How often a waiting thread polls before it sleeps: some 20 to 50 µs, depending on how long the
/// processor's pause instruction takes. Longer waiting takes a core from others; earlier sleep
/// costs a system call at barriers that would have opened soon. Not tuned.
constexpr int kSpins = 1000;

/// Threads that the process may run at a time.
std::size_t cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<std::size_t>(CPU_COUNT(&set));
  }
  return std::thread::hardware_concurrency();
}

/// While it exists, numbers below 1e-38 count as 0 in this thread. Adam's moments of a parameter
/// without gradients fall below that within 1,000 steps, where arithmetic is many times slower.
/// What they could still add to the parameter is far below its rounding.
class FlushSubnormals {
 public:
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;
#if defined(__x86_64__)
  FlushSubnormals() { _mm_setcsr(before_ | 0x8040U); }
  ~FlushSubnormals() { _mm_setcsr(before_); }

 private:
  unsigned before_ = _mm_getcsr();
#elif defined(__aarch64__)
  FlushSubnormals() { __builtin_aarch64_set_fpcr(before_ | 1U << 24U); }
  ~FlushSubnormals() { __builtin_aarch64_set_fpcr(before_); }

 private:
  unsigned before_ = __builtin_aarch64_get_fpcr();
#else
  FlushSubnormals() {}
  ~FlushSubnormals() {}
#endif
};

}  // namespace

ThreadTeam::ThreadTeam(std::size_t size) : spins_(size <= cores() ? kSpins : 0) {
  try {
    for (std::size_t thread = 1; thread < size; ++thread) {
      workers_.emplace_back([this, thread] { serve(thread); });
    }
  } catch (const std::system_error& error) {
    const std::size_t started = workers_.size() + 1;
    end_workers();
    throw threads_refused(static_cast<std::int64_t>(size), started, error.code().message());
  }
}

ThreadTeam::~ThreadTeam() { end_workers(); }

void ThreadTeam::end_workers() {
  call_ = nullptr;
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::run_erased(Erased call, const void* work) {
  if (!workers_.empty()) {
    call_ = call;
    work_ = work;
    runs_.fetch_add(1, std::memory_order_release);
    runs_.notify_all();
  }
  const FlushSubnormals flush;
  call(work, 0);
  barrier();
}

void ThreadTeam::serve(std::size_t thread) {
  const FlushSubnormals flush;
  std::uint32_t seen = 0;
  while (true) {
    wait_for_change(runs_, seen);
    ++seen;  // the next run cannot start before this thread ends this one
    if (call_ == nullptr) return;
    call_(work_, thread);
    barrier();
  }
}

void ThreadTeam::barrier() {
  if (workers_.empty()) return;
  const std::uint32_t old = barriers_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == workers_.size()) {
    arrived_.store(0, std::memory_order_relaxed);
    barriers_.fetch_add(1, std::memory_order_release);
    barriers_.notify_all();
  } else {
    wait_for_change(barriers_, old);
  }
}

void ThreadTeam::wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) const {
  for (int spin = 0; spin < spins_; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    hwy::Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace mnist_bench::kernels
