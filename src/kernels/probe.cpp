#include "kernels/probe.h"

#include <algorithm>
#include <array>

#include "base/clock.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/probe.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Independent chains of multiply–adds. There are at least as many as units (2) times their latency
/// (4 to 5), and few enough for the 16 registers of AVX2.
constexpr std::size_t kChains = 12;

/// Runs `rounds` multiply–adds in each chain and returns their floating-point operations. `sink`
/// keeps the compiler from removing them.
double multiply_add(std::size_t rounds, float* sink) {
  const auto factor = hn::Set(kFloats, 0.999F);
  const auto summand = hn::Set(kFloats, 0.001F);
  Vector sums[kChains];
  unroll<kChains>([&](auto i) MNIST_BENCH_LAMBDA {
    sums[i] = hn::Set(kFloats, static_cast<float>(i) + sink[0]);
  });
  for (std::size_t round = 0; round < rounds; ++round) {
    unroll<kChains>([&](auto i)
                        MNIST_BENCH_LAMBDA { sums[i] = hn::MulAdd(sums[i], factor, summand); });
  }
  Vector all = sums[0];
  unroll<kChains - 1>([&](auto i) MNIST_BENCH_LAMBDA { all = hn::Add(all, sums[i + 1]); });
  sink[0] = hn::GetLane(all) * 1e-9F;
  return static_cast<double>(rounds * kChains * hn::Lanes(kFloats) * 2);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {
namespace {

HWY_EXPORT(multiply_add);

/// What each thread writes, on a cache line of its own.
struct alignas(64) Line {
  double operations = 0;
  float sink = 0;
};

}  // namespace

double steady_seconds() { return seconds_since(Clock::time_point()); }

double fma_peak(ThreadTeam& team, const Seconds& now) {
  // A run takes about 1 ms at 3 GHz: much longer than a barrier, and short enough that some run is
  // not interrupted. The best one counts.
  constexpr int kRuns = 12;
  constexpr std::size_t kRounds = 500'000;
  std::vector<Line> lines(team.size());
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double start = now();
    team.run([&](std::size_t thread) {
      lines[thread].operations = HWY_DYNAMIC_DISPATCH(multiply_add)(kRounds, &lines[thread].sink);
    });
    const double seconds = now() - start;
    double operations = 0;
    for (const Line& line : lines) operations += line.operations;
    best = std::max(best, operations / seconds);
  }
  return best;
}

double barrier_seconds(ThreadTeam& team, const Seconds& now) {
  constexpr std::size_t kRuns = 11;  // odd, so that there is a median run
  constexpr int kBarriers = 1000;    // many, so that starting the threads does not count
  std::array<double, kRuns> seconds{};
  for (double& taken : seconds) {
    const double start = now();
    team.run([&](std::size_t /*thread*/) {
      for (int i = 0; i < kBarriers; ++i) team.barrier();
    });
    taken = (now() - start) / kBarriers;
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  return seconds[kRuns / 2];
}

}  // namespace mnist_bench::kernels
#endif
