#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "record/metric_table.h"
#include "report/compare/text.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr const char* kScopeOfRuns =
    "This is about these two trained models on these images. To see whether the configs differ, "
    "compare several seeds of each.";
constexpr const char* kScopeOfGroups =
    "This is about these two configs, this test set and the choice of the seed, not about other "
    "data or settings.";
constexpr const char* kScopeOfDeterministic =
    "This is about these configs and this test set, not about other data or settings.";
constexpr const char* kScopeOfFamily =
    "This is about these configs, this test set and the choice of the seed, not about other data "
    "or settings.";

/// The better side of a difference B − A.
const char* better(double difference) { return difference > 0 ? "B" : "A"; }
const char* worse(double difference) { return difference > 0 ? "A" : "B"; }

/// "0.42" of 0.0042 ± `uncertainty`, to the digits that it and the images support.
std::string points(double share, double uncertainty, std::int64_t images) {
  return rounded(100.0 * share,
                 std::min(decimals_for(100.0 * uncertainty, /*magnitude=*/100.0, /*otherwise=*/2),
                          decimals_of_images(images)));
}

double half_width(const Interval& interval) { return (interval.high - interval.low) / 2.0; }

/// `left_out`: seeds that the tests do not use.
std::string nothing_shown(const Interval& interval, double uncertainty, std::int64_t images,
                          std::int64_t left_out = 0) {
  const Interval possible = within_range_of_differences(interval, metric_of(kAccuracyKey));
  return fmt::format(
      "No difference in accuracy shown. That does not show there is none: the interval{} allows {} "
      "to {} percentage points.",
      left_out > 0 ? fmt::format(" of the first {} seeds", kMostSignFlips) : "",
      points(possible.low, uncertainty, images), points(possible.high, uncertainty, images));
}

/// What the interval takes for the seeds' scatter where that is less than accuracies can tell.
std::string resolution_of(const SampleSummary& difference, std::int64_t images) {
  if (!difference.sd || *difference.sd >= difference_resolution_sd(images)) return "";
  if (*difference.mean == 0.0) return "";
  return fmt::format(
      " The seeds scatter by less than one of {} images: this interval uses that resolution.",
      with_commas(images));
}

/// Of two sides that no seed changes.
std::string deterministic_conclusion(const SampleSummary& difference, std::int64_t images) {
  const double mean = *difference.mean;
  if (mean == 0.0) return "A and B have the same accuracy, whatever the seed.";
  return fmt::format(
      "{}'s accuracy is higher than {}'s by {} percentage points, whatever the seed: there is no "
      "scatter to test with. Test the predictions of the two runs instead: compare RUN RUN.",
      better(mean), worse(mean), points(std::abs(mean), /*uncertainty=*/0.0, images));
}

/// What the judge says, and why.
std::string conclusion_text(const Judgement& judgement, std::int64_t images) {
  const SampleSummary& difference = judgement.difference;
  if (difference.is_deterministic) return deterministic_conclusion(difference, images);
  if (difference.n < 2) {
    return "One seed shows no scatter: there is no interval and no test of a difference. Compare "
           "the predictions of the two runs instead, compare RUN RUN, or train more seeds.";
  }
  if (difference.minimum == 0.0 && difference.maximum == 0.0) {
    return "A and B have the same accuracy for every seed: no difference shown.";
  }
  const Interval& interval = *difference.ci95;
  const double mean = *difference.mean;
  const std::string gap =
      fmt::format("{}'s accuracy is higher than {}'s", better(mean), worse(mean));
  switch (judgement.conclusion) {
    case Conclusion::shown:
      return fmt::format(
          "{}, by about {} percentage points: more than the scatter of {} seeds explains.", gap,
          points(std::abs(mean), *difference.sd, images), difference.n);
    case Conclusion::suggested:
      if (difference.n >= kFewestSeeds) {
        return fmt::format(
            "{} with these seeds, and the interval excludes 0. But it assumes normally distributed "
            "differences, and the test that needs no such assumption does not confirm it: "
            "suggested, not shown.",
            gap);
      }
      return fmt::format(
          "{} with these seeds, and the interval excludes 0. But it assumes normally distributed "
          "differences, which {} seeds cannot show, and the test that needs no such assumption "
          "cannot decide with so few: suggested, not shown.",
          gap, difference.n);
    case Conclusion::not_shown:
      break;
  }
  if (judgement.test->p_value < kLevel) {
    return "Test and interval disagree about 0: take the difference as not shown.";
  }
  return nothing_shown(interval, *difference.sd, images, judgement.left_out);
}

}  // namespace

