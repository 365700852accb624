#include "kernels/probe.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/simd.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

// A clock that the test sets says how long each run takes: what a machine reaches is no property of
// the code, but the arithmetic that makes a number of the runs is.

/// Asked before and after each run. As much time passes between as `durations` say.
class Clock {
 public:
  explicit Clock(std::vector<double> durations) : durations_(std::move(durations)) {}
  double operator()() {
    if (asked_++ % 2 == 1) time_ += durations_.at(asked_ / 2 - 1);
    return time_;
  }
  [[nodiscard]] std::size_t runs() const { return asked_ / 2; }

 private:
  std::vector<double> durations_;
  double time_ = 1000;
  std::size_t asked_ = 0;
};

/// Floats in a vector of the target in use, as its instruction set defines it.
double lanes() {
  const std::string target = simd_target();
  if (target == "AVX-512") return 16;
  if (target == "none") return 1;
  return target == "AVX2" ? 8 : 4;
}

TEST(FmaPeak, IsTheOperationsOfAllThreadsOverTheShortestRun) {
  on_every_target([] {
    for (const std::size_t threads : {1U, 2U}) {
      ThreadTeam team(threads);
      std::vector<double> durations(12, 8.0);
      durations[5] = 0.5;
      Clock clock(durations);
      const double flops = fma_peak(team, std::ref(clock));
      EXPECT_EQ(clock.runs(), durations.size());
      // 500,000 rounds of 12 multiply–adds, two operations for each of a vector's floats.
      EXPECT_DOUBLE_EQ(flops, static_cast<double>(threads) * 500'000 * 12 * 2 * lanes() / 0.5);
    }
  });
}

TEST(BarrierSeconds, AreTheMedianRunOverItsThousandBarriers) {
  ThreadTeam team(2);
  Clock clock({9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 6});
  EXPECT_DOUBLE_EQ(barrier_seconds(team, std::ref(clock)), 6.0 / 1000);
  EXPECT_EQ(clock.runs(), 11U);
}

TEST(SteadySeconds, GoOn) {
  const double before = steady_seconds();
  double after = before;
  while (after == before) after = steady_seconds();
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace mnist_bench::kernels
