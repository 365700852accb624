#include "evaluate/paired_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <span>

#include "base/error.h"

namespace mnist_bench {
namespace {

/// The sums of `values` under all 2ⁿ choices of signs.
std::vector<double> signed_sums(std::span<const double> values) {
  std::vector<double> sums = {0.0};
  for (const double value : values) {
    const std::size_t count = sums.size();
    for (std::size_t i = 0; i < count; ++i) {
      sums.push_back(sums[i] - value);
      sums[i] += value;
    }
  }
  return sums;
}

/// How many of the 2ⁿ signed sums are ≥ `limit`.
std::int64_t count_sums_from(double limit, std::span<const double> values) {
  const std::size_t half = values.size() / 2;
  const std::vector<double> left = signed_sums(values.first(half));
  std::vector<double> right = signed_sums(values.subspan(half));
  std::sort(right.begin(), right.end());
  std::int64_t count = 0;
  for (const double sum : left) {
    count += right.end() - std::lower_bound(right.begin(), right.end(), limit - sum);
  }
  return count;
}

/// Differences of shares are rounded at 10⁻¹⁶; what is below this is no scatter, and no distance
/// from the margin.
constexpr double kShareRounding = 1e-12;

/// P(T ≥ distance/standard_error): how likely a mean is at least `distance` inside a bound if the
/// true mean is on the bound.
double one_sided_p(double distance, double standard_error, double degrees_of_freedom) {
  if (standard_error <= kShareRounding) return distance > kShareRounding ? 0.0 : 1.0;
  return boost::math::cdf(boost::math::complement(boost::math::students_t(degrees_of_freedom),
                                                  distance / standard_error));
}

}  // namespace

McNemarTest mcnemar_test(std::int64_t only_first_right, std::int64_t only_second_right) {
  McNemarTest test{.only_first_right = only_first_right,
                   .only_second_right = only_second_right,
                   .method = McNemarMethod::exact_binomial,
                   .statistic = std::nullopt,
                   .p_value = 1.0};
  const std::int64_t discordant = only_first_right + only_second_right;
  const auto n = static_cast<double>(discordant);
  if (discordant < kChiSquaredFrom) {
    if (discordant == 0) return test;
    const auto fewer = static_cast<double>(std::min(only_first_right, only_second_right));
    const boost::math::binomial binomial(n, 0.5);
    test.p_value = std::min(1.0, 2.0 * boost::math::cdf(binomial, fewer));
    return test;
  }
  test.method = McNemarMethod::chi_squared_corrected;
  const auto apart = static_cast<double>(std::abs(only_first_right - only_second_right));
  const double corrected = std::max(0.0, apart - 1.0);
  test.statistic = corrected * corrected / n;
  test.p_value =
      boost::math::cdf(boost::math::complement(boost::math::chi_squared(1.0), *test.statistic));
  return test;
}

ShareDifference paired_share_difference(std::int64_t only_first_right,
                                        std::int64_t only_second_right, std::int64_t pairs) {
  const auto apart = static_cast<double>(only_second_right - only_first_right);
  const double n = static_cast<double>(pairs) + 2.0;
  const double discordant = static_cast<double>(only_first_right + only_second_right) + 1.0;
  const double z = boost::math::quantile(boost::math::normal(), 0.975);
  const double half = z * std::sqrt(discordant - apart * apart / n) / n;
  return {
      .difference = apart / static_cast<double>(pairs),
      .ci95 = {.low = std::max(-1.0, apart / n - half), .high = std::min(1.0, apart / n + half)}};
}

double resolution_sd(std::int64_t images) {
  return images > 0 ? 1.0 / (static_cast<double>(images) * std::sqrt(12.0)) : 0.0;
}

double difference_resolution_sd(std::int64_t images) {
  return std::numbers::sqrt2 * resolution_sd(images);
}

SampleSummary paired_summary(const std::vector<double>& differences, std::int64_t images) {
  return with_least_scatter(summary_of(differences), difference_resolution_sd(images));
}

SignFlipTest sign_flip_test(const std::vector<double>& differences) {
  const auto n = static_cast<std::int64_t>(differences.size());
  if (n < 1 || n > kMostSignFlips) {
    throw Error(ExitCode::usage,
                fmt::format("the exact sign-flip test takes 1 to {} differences, not {}: it counts "
                            "all 2^n flips of their signs",
                            kMostSignFlips, n));
  }
  const double size = std::transform_reduce(differences.begin(), differences.end(), 0.0,
                                            std::plus<>(), [](double d) { return std::abs(d); });
  const double observed = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  const double tie = 1e-9 * size;
  const double all = std::exp2(static_cast<double>(n));
  SignFlipTest test{.n = n, .p_value = 1.0, .smallest_p = std::min(1.0, 2.0 / all)};
  if (observed <= tie) return test;
  // Flipping all signs mirrors the sums at 0: as many are ≤ −limit as are ≥ limit.
  const auto extreme = static_cast<double>(2 * count_sums_from(observed - tie, differences));
  test.p_value = extreme / all;
  return test;
}

std::vector<double> holm_adjusted(const std::vector<double>& p_values) {
  std::vector<std::size_t> ascending(p_values.size());
  std::iota(ascending.begin(), ascending.end(), std::size_t{0});
  std::stable_sort(ascending.begin(), ascending.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double least = 0.0;
  std::size_t left = p_values.size();
  for (const std::size_t i : ascending) {
    least = std::max(least, std::min(1.0, static_cast<double>(left) * p_values[i]));
    adjusted[i] = least;
    --left;
  }
  return adjusted;
}

double least_difference_sd(double margin, std::int64_t images) {
  if (images <= 0) return 0.0;
  const double apart = std::min(margin, 1.0);
  return std::sqrt(apart * (1.0 - apart) / static_cast<double>(images));
}

EquivalenceTest equivalence_test(const std::vector<double>& differences, double margin,
                                 std::int64_t images) {
  EquivalenceTest test;
  test.margin = margin;
  test.difference = summary_of(differences);
  test.least_sd = least_difference_sd(margin, images);
  if (test.difference.n < 2) {
    test.obstacle = EquivalenceObstacle::too_few_seeds;
    return test;
  }
  SampleSummary summary = test.difference;
  summary.sd = std::max(*summary.sd, test.least_sd);
  const auto n = static_cast<double>(summary.n);
  const double mean = *summary.mean;
  const double standard_error = *summary.sd / std::sqrt(n);
  const double correction = images > 0 ? 0.5 / (n * static_cast<double>(images)) : 0.0;
  test.ci90 = mean_interval(summary, 1.0 - 2.0 * kOneSidedLevel);
  test.ci90->low -= correction;
  test.ci90->high += correction;
  test.p_lower = one_sided_p(mean - correction + margin, standard_error, n - 1.0);
  test.p_upper = one_sided_p(margin - mean - correction, standard_error, n - 1.0);
  test.p_value = std::max(*test.p_lower, *test.p_upper);
  if (summary.n < kFewestForEquivalence) {
    test.obstacle = EquivalenceObstacle::too_few_seeds;
    return test;
  }
  if (*test.p_value < kOneSidedLevel) return test;
  const Interval& interval = *test.ci90;
  if (std::max(interval.low, -interval.high) >= margin - kShareRounding) {
    test.obstacle = EquivalenceObstacle::difference_beyond_margin;
  } else if (interval.high - interval.low >= 2.0 * margin) {
    test.obstacle = EquivalenceObstacle::too_few_seeds;
  } else {
    test.obstacle = EquivalenceObstacle::interval_too_wide;
  }
  return test;
}

NonInferiorityTest non_inferiority_test(const std::vector<double>& differences, double margin,
                                        std::int64_t images) {
  const EquivalenceTest both = equivalence_test(differences, margin, images);
  NonInferiorityTest test{.margin = margin,
                          .difference = both.difference,
                          .least_sd = both.least_sd,
                          .ci90 = both.ci90,
                          .p_value = both.p_upper,
                          .obstacle = std::nullopt};
  if (test.difference.n < kFewestForEquivalence) {
    test.obstacle = EquivalenceObstacle::too_few_seeds;
  } else if (*test.p_value >= kOneSidedLevel) {
    test.obstacle = test.ci90->low >= margin - kShareRounding
                        ? EquivalenceObstacle::difference_beyond_margin
                        : EquivalenceObstacle::interval_too_wide;
  }
  return test;
}

}  // namespace mnist_bench
