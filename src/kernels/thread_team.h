#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

namespace mnist_bench::kernels {

/// Threads that stay alive, for pieces of work of microseconds. Waiting threads spin for some
/// microseconds and then sleep, so that more threads than cores slow down but never stall.
class ThreadTeam {
 public:
  /// `size` threads, the caller's included; at least 1. Throws Error(run_failed) where the system
  /// does not start that many.
  explicit ThreadTeam(std::size_t size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  [[nodiscard]] std::size_t size() const { return workers_.size() + 1; }

  /// Calls work(thread) for each thread 0 … size − 1 at the same time (0 is the caller) and returns
  /// when all have returned. `work` must not throw. Within it subnormal numbers count as 0.
  template <class Work>
  void run(const Work& work) {
    run_erased(
        [](const void* erased, std::size_t thread) { (*static_cast<const Work*>(erased))(thread); },
        &work);
  }

  /// As `run`, of work that may throw but calls no barrier(). When all threads have returned,
  /// throws the first one's failure, by their number.
  template <class Work>
  void run_throwing(const Work& work) {
    std::vector<std::exception_ptr> failures(size());
    run([&](std::size_t thread) {
      try {
        work(thread);
      } catch (...) {
        failures[thread] = std::current_exception();
      }
    });
    for (const std::exception_ptr& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
  }

  /// Every thread within `run` calls it; it returns once all have. What they wrote before is then
  /// visible to all.
  void barrier();

 private:
  using Erased = void (*)(const void* work, std::size_t thread);

  void run_erased(Erased call, const void* work);
  void serve(std::size_t thread);
  void end_workers();
  void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) const;

  int spins_ = 0;
  Erased call_ = nullptr;  ///< null: the end
  const void* work_ = nullptr;
  // Each is on its own cache line, so that threads that spin on one do not slow down the others.
  alignas(64) std::atomic<std::uint32_t> runs_{0};
  alignas(64) std::atomic<std::uint32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> barriers_{0};
  std::vector<std::thread> workers_;
};

}  // namespace mnist_bench::kernels
