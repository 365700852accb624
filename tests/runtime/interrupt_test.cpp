#include "runtime/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace mnist_bench {
namespace {

TEST(Interrupt, FirstSignalSetsAFlagAndTheProcessGoesOn) {
  EXPECT_EXIT(
      {
        watch_interrupts();
        if (interrupted()) std::exit(1);
        std::raise(SIGINT);
        std::exit(interrupted() ? 42 : 2);
      },
      testing::ExitedWithCode(42), "");
}

TEST(Interrupt, SecondSignalEndsTheProcessAtOnceWith130) {
  EXPECT_EXIT(
      {
        watch_interrupts();
        std::raise(SIGTERM);
        std::raise(SIGINT);
        std::exit(0);
      },
      testing::ExitedWithCode(130), "");
}

TEST(Interrupt, AWorkerOutlivesTheSecondSignal) {
  EXPECT_EXIT(
      {
        watch_interrupts_of_worker();
        std::raise(SIGTERM);
        std::raise(SIGTERM);
        std::exit(interrupted() ? 42 : 2);
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace mnist_bench
