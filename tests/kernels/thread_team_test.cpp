#include "kernels/thread_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/few_threads.h"
#include "base/sanitized.h"

namespace mnist_bench::kernels {
namespace {

/// Each thread writes a number, waits for the others, and reads theirs; `rounds` times.
void expect_barriers_hold(std::size_t threads, int rounds) {
  ThreadTeam team(threads);
  std::vector<int> written(threads * 16, 0);
  std::vector<int> wrong(threads, 0);
  team.run([&](std::size_t thread) {
    for (int round = 1; round <= rounds; ++round) {
      written[thread * 16] = round;
      team.barrier();
      for (std::size_t other = 0; other < threads; ++other) {
        if (written[other * 16] != round) ++wrong[thread];
      }
      team.barrier();
    }
  });
  EXPECT_EQ(std::accumulate(wrong.begin(), wrong.end(), 0), 0);
}

TEST(ThreadTeam, CallsTheWorkOnceOnEachThread) {
  for (const std::size_t threads : {1U, 2U, 5U}) {
    ThreadTeam team(threads);
    EXPECT_EQ(team.size(), threads);
    std::vector<int> calls(threads, 0);
    for (int run = 0; run < 1000; ++run) team.run([&](std::size_t thread) { ++calls[thread]; });
    EXPECT_EQ(calls, std::vector<int>(threads, 1000));
  }
}

TEST(ThreadTeam, BarrierShowsEachThreadWhatTheOthersWrote) {
  expect_barriers_hold(1, 100);
  expect_barriers_hold(2, 20'000);
}

TEST(ThreadTeam, MoreThreadsThanCoresFinish) { expect_barriers_hold(64, 100); }

TEST(ThreadTeam, WakesThreadsThatHaveGoneToSleep) {
  ThreadTeam team(2);
  int calls = 0;  // of the thread that sleeps, which alone writes it
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    team.run([&](std::size_t thread) {
      if (thread == 1) ++calls;
    });
  }
  EXPECT_EQ(calls, 3);
}

#ifndef MNIST_BENCH_SANITIZED
[[noreturn]] void start_a_thousand_threads() {
  test::limit_memory_to_a_few_threads();
  try {
    const ThreadTeam team(1000);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", error.what());
    std::exit(42);
  }
  std::exit(2);
}

TEST(ThreadTeam, ThreadsThatTheSystemDoesNotStartAreAnError) {
  EXPECT_EXIT(start_a_thousand_threads(), testing::ExitedWithCode(42),
              "cannot start 1000 threads, only [0-9]+: ");
}
#endif

TEST(ThreadTeam, ThrowsTheFirstFailureOfItsWorkWhenAllHaveReturned) {
  ThreadTeam team(4);
  std::vector<int> returned(4, 0);
  const auto work = [&](std::size_t thread) {
    returned[thread] = 1;
    if (thread % 2 == 1) throw std::runtime_error("thread " + std::to_string(thread));
  };
  try {
    team.run_throwing(work);
    ADD_FAILURE() << "it did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "thread 1");
  }
  EXPECT_EQ(returned, std::vector<int>(4, 1));
  EXPECT_NO_THROW(team.run_throwing([](std::size_t) {}));
}

#if defined(__x86_64__) || defined(__aarch64__)
TEST(ThreadTeam, TakesSubnormalNumbersForZeroWithinItsWorkOnly) {
  ThreadTeam team(2);
  const volatile float smallest = std::numeric_limits<float>::min();
  std::vector<float> halves(2, 1.0F);
  team.run([&](std::size_t thread) { halves[thread] = smallest * 0.5F; });
  EXPECT_EQ(halves, std::vector<float>(2, 0.0F));
  EXPECT_GT(smallest * 0.5F, 0.0F);
}
#endif

}  // namespace
}  // namespace mnist_bench::kernels
