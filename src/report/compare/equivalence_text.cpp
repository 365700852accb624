#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.h"
#include "record/metric_table.h"
#include "report/compare/text.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr int kMostDecimals = 6;

/// Shares that are not further apart are the same but for rounding.
constexpr double kNoWidth = 1e-10;

/// Digits after the point for the ends of `interval`, in percentage points.
int decimals_of(const Interval& interval, double margin, std::int64_t images) {
  const double half = 100.0 * (interval.high - interval.low) / 2.0;
  int decimals = std::min(decimals_for(half, /*magnitude=*/100.0, /*otherwise=*/2),
                          decimals_of_images(images));
  const auto looks_like_the_margin = [&](double share) {
    return std::abs(std::abs(share) - margin) > kNoWidth &&
           rounded(100.0 * std::abs(share), decimals) == rounded(100.0 * margin, decimals);
  };
  while (decimals < kMostDecimals &&
         (looks_like_the_margin(interval.low) || looks_like_the_margin(interval.high))) {
    ++decimals;
  }
  return decimals;
}

/// What stands for the seeds' scatter where that is too small to be believed; else nothing.
std::string resolution_note(const SampleSummary& difference, double least_sd, std::int64_t images,
                            const char* used_by) {
  if (!difference.sd || *difference.sd >= least_sd) return "";
  const int decimals = decimals_for(100.0 * least_sd, 100.0, 2);
  return fmt::format(
      " The seeds scatter by an SD of {} points, less than {} independent images would ({}): the "
      "{} uses the latter.",
      rounded(100.0 * *difference.sd, decimals), with_commas(images),
      rounded(100.0 * least_sd, decimals), used_by);
}

std::string why_not_tested(const SampleSummary& difference) {
  if (difference.is_deterministic) {
    return "no seed changes either side, so that there is no scatter to test with";
  }
  return fmt::format("too few seeds, n = {}; {} are needed to see their scatter", difference.n,
                     kFewestForEquivalence);
}

std::string why_not(const EquivalenceTest& test, std::int64_t images) {
  if (test.difference.n < kFewestForEquivalence) return why_not_tested(test.difference);
  const std::string interval = equivalence_interval(test, images);
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
  return fmt::format("the 90 % interval of the mean difference, {}, is beyond the margin",
                     interval);
}

}  // namespace

std::string points_text(double margin) {
  // 100·0.001 is not quite 0.1: 12 digits are what a user types, not what multiplying leaves.
  const std::string typed = fmt::format("{:.12g}", 100.0 * margin);
  const std::string hundredths = fmt::format("{:.2f}", 100.0 * margin);
  return fmt::format("{} points", typed.size() > hundredths.size() ? typed : hundredths);
}

std::string margin_text(double margin) { return "± " + points_text(margin); }

std::string equivalence_interval(const EquivalenceTest& test, std::int64_t images) {
  if (!test.ci90) return "–";
  const int decimals = decimals_of(*test.ci90, test.margin, images);
  const Interval possible = within_range_of_differences(*test.ci90, metric_of(kAccuracyKey));
  return fmt::format("{} to {}", signed_text(100.0 * possible.low, decimals),
                     signed_text(100.0 * possible.high, decimals));
}

std::string equivalence_conclusion(const EquivalenceTest& test, std::int64_t images) {
  const std::string margin = margin_text(test.margin);
  if (test.difference.n < kFewestForEquivalence) {
    return fmt::format("Not shown to be equivalent within {}: {}.", margin, why_not(test, images));
  }
  const std::string note = resolution_note(test.difference, test.least_sd, images, "90 % interval");
  if (test.obstacle) {
    return fmt::format("Not shown to be equivalent within {}: {}.{}", margin, why_not(test, images),
                       note);
  }
  return fmt::format(
      "Equivalent within {}: the 90 % interval of the mean difference, {}, is inside the margin.{}",
      margin, equivalence_interval(test, images), note);
}

std::string not_worse_bound(const NonInferiorityTest& test, std::int64_t images) {
  if (!test.ci90) return "–";
  const Interval possible = within_range_of_differences(*test.ci90, metric_of(kAccuracyKey));
  return signed_text(100.0 * possible.high, decimals_of(*test.ci90, test.margin, images));
}

std::string not_worse_conclusion(const NonInferiorityTest& test, std::int64_t images) {
  const std::string worse = "worse than B by more than " + points_text(test.margin);
  if (test.difference.n < kFewestForEquivalence) {
    return fmt::format("A may be {}: {}.", worse, why_not_tested(test.difference));
  }
  return fmt::format("A {} {}: the one-sided 95 % upper bound of B - A, {}, is {} the margin.{}",
                     test.obstacle ? "may be" : "is not", worse, not_worse_bound(test, images),
                     test.obstacle ? "not below" : "below",
                     resolution_note(test.difference, test.least_sd, images, "bound"));
}

}  // namespace mnist_bench
