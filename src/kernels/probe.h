#pragma once

#include <functional>

#include "kernels/thread_team.h"

namespace mnist_bench::kernels {

// What this machine can do at the moment, to compare the engines' times with.

/// Seconds since some moment; asked before and after each run.
using Seconds = std::function<double()>;
double steady_seconds();

/// Floating-point operations per second that all threads of `team` reach together with fused
/// multiply–adds in registers alone: the best of twelve runs of about a millisecond.
double fma_peak(ThreadTeam& team, const Seconds& now = steady_seconds);

/// Seconds that a barrier of `team` takes: the median of eleven runs of 1,000. Threads on cores
/// that share a cache meet several times faster than others, and on a virtual machine that can
/// change from one second to the next.
double barrier_seconds(ThreadTeam& team, const Seconds& now = steady_seconds);

}  // namespace mnist_bench::kernels
