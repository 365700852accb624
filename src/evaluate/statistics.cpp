#include "evaluate/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace mnist_bench {

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  spread.n = static_cast<std::int64_t>(values.size());
  if (values.empty()) return spread;
  const auto n = static_cast<double>(values.size());
  spread.minimum = *std::min_element(values.begin(), values.end());
  spread.maximum = *std::max_element(values.begin(), values.end());
  // Equal values have exactly their own mean, where the sum's rounding would leave a residue.
  const double mean = spread.minimum == spread.maximum
                          ? values.front()
                          : std::accumulate(values.begin(), values.end(), 0.0) / n;
  spread.mean = mean;
  if (values.size() < 2) return spread;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  spread.sd = std::sqrt(squares / (n - 1.0));
  spread.ci95 = mean_interval(spread, 0.95);
  return spread;
}

Spread with_least_scatter(Spread spread, double least_sd) {
  if (!spread.sd || *spread.sd >= least_sd) return spread;
  Spread scatter = spread;
  scatter.sd = least_sd;
  spread.ci95 = mean_interval(scatter, 0.95);
  return spread;
}

std::optional<double> median_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const std::size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<Interval> mean_interval(const Spread& spread, double confidence) {
  if (spread.n < 2) return std::nullopt;
  const auto n = static_cast<double>(spread.n);
  const double t =
      boost::math::quantile(boost::math::students_t(n - 1.0), (1.0 + confidence) / 2.0);
  const double half = t * *spread.sd / std::sqrt(n);
  return Interval{.low = *spread.mean - half, .high = *spread.mean + half};
}

}  // namespace mnist_bench