std::string conclusion_text(const RunComparison& comparison) {
  const double difference = comparison.difference.difference;
  std::string text;
  if (comparison.test.only_first_right + comparison.test.only_second_right == 0) {
    text = "A and B are right and wrong on the same images: no difference shown.";
  } else if (comparison.test.p_value < kLevel) {
    text = fmt::format(
        "{} is right on more of these images than {}, by {} percentage points; if both erred "
        "equally often, a gap this wide would be rare ({}).",
        better(difference), worse(difference),
        points(std::abs(difference), half_width(comparison.difference.ci95), comparison.images),
        p_text(comparison.test.p_value));
  } else {
    const Interval& interval = comparison.difference.ci95;
    text = nothing_shown(interval, half_width(interval), comparison.images);
  }
  return text + " " + kScopeOfRuns;
}

std::string conclusion_text(const GroupComparison& comparison) {
  std::string text = conclusion_text(comparison.judgement, comparison.images) +
                     resolution_of(comparison.judgement.difference, comparison.images);
  if (comparison.equivalence) {
    text += " " + equivalence_conclusion(*comparison.equivalence, comparison.images);
  }
  if (comparison.not_worse) {
    text += " " + not_worse_conclusion(*comparison.not_worse, comparison.images);
  }
  const bool one_value = comparison.judgement.difference.is_deterministic;
  return text + " " + (one_value ? kScopeOfDeterministic : kScopeOfGroups);
}

std::string conclusion_text(const FamilyComparison& family) {
  const std::size_t tested = tested_pairs(family);
  if (tested == 0) {
    return std::string(
               "No seed changes any of these groups: there is no scatter to test with. "
               "Test the predictions of two runs instead: compare RUN RUN. ") +
           kScopeOfDeterministic;
  }
  std::vector<std::string> shown;
  std::vector<std::string> suggested;
  std::vector<std::string> untested;
  std::size_t neither = 0;
  for (const GroupComparison& pair : family.pairs) {
    const bool b_higher = pair.judgement.b_is_higher();
    const std::string higher =
        fmt::format("{} higher than {}", b_higher ? pair.name_b : pair.name_a,
                    b_higher ? pair.name_a : pair.name_b);
    if (pair.judgement.difference.is_deterministic) {
      untested.push_back(pair.judgement.difference.mean == 0.0
                             ? fmt::format("{} and {} are equal", pair.name_a, pair.name_b)
                             : higher);
      continue;
    }
    switch (pair.judgement.conclusion) {
      case Conclusion::shown:
        shown.push_back(higher);
        break;
      case Conclusion::suggested:
        suggested.push_back(higher);
        break;
      case Conclusion::not_shown:
        ++neither;
        break;
    }
  }
  std::string text = fmt::format("Of {} of accuracy, {} {} shown{}.", counted(tested, "comparison"),
                                 shown.size(), singular_or_plural(shown.size(), "is", "are"),
                                 shown.empty() ? "" : fmt::format(": {}", fmt::join(shown, ", ")));
  if (!suggested.empty()) {
    text += fmt::format(" Suggested, not shown: {}.", fmt::join(suggested, ", "));
  }
  if (neither > 0) {
    text += fmt::format(" Not shown: {}, which does not show that these are equal.",
                        counted(neither, "other difference"));
  }
  if (!untested.empty()) {
    text += fmt::format(
        " Whatever the seed, and so without a test: {}. Test the predictions of two runs instead: "
        "compare RUN RUN.",
        fmt::join(untested, ", "));
  }
  return text + " " + kScopeOfFamily;
}

}  // namespace mnist_bench
