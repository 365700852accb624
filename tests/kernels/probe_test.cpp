#include "kernels/probe.h"

#include <gtest/gtest.h>

#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

TEST(FmaPeak, IsThatOfARealProcessor) {
  on_every_target([] {
    ThreadTeam team(1);
    const double flops = fma_peak(team);
    EXPECT_GT(flops, 1e7);   // the scalar code of a sanitizer build on a busy machine
    EXPECT_LT(flops, 1e12);  // 32 of them each cycle at 30 GHz: they were left out
  });
}

TEST(BarrierSeconds, AreMoreThanAnAtomicAddition) {
  ThreadTeam team(2);
  const double seconds = barrier_seconds(team);
  EXPECT_GT(seconds, 1e-9);
  EXPECT_LT(seconds, 1.0);
}

}  // namespace
}  // namespace mnist_bench::kernels
