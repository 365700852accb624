#include "record/statistics.h"

#include <cmath>
#include <numeric>

namespace mnist_bench {

Spread spread_of(const std::vector<double>& values) {
  Spread spread{.n = static_cast<std::int64_t>(values.size()), .mean = {}, .sd = {}};
  if (values.empty()) return spread;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  spread.mean = mean;
  if (values.size() < 2) return spread;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  spread.sd = std::sqrt(squares / (n - 1.0));
  return spread;
}

}  // namespace mnist_bench
