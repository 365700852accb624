#include "evaluate/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace mnist_bench {

SampleSummary summary_of(const std::vector<double>& values) {
  SampleSummary summary;
  summary.n = static_cast<std::int64_t>(values.size());
  if (values.empty()) return summary;
  const auto n = static_cast<double>(values.size());
  summary.minimum = *std::min_element(values.begin(), values.end());
  summary.maximum = *std::max_element(values.begin(), values.end());
  // Equal values have exactly their own mean, where the sum's rounding would leave a residue.
  const double mean = summary.minimum == summary.maximum
                          ? values.front()
                          : std::accumulate(values.begin(), values.end(), 0.0) / n;
  summary.mean = mean;
  if (values.size() < 2) return summary;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  summary.sd = std::sqrt(squares / (n - 1.0));
  summary.ci95 = mean_interval(summary, 0.95);
  return summary;
}

SampleSummary with_least_scatter(SampleSummary summary, double least_sd) {
  if (!summary.sd || *summary.sd >= least_sd) return summary;
  SampleSummary scatter = summary;
  scatter.sd = least_sd;
  summary.ci95 = mean_interval(scatter, 0.95);
  return summary;
}

SampleSummary without_scatter(SampleSummary summary) {
  summary.sd.reset();
  summary.ci95.reset();
  summary.is_deterministic = true;
  return summary;
}

std::optional<double> median_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const std::size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<double> percentile_of(const std::vector<double>& ascending, std::size_t percent) {
  if (ascending.empty()) return std::nullopt;
  const std::size_t rank = (percent * ascending.size() + 99) / 100;
  return ascending[rank - 1];
}

std::optional<Interval> mean_interval(const SampleSummary& summary, double confidence) {
  if (summary.n < 2) return std::nullopt;
  const auto n = static_cast<double>(summary.n);
  const double t =
      boost::math::quantile(boost::math::students_t(n - 1.0), (1.0 + confidence) / 2.0);
  const double half = t * *summary.sd / std::sqrt(n);
  return Interval{.low = *summary.mean - half, .high = *summary.mean + half};
}

}  // namespace mnist_bench
