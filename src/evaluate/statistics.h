#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "evaluate/metrics.h"

namespace mnist_bench {

/// A summary of a sample. What the sample is too small for is absent.
struct SampleSummary {
  std::int64_t n = 0;
  std::optional<double> mean;     ///< n ≥ 1
  std::optional<double> sd;       ///< sample standard deviation, n − 1, two-pass; n ≥ 2
  std::optional<Interval> ci95;   ///< of the mean: mean ± t(0.975, n − 1)·sd/√n; n ≥ 2
  std::optional<double> minimum;  ///< n ≥ 1
  std::optional<double> maximum;  ///< n ≥ 1
  /// The value is the same for every seed: there is no scatter to estimate, and n runs had it.
  bool is_deterministic = false;
};

SampleSummary summary_of(const std::vector<double>& values);

/// `summary` with a ci95 that assumes an SD of at least `least_sd`: values of limited resolution
/// may happen to be equal, and would have an interval of width 0.
SampleSummary with_least_scatter(SampleSummary summary, double least_sd);

/// `summary` of runs that a seed changes nothing of: without SD and interval, and marked as such.
SampleSummary without_scatter(SampleSummary summary);

/// The middle of the sorted values, or the mean of the two in the middle; nothing for none.
std::optional<double> median_of(std::vector<double> values);

/// The nearest-rank percentile of ascending values: the least of them that `percent` (1 to 100) of
/// a hundred do not exceed; nothing for none.
std::optional<double> percentile_of(const std::vector<double>& ascending, std::size_t percent);

/// Student's interval of the mean, mean ± t((1 + confidence)/2, n − 1)·sd/√n; nothing for n < 2.
std::optional<Interval> mean_interval(const SampleSummary& summary, double confidence);

}  // namespace mnist_bench
