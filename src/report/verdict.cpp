#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/compare_text.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr const char* kScopeOfRuns =
    "This speaks of these two trained networks on these images. Whether the same configs would "
    "differ so with other seeds, only several seeds of each can tell.";
constexpr const char* kScopeOfGroups =
    "This speaks of these two configs on this test set and of the choice of the seed, not of other "
    "data or settings.";

/// The better side of a difference B − A.
const char* better(double difference) { return difference > 0 ? "B" : "A"; }
const char* worse(double difference) { return difference > 0 ? "A" : "B"; }

/// "0.42" of ±0.0042, to the digits that half the interval's width supports.
std::string points(double share, const Interval& interval) {
  const double half = 100.0 * (interval.high - interval.low) / 2.0;
  return rounded(100.0 * share, decimals_for(half, /*magnitude=*/100.0, /*otherwise=*/2));
}

bool excludes_zero(const Interval& interval) { return interval.low > 0.0 || interval.high < 0.0; }

std::string verdict_on(const MeasureComparison& accuracy, const std::optional<SignFlipTest>& test) {
  const Spread& difference = accuracy.difference;
  if (difference.n < 2) {
    return "One seed shows no scatter: there is no interval and no test of a difference. Compare "
           "the predictions of the two runs instead, or run more seeds.";
  }
  if (difference.minimum == 0.0 && difference.maximum == 0.0) {
    return "A and B have the same accuracy for every seed: no difference shown.";
  }
  const Interval& interval = *difference.ci95;
  const double mean = *difference.mean;
  const bool test_shows = test && test->p_value < kLevel;
  const bool test_could = test && test->smallest_p < kLevel;
  if (!excludes_zero(interval)) {
    if (test_shows) {
      return "Test and interval disagree about 0: take the difference as not shown.";
    }
    return fmt::format(
        "No difference in accuracy shown. That is no proof of none: the interval allows anything "
        "from {} to {} percentage points.",
        points(interval.low, interval), points(interval.high, interval));
  }
  const std::string gap =
      fmt::format("{}'s accuracy is higher than {}'s", better(mean), worse(mean));
  if (test_shows || !test) {  // with too many seeds to count all flips, the interval can be trusted
    return fmt::format(
        "{}, by about {} percentage points: more than the scatter of {} seeds explains.", gap,
        points(std::abs(mean), interval), difference.n);
  }
  if (test_could) return "Interval and test disagree about 0: take the difference as not shown.";
  return fmt::format(
      "{} with these seeds, and the interval leaves out 0. But it takes the differences to be "
      "normally distributed, which {} seeds cannot show, and the test that needs no such "
      "assumption cannot decide with so few: suggested, not shown.",
      gap, difference.n);
}

}  // namespace

std::string verdict(const RunComparison& comparison) {
  const double difference = comparison.difference.difference;
  std::string text;
  if (comparison.test.only_first_right + comparison.test.only_second_right == 0) {
    text = "A and B are right and wrong on the same images: no difference shown.";
  } else if (comparison.test.p_value < kLevel) {
    text = fmt::format(
        "{} is right on more of these images than {}, by {} percentage points; if both erred "
        "equally "
        "often, a gap this wide would be rare ({}).",
        better(difference), worse(difference),
        points(std::abs(difference), comparison.difference.ci95), p_text(comparison.test.p_value));
  } else {
    const Interval& interval = comparison.difference.ci95;
    text = fmt::format(
        "No difference in accuracy shown. That is no proof of none: the interval allows anything "
        "from {} to {} percentage points.",
        points(interval.low, interval), points(interval.high, interval));
  }
  return text + " " + kScopeOfRuns;
}

std::string verdict(const GroupComparison& comparison) {
  std::string text = verdict_on(comparison.measures.front(), comparison.test);
  if (comparison.equivalence) text += " " + equivalence_verdict(*comparison.equivalence);
  return text + " " + kScopeOfGroups;
}

}  // namespace mnist_bench
