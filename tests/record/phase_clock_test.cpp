#include "train/phase_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace mnist_bench {
namespace {

TEST(PhaseClock, AddsUpEachPhaseInTheOrderOfAStep) {
  using std::chrono::milliseconds;
  PhaseClock clock;
  for (int step = 0; step < 2; ++step) {
    clock.begin_step();
    std::this_thread::sleep_for(milliseconds(10));
    clock.end_phase("forward");
    std::this_thread::sleep_for(milliseconds(2));
    clock.end_phase("backward");
    std::this_thread::sleep_for(milliseconds(5));  // between steps: nobody's
  }
  ASSERT_EQ(clock.phases().size(), 2U);
  EXPECT_EQ(clock.phases()[0].name, "forward");
  EXPECT_GE(clock.phases()[0].seconds, 0.020);
  EXPECT_EQ(clock.phases()[1].name, "backward");
  EXPECT_GE(clock.phases()[1].seconds, 0.004);
}

TEST(PhaseClock, LeavesOutWhatLiesBetweenSteps) {
  PhaseClock clock;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  clock.begin_step();
  clock.end_phase("forward");
  EXPECT_LT(clock.phases()[0].seconds, 0.050);
}

}  // namespace
}  // namespace mnist_bench
