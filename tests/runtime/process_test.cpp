#include "runtime/process.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/few_threads.h"
#include "runtime/build_info.h"
#include "runtime/waiting.h"

namespace mnist_bench {
namespace {

TEST(Process, ThreadsAreWhatIsAskedFor) {
  set_threads(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_threads(2);
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST(Process, ThreadsThatTheSystemDoesNotStartAreAnError) {
  EXPECT_EXIT(
      {
        test::limit_memory_to_a_few_threads();
        try {
          set_threads(1000);
        } catch (const Error& error) {
          std::fprintf(stderr, "%s", error.what());
          std::exit(42);
        }
        std::exit(2);
      },
      testing::ExitedWithCode(42), "cannot start 1000 threads, only [0-9]+: ");
}

TEST(Waiting, IsBoundedUnlessTheEnvironmentSaysHow) {
  // What ctest's own environment may hold has precedence.
  const ThreadWaiting waiting = thread_waiting();
  EXPECT_TRUE(waiting.omp_wait_policy || waiting.gomp_spincount);
}

TEST(Process, AvailableCoresFollowTheAffinityMask) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cores(), 1);
}

TEST(Process, PeakMemoryGrowsWithWhatIsTouched) {
  const std::int64_t before = peak_rss_bytes();
  const std::vector<char> block(std::size_t{200} << 20U, 1);
  EXPECT_GT(peak_rss_bytes(), before + (std::int64_t{100} << 20U));
  EXPECT_EQ(block.back(), 1);
}

TEST(Process, NamesItsAllocatorAndTheTime) {
  tune_allocator();
  EXPECT_FALSE(allocator_name().empty());
  EXPECT_THAT(utc_now(), testing::MatchesRegex("....-..-..T..:..:..Z"));
}

TEST(ChildProcess, DoesTheWorkElsewhere) {
  int done = 0;
  in_child_process([&] { done = 1; });
  EXPECT_EQ(done, 0);
}

TEST(ChildProcess, HandsOnItsError) {
  try {
    in_child_process(
        [] { throw Error(ExitCode::device_unavailable, "no such thing", "take another"); });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::device_unavailable);
    EXPECT_STREQ(error.what(), "no such thing");
    EXPECT_EQ(error.remedy(), "take another");
  }
}

TEST(ChildProcess, EndsInAnErrorHoweverElseItEnds) {
  for (const std::function<void()>& end :
       {std::function<void()>([] { throw std::runtime_error("odd"); }),
        std::function<void()>([] { ::raise(SIGKILL); }),
        std::function<void()>([] { ::_exit(9); })}) {
    try {
      in_child_process(end);
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::run_failed);
    }
  }
}

TEST(BuildInfo, IsComplete) {
  const BuildInfo info = build_info();
  EXPECT_FALSE(info.version.empty());
  EXPECT_FALSE(info.build_type.empty());
  EXPECT_FALSE(info.compiler.empty());
  EXPECT_FALSE(info.libtorch.empty());
  EXPECT_EQ(info.git_revision.has_value(), info.git_dirty.has_value());
}

TEST(BusyCores, CountAThreadThatComputes) {
  std::atomic<bool> computes = true;
  std::jthread thread([&] {
    while (computes) {
    }
  });
  // Where other work takes this thread's core, that core is busy all the same.
  const std::optional<double> busy = busy_cores(std::chrono::milliseconds(300));
  computes = false;
  ASSERT_TRUE(busy);
  EXPECT_GT(*busy, 0.5);
  EXPECT_LE(*busy, std::thread::hardware_concurrency());
}

}  // namespace
}  // namespace mnist_bench
