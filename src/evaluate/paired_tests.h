#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/statistics.h"

namespace mnist_bench {

enum class McNemarMethod { exact_binomial, chi_squared_corrected };

/// Whether two classifiers err equally often on the same images (McNemar 1947).
struct McNemarTest {
  std::int64_t only_first_right = 0;   ///< discordant pairs: the first right, the second wrong
  std::int64_t only_second_right = 0;  ///< and the other way round
  McNemarMethod method = McNemarMethod::exact_binomial;
  std::optional<double> statistic;  ///< χ² with one degree of freedom; chi_squared_corrected only
  double p_value = 1.0;             ///< two-sided
};

/// From this many discordant pairs on, χ² approximates the binomial distribution.
inline constexpr std::int64_t kChiSquaredFrom = 25;

/// Below kChiSquaredFrom discordant pairs the exact binomial test, p = min(1, 2·P(X ≤ min(b, c))),
/// X ~ Binomial(b + c, ½); from there on χ² = max(0, |b − c| − 1)²/(b + c) (Edwards 1948; as in R,
/// b = c gives 0). No discordant pair at all: p = 1.
McNemarTest mcnemar_test(std::int64_t only_first_right, std::int64_t only_second_right);

/// The second's share of right answers less the first's, with a 95 % interval.
struct ShareDifference {
  double difference = 0.0;  ///< −1 … 1
  Interval ci95;
};

/// Interval of Agresti and Min (2005): Wald's with ½ added to each of the four cells of the paired
/// table, within [−1, 1]; `pairs` ≥ 1 counts concordant ones as well.
ShareDifference paired_share_difference(std::int64_t only_first_right,
                                        std::int64_t only_second_right, std::int64_t pairs);

/// The resolution of a share of `images` as an SD. A share is a multiple of 1/images, and a
/// resolution of δ is an SD of δ/√12 (JCGM 100:2008, the GUM, F.2.2.1): 1/(images·√12). 0 for no
/// images: the resolution plays no role.
double resolution_sd(std::int64_t images);

/// The same of the difference of two such shares: √2·resolution_sd(images) = 1/(images·√6).
double difference_resolution_sd(std::int64_t images);

/// summary_of(differences) of such shares, but its ci95 assumes that the differences scatter at
/// least by their resolution: mean ± t(0.975, n − 1)·max(sd, difference_resolution_sd(images))/√n.
/// Two seeds with the same difference would otherwise have an interval of width 0, which excludes 0
/// in one of eight cases where nothing differs (risk_test.cpp).
SampleSummary paired_summary(const std::vector<double>& differences, std::int64_t images);

/// Whether paired differences are as likely to be negative as positive (Fisher 1935): of all 2ⁿ
/// ways to flip their signs, the share whose mean is at least as far from 0 as the one observed.
struct SignFlipTest {
  std::int64_t n = 0;
  double p_value = 1.0;  ///< two-sided, exact
  /// 2/2ⁿ: the smallest p that the test can give, however clear the data. 1 for n = 1.
  double smallest_p = 1.0;
};

/// The most differences that sign_flip_test accepts.
inline constexpr std::int64_t kMostSignFlips = 40;

/// All 2ⁿ flips are counted, none sampled: the sums of either half of the differences are listed
/// (2²⁰ at most) and then matched. Sums that differ by less than 10⁻⁹ of Σ|d| are ties. Throws
/// Error(usage) unless 1 ≤ n ≤ kMostSignFlips.
SignFlipTest sign_flip_test(const std::vector<double>& differences);

/// Why an equivalence is not shown.
enum class EquivalenceObstacle {
  too_few_seeds,             ///< below kFewestForEquivalence, or an interval wider than the margin
  interval_too_wide,         ///< it fits into the margin, but reaches beyond it
  difference_beyond_margin,  ///< all of the interval is beyond it
};

/// Whether the mean of paired differences of shares is within ±margin: two one-sided t-tests, both
/// of which have to reject (Schuirmann 1987). They assume that the differences are normal, with an
/// SD that is at least `least_sd`, and are corrected for continuity.
struct EquivalenceTest {
  double margin = 0.0;  ///< > 0, in the unit of the differences
  SampleSummary difference;
  double least_sd = 0.0;          ///< least_difference_sd; replaces a smaller difference.sd
  std::optional<Interval> ci90;   ///< of the mean difference, with the correction; n ≥ 2
  std::optional<double> p_lower;  ///< of the hypothesis mean ≤ −margin; n ≥ 2
  std::optional<double> p_upper;  ///< of the hypothesis mean ≥ margin; n ≥ 2
  std::optional<double> p_value;  ///< the greater of the two
  /// Absent where equivalence is shown: n ≥ kFewestForEquivalence and p_value < kOneSidedLevel,
  /// that is, ci90 is inside ±margin.
  std::optional<EquivalenceObstacle> obstacle;
};

/// The level of each of the two tests; their interval excludes as much on either side.
inline constexpr double kOneSidedLevel = 0.05;
/// Two differences say next to nothing about their scatter.
inline constexpr std::int64_t kFewestForEquivalence = 3;

/// p values adjusted for their number by Holm's method (1979), in their order: the i-th smallest of
/// m times m − i + 1, no less than those before it, at most 1. Rejecting what is below a level
/// keeps the risk of even one wrong rejection below that level, whatever the tests' dependence.
std::vector<double> holm_adjusted(const std::vector<double>& p_values);

/// The least SD that the difference of two independent shares of `images` has if their true values
/// are `margin` apart: √(margin·(1 − margin)/images). The variances of two binomial shares add up,
/// and their sum is least where one of the shares is 0 or 1. 0 for no images: the resolution plays
/// no role. margin: beyond 1 as 1.
double least_difference_sd(double margin, std::int64_t images);

/// `images`: how many test images the shares are of; 0 for values of any resolution. Few seeds on
/// few images may scatter less than they do in truth, or not at all: what scatters less than it
/// would if the hypothesis to be rejected were true, and the images independent, is taken to
/// scatter that much (least_difference_sd). The sum of n such differences is a whole number of
/// images, so half of one is added to its distance from 0 (the continuity correction of Yates
/// 1934); few wrong images would bring the risk to 5.4 % otherwise. Without images, differences
/// without scatter have p = 0 where they are inside the margin, else 1.
EquivalenceTest equivalence_test(const std::vector<double>& differences, double margin,
                                 std::int64_t images = 0);

/// Whether A is not worse than B by `margin` or more, of paired differences B − A of shares: the
/// upper of the two one-sided tests of equivalence_test, at kOneSidedLevel.
struct NonInferiorityTest {
  double margin = 0.0;  ///< > 0, in the unit of the differences
  SampleSummary difference;
  double least_sd = 0.0;          ///< as in EquivalenceTest
  std::optional<Interval> ci90;   ///< its upper end is the 95 % upper bound of the mean; n ≥ 2
  std::optional<double> p_value;  ///< of the hypothesis mean ≥ margin; n ≥ 2
  /// Absent where it is shown: n ≥ kFewestForEquivalence and p_value < kOneSidedLevel, that is,
  /// ci90->high is below the margin.
  std::optional<EquivalenceObstacle> obstacle;
};
NonInferiorityTest non_inferiority_test(const std::vector<double>& differences, double margin,
                                        std::int64_t images = 0);

}  // namespace mnist_bench
