#include "runtime/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace mnist_bench {
namespace {

TEST(Interrupt, FirstSignalSetsAFlagAndTheProcessGoesOn) {
  EXPECT_EXIT(
      {
        handle_interrupts();
        if (interrupted()) std::exit(1);
        std::raise(SIGINT);
        std::exit(interrupted() ? 42 : 2);
      },
      testing::ExitedWithCode(42), "");
}

class EachSignal : public testing::TestWithParam<int> {};

TEST_P(EachSignal, SetsTheFlagInARunAndInAWorker) {
  for (const auto& handle : {handle_interrupts, handle_interrupts_of_worker}) {
    EXPECT_EXIT(
        {
          handle();
          if (interrupted()) std::exit(1);
          std::raise(GetParam());
          std::exit(interrupted() ? 42 : 2);
        },
        testing::ExitedWithCode(42), "");
  }
}

TEST_P(EachSignal, StaysIgnoredWhereItWasIgnored) {
  for (const auto& handle : {handle_interrupts, handle_interrupts_of_worker}) {
    EXPECT_EXIT(
        {
          std::signal(GetParam(), SIG_IGN);
          handle();
          std::raise(GetParam());
          std::exit(interrupted() ? 2 : 42);
        },
        testing::ExitedWithCode(42), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Interrupt, EachSignal,
                         testing::Values(SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2));

/// Both the kernel and the shell signal a terminal that is gone; Slurm's notice comes before its
/// SIGTERM.
TEST(Interrupt, ANoticeMayComeTwiceAndBeforeASignal) {
  for (const int notice : {SIGHUP, SIGUSR1, SIGUSR2}) {
    EXPECT_EXIT(
        {
          handle_interrupts();
          std::raise(notice);
          std::raise(notice);
          std::raise(SIGTERM);
          std::exit(interrupted() ? 42 : 2);
        },
        testing::ExitedWithCode(42), "");
  }
}

TEST(Interrupt, SecondSignalEndsTheProcessAtOnceWith130) {
  EXPECT_EXIT(
      {
        handle_interrupts();
        std::raise(SIGTERM);
        std::raise(SIGINT);
        std::exit(0);
      },
      testing::ExitedWithCode(130), "");
}

TEST(Interrupt, AWorkerOutlivesTheSecondSignal) {
  EXPECT_EXIT(
      {
        handle_interrupts_of_worker();
        std::raise(SIGTERM);
        std::raise(SIGTERM);
        std::exit(interrupted() ? 42 : 2);
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace mnist_bench
