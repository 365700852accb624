#include <fmt/format.h>

#include <cmath>
#include <string>

#include "report/compare_text.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr int kMostDecimals = 6;

/// Shares that are not further apart are the same but for rounding.
constexpr double kNoWidth = 1e-10;

/// Digits after the point for numbers in percentage points.
int decimals_of(const EquivalenceTest& test) {
  const Interval& interval = *test.ci90;
  const double half = 100.0 * (interval.high - interval.low) / 2.0;
  int decimals = decimals_for(half, /*magnitude=*/100.0, /*otherwise=*/2);
  const auto looks_like_the_margin = [&](double share) {
    return std::abs(std::abs(share) - test.margin) > kNoWidth &&
           rounded(100.0 * std::abs(share), decimals) == rounded(100.0 * test.margin, decimals);
  };
  while (decimals < kMostDecimals &&
         (looks_like_the_margin(interval.low) || looks_like_the_margin(interval.high))) {
    ++decimals;
  }
  return decimals;
}

std::string why_not(const EquivalenceTest& test) {
  if (!test.ci90) {
    return fmt::format("too few seeds, n = {}; without scatter there is no interval",
                       test.difference.n);
  }
  const std::string interval = equivalence_interval(test);
  switch (*test.obstacle) {
    case EquivalenceObstacle::too_few_seeds:
      return fmt::format(
          "too few seeds for their scatter; the 90 % interval of the mean difference, {}, is wider "
          "than the margin",
          interval);
    case EquivalenceObstacle::interval_too_wide:
      return fmt::format("the 90 % interval of the mean difference, {}, reaches beyond the margin",
                         interval);
    case EquivalenceObstacle::difference_beyond_margin:
      break;
  }
  return fmt::format("the 90 % interval of the mean difference, {}, lies beyond the margin",
                     interval);
}

}  // namespace

std::string margin_text(double margin) {
  // 100·0.001 is not quite 0.1: 12 digits are what a user types, not what multiplying leaves.
  const std::string typed = fmt::format("{:.12g}", 100.0 * margin);
  const std::string hundredths = fmt::format("{:.2f}", 100.0 * margin);
  return fmt::format("± {} points", typed.size() > hundredths.size() ? typed : hundredths);
}

std::string equivalence_interval(const EquivalenceTest& test) {
  if (!test.ci90) return "–";
  const int decimals = decimals_of(test);
  return fmt::format("{} to {}", signed_text(100.0 * test.ci90->low, decimals),
                     signed_text(100.0 * test.ci90->high, decimals));
}

std::string equivalence_verdict(const EquivalenceTest& test) {
  const std::string margin = margin_text(test.margin);
  if (test.obstacle) {
    return fmt::format("Not shown to be equivalent within {}: {}.", margin, why_not(test));
  }
  const bool point = test.ci90->high - test.ci90->low < kNoWidth;
  return fmt::format(
      "Equivalent within {}: the 90 % interval of the mean difference, {}, lies inside the "
      "margin.{}",
      margin, equivalence_interval(test),
      point ? " All seeds have the same difference, so that it has no width." : "");
}

}  // namespace mnist_bench
