#include "report/compare/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/compare/compared_runs.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(CompareText, OfTwoRunsNamesSidesDirectionAndMethod) {
  const std::string text =
      compare_text(compared(predicted("a", {1, 2, 3, 4, 5, 6, 7}), predicted("b", {8})));
  EXPECT_THAT(text, HasSubstr("A  a seed 1 (runs/a/seed-1): 93 % of 100 images right"));
  EXPECT_THAT(text, HasSubstr("B  b seed 1 (runs/b/seed-1): 99 %"));
  EXPECT_THAT(text, HasSubstr("A wrong        7        0"));
  EXPECT_THAT(text, HasSubstr("accuracy, B - A: +6 percentage points"));
  EXPECT_THAT(text, HasSubstr("McNemar's test (exact binomial, 8 discordant images): p = 0.0703"));
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown. That does not show there is none"));
}

TEST(CompareText, OfManyDiscordantImagesUsesTheCorrectedStatistic) {
  std::vector<std::int64_t> wrong(40);
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] = static_cast<std::int64_t>(i);
  const std::string text = compare_text(compared(predicted("a", {}), predicted("b", wrong)));
  EXPECT_THAT(text, HasSubstr("χ² = 38.02 with continuity correction, 40 discordant images"));
  EXPECT_THAT(text, HasSubstr("A is right on more of these images than B"));
  EXPECT_THAT(text, HasSubstr("compare several seeds of each"));
}

TEST(CompareText, OfEqualAnswersClaimsNothing) {
  EXPECT_THAT(compare_text(compared(predicted("a", {3}), predicted("b", {3}))),
              AllOf(HasSubstr("p = 1"), HasSubstr("on the same images: no difference shown")));
}

TEST(CompareText, WithFiveSeedsSaysThatTheTestCannotReachItsLevel) {
  const std::string text =
      compare_text(compare_groups(group_with("a", {9'700, 9'712, 9'705, 9'709, 9'701}),
                                  group_with("b", {9'800, 9'815, 9'803, 9'811, 9'806})));
  EXPECT_THAT(text, HasSubstr("paired by seeds 1, 2, 3, 4, 5"));
  EXPECT_THAT(text, HasSubstr("5 of 5"));
  EXPECT_THAT(text, HasSubstr("p = 0.0625"));
  EXPECT_THAT(text,
              HasSubstr("n too small: with 5 seeds the smallest possible p is 2/2^5 = 0.0625"));
  EXPECT_THAT(text, HasSubstr("suggested, not shown"));
  EXPECT_THAT(text, HasSubstr("+1.02    +0.98 to +1.05"));
  EXPECT_THAT(text, Not(HasSubstr("scatter of 5 seeds explains")));
}

TEST(CompareText, WithSixClearSeedsSpeaksOfADifference) {
  const std::string text =
      compare_text(compare_groups(group_with("a", {9'800, 9'815, 9'803, 9'811, 9'806, 9'801}),
                                  group_with("b", {9'700, 9'712, 9'705, 9'709, 9'701, 9'704})));
  EXPECT_THAT(text, HasSubstr("p = 0.0312"));
  EXPECT_THAT(text, Not(HasSubstr("n too small")));
  EXPECT_THAT(text, HasSubstr("A's accuracy is higher than B's, by about"));
  EXPECT_THAT(text, HasSubstr("0 of 6"));
}

TEST(CompareText, WithOverlappingSeedsShowsNoDifferenceAndNoEquality) {
  const std::string text =
      compare_text(compare_groups(group_with("a", {9'800, 9'790, 9'810, 9'805, 9'795, 9'802}),
                                  group_with("b", {9'802, 9'795, 9'801, 9'799, 9'805, 9'797})));
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown. That does not show there is none"));
}

TEST(CompareText, WithOneSeedHasNoIntervalAndNoTest) {
  const std::string text =
      compare_text(compare_groups(group_with("a", {9'800}), group_with("b", {9'900})));
  EXPECT_THAT(text, ContainsRegex("accuracy \\[%\\] +98.00 +99.00 +[+]1.00 "));
  EXPECT_THAT(text, Not(HasSubstr("±  ")));
  EXPECT_THAT(text, Not(HasSubstr("± –")));
  EXPECT_THAT(text, HasSubstr("with 1 seed the smallest possible p is 2/2^1 = 1"));
  EXPECT_THAT(text, HasSubstr("there is no interval"));
}

TEST(CompareText, WithMoreSeedsThanCanBeCountedTestsTheFirstFortyAndSaysSo) {
  std::vector<std::int64_t> of_a;
  std::vector<std::int64_t> of_b;
  for (std::int64_t i = 0; i < 100; ++i) {
    of_a.push_back(9'700 + i % 7);
    of_b.push_back(9'700 + i % 7 + (i < 40 ? i % 2 * 2 - 1 : 1));  // ± 1 alternately, then + 1
  }
  const GroupComparison comparison = compare_groups(group_with("a", of_a), group_with("b", of_b));
  EXPECT_EQ(comparison.metrics.front().difference.n, 100);
  EXPECT_GT(comparison.metrics.front().difference.ci95->low, 0.0);
  EXPECT_EQ(comparison.judgement.conclusion, Conclusion::not_shown);
  EXPECT_THAT(compare_text(comparison),
              AllOf(HasSubstr("exact, all 2^40 flips"),
                    HasSubstr("test and conclusion are those of the first 40 seeds"),
                    HasSubstr("No difference in accuracy shown")));
  EXPECT_EQ(compare_json(comparison)["sign_flip"]["n"], 40);
  EXPECT_EQ(compare_json(comparison)["judgement"]["conclusion"], "not_shown");
}

TEST(CompareText, WithTheSameDifferenceForEachSeedInventsNoDigits) {
  EXPECT_THAT(compare_text(compare_groups(group_with("a", {9'700, 9'710, 9'733}),
                                          group_with("b", {9'800, 9'810, 9'833}))),
              ContainsRegex("accuracy [^\n]* [+]1.00 +[+]0.99 to [+]1.01 "));
}

TEST(CompareText, OfTwoSeedsIsPrintedAsTheirScatterAllowsAndEndsAt100Points) {
  const std::string text = compare_text(
      compare_groups(group_with("a", {2'000, 3'000}), group_with("b", {6'000, 5'000})));
  EXPECT_THAT(text, ContainsRegex("accuracy [^\n]* [+]30 +-97 to [+]100 "));
  EXPECT_THAT(text, HasSubstr("allows -97 to 100 percentage points"));
}

TEST(CompareText, WithEqualGroupsClaimsNothing) {
  EXPECT_THAT(compare_text(
                  compare_groups(group_with("a", {9'800, 9'810}), group_with("b", {9'800, 9'810}))),
              HasSubstr("same accuracy for every seed: no difference shown"));
}

// Equivalence

TEST(CompareText, SaysThatGroupsAreEquivalentWhereTheIntervalLiesInsideTheMargin) {
  const std::string text = compare_text(compared_within(0.1, {9'806, 9'796, 9'805, 9'800, 9'796}));
  // scipy.stats.ttest_1samp([6, -4, 5, 0, -4], 0).confidence_interval(.9), in images;
  // p: statsmodels' ttost_paired within ± 9.9 of them, half an image of five seeds less than the
  // margin's 10. An SD of 4.8 images is more than √10.
  EXPECT_THAT(text, HasSubstr("\nequivalence within ± 0.10 points of accuracy (two one-sided "
                              "t-tests): 90 % interval -0.04 to +0.05, p = 0.00605\n"));
  EXPECT_THAT(text, HasSubstr("Equivalent within ± 0.10 points: the 90 % interval of the mean "
                              "difference, -0.04 to +0.05, is inside the margin. This is about"));
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown."));
}

TEST(CompareText, WhereEquivalenceIsNotShownSaysWhyAndNeverThatTheGroupsDiffer) {
  const auto sentence = [](double points, const std::vector<std::int64_t>& right_of_b) {
    const std::string text =
        equivalence_conclusion(*compared_within(points, right_of_b).equivalence, 10'000);
    EXPECT_THAT(text, StartsWith("Not shown to be equivalent within ± "));
    EXPECT_THAT(text, Not(HasSubstr("different")));
    return text;
  };
  EXPECT_THAT(sentence(0.1, {9'800}), HasSubstr("± 0.10 points: too few seeds, n = 1"));
  EXPECT_THAT(sentence(0.1, {9'800, 9'800}),
              HasSubstr("too few seeds, n = 2; 3 are needed to see"));
  EXPECT_THAT(sentence(0.1, {9'790, 9'812, 9'790}),
              HasSubstr("too few seeds for their scatter; the 90 % interval of the mean "
                        "difference, -0.24 to +0.19, is wider than the margin"));
  EXPECT_THAT(sentence(0.1, {9'811, 9'803, 9'810, 9'808}),
              HasSubstr("interval of the mean difference, +0.04 to +0.12, reaches beyond"));
  EXPECT_THAT(sentence(0.105, {9'813, 9'822, 9'817, 9'820}),
              AllOf(HasSubstr("± 0.105 points: the 90 % interval of the mean "),
                    HasSubstr("is beyond the margin.")));
}

TEST(CompareText, WithoutScatterTakesTheOneThatSoManyImagesHave) {
  // √(0.001·0.999/10,000) is 0.0316 points; t(0.95, 2)/√3 of it, 0.0533, is half the interval.
  EXPECT_THAT(
      equivalence_conclusion(*compared_within(0.1, {9'800, 9'800, 9'800}).equivalence, 10'000),
      AllOf(StartsWith("Equivalent within ± 0.10 points"),
            HasSubstr("difference, -0.05 to +0.05, is inside the margin. The seeds "
                      "scatter by an SD of 0.000 points, less than 10,000 independent "
                      "images would (0.032): the 90 % interval uses the latter.")));
  EXPECT_THAT(
      equivalence_conclusion(*compared_within(0.1, {9'805, 9'805, 9'805}).equivalence, 10'000),
      AllOf(StartsWith("Not shown to be equivalent"), HasSubstr("reaches beyond")));
  EXPECT_THAT(
      equivalence_conclusion(*compared_within(0.1, {9'820, 9'820, 9'820}).equivalence, 10'000),
      HasSubstr("is beyond the margin."));
}

TEST(CompareText, SaysWhetherAIsNotWorseThanB) {
  // As above: 0.0446 points are the upper end of SciPy's 90 % interval, half an image of five seeds
  // more; p of ttost_paired's upper test at 9.9 images.
  const std::string text =
      compare_text(compared_one_sided(0.1, {9'806, 9'796, 9'805, 9'800, 9'796}));
  EXPECT_THAT(text,
              HasSubstr("\nA not worse than B by more than 0.10 points of accuracy (one-sided "
                        "t-test): one-sided 95 % upper bound of B - A +0.05, p = 0.00605\n"));
  EXPECT_THAT(text, HasSubstr("A is not worse than B by more than 0.10 points: the one-sided 95 % "
                              "upper bound of B - A, +0.05, is below the margin. This is about"));
  const auto sentence = [](const std::vector<std::int64_t>& right_of_b) {
    return not_worse_conclusion(*compared_one_sided(0.1, right_of_b).not_worse, 10'000);
  };
  EXPECT_THAT(sentence({9'700, 9'701, 9'699}), StartsWith("A is not worse than B by more than"));
  EXPECT_THAT(sentence({9'811, 9'803, 9'810, 9'808}),
              StartsWith("A may be worse than B by more than 0.10 points: the one-sided 95 % upper "
                         "bound of B - A, +0.12, is not below the margin."));
  EXPECT_THAT(sentence({9'800, 9'800}),
              StartsWith("A may be worse than B by more than 0.10 points: too few seeds, n = 2; 3 "
                         "are needed"));
  EXPECT_THAT(sentence({9'800, 9'800, 9'800}), HasSubstr("the bound uses the latter."));
}

TEST(CompareText, OfAThatIsWorseNamesTheBoundThatStandsBelowTheTable) {
  const std::vector<std::int64_t> far_above = {9'813, 9'822, 9'817, 9'820};
  const GroupComparison comparison = compared_one_sided(0.1, far_above);
  const std::string bound = not_worse_bound(*comparison.not_worse, 10'000);
  const std::string text = compare_text(comparison);
  EXPECT_THAT(text, HasSubstr("one-sided 95 % upper bound of B - A " + bound + ", p = "));
  EXPECT_THAT(text, HasSubstr("A may be worse than B by more than 0.10 points: the one-sided 95 % "
                              "upper bound of B - A, " +
                              bound + ", is not below the margin."));
  EXPECT_THAT(text, Not(HasSubstr("90 %")));
}

TEST(CompareText, ShowsEnoughDigitsToTellTheIntervalFromTheMargin) {
  EquivalenceTest test;
  test.margin = 0.001;
  test.ci90 = Interval{.low = -0.0002, .high = 0.0009996};
  EXPECT_EQ(equivalence_interval(test, 10'000), "-0.02000 to +0.09996");
}

TEST(CompareText, EndsTheIntervalOfEquivalenceAt100Points) {
  EquivalenceTest test;
  test.margin = 0.1;
  test.ci90 = Interval{.low = -1.53, .high = 0.4};
  EXPECT_EQ(equivalence_interval(test, 10'000), "-100 to +40");
}

TEST(CompareText, WithoutAMarginDoesNotSpeakOfEquivalence) {
  const GroupComparison comparison =
      compare_groups(group_with("a", {9'800, 9'810}), group_with("b", {9'800, 9'811}));
  EXPECT_THAT(compare_text(comparison), Not(HasSubstr("quivalen")));
  EXPECT_TRUE(compare_json(comparison)["equivalence"].is_null());
}

TEST(CompareText, OfTwoDeterministicGroupsDoesNotSpeakOfMoreSeeds) {
  const RunGroup one = knn_group({9'700, 9'700});
  const RunGroup other = knn_group({9'720, 9'720}, /*k=*/3);
  for (const Margins& margins : {Margins{.equivalence = 0.001}, Margins{.not_worse = 0.001}}) {
    const std::string text = compare_text(compare_groups(one, other, margins));
    EXPECT_THAT(text, HasSubstr("not tested, as no seed changes either side\n"));
    EXPECT_THAT(text, HasSubstr("\nB's accuracy is higher than A's by 0.20 percentage points, "
                                "whatever the seed: there is no scatter to test with."));
    EXPECT_THAT(text, HasSubstr("no seed changes either side, so that there is no scatter"));
    EXPECT_THAT(text, HasSubstr("This is about these configs and this test set, not about"));
    EXPECT_THAT(text, Not(AnyOf(HasSubstr("too few"), HasSubstr("it takes"), HasSubstr("too small"),
                                HasSubstr("choice of the seed"), HasSubstr("paired by"))));
  }
  EXPECT_THAT(compare_text(compare_groups(one, one)),
              HasSubstr("A and B have the same accuracy, whatever the seed."));
}

TEST(CompareText, OfThreeGroupsHasANoteOnOneOfThemOnce) {
  const std::string note = "note: C is deterministic: it has its one value at every seed\n";
  const std::string text = compare_text(compare_family(
      {group_with("a", {9'700, 9'712}), group_with("b", {9'800, 9'815}), knn_group({9'600})}));
  const std::size_t first = text.find(note);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(note, first + 1), std::string::npos);
}

TEST(CompareText, OfThreeGroupsTestsNoPairThatNoSeedChanges) {
  const RunGroup seven = group_with("a", {9'705, 9'700, 9'705, 9'700, 9'705, 9'700, 9'705});
  const std::string text =
      compare_text(compare_family({seven, knn_group({9'600}), knn_group({9'610}, 3)}));
  EXPECT_THAT(text, ContainsRegex("\nB - A +-1.0[0-9] .* 0 of 7 +0.0156 +0.0312 +shown\n"));
  EXPECT_THAT(text, ContainsRegex("\nC - B +[+]0.10 +– +– +– +– +no seed changes it\n"));
  EXPECT_THAT(text, HasSubstr("adjusted for 2 comparisons"));
  EXPECT_THAT(text, HasSubstr("Of 2 comparisons of accuracy, 2 are shown: A higher than B, A "
                              "higher than C. Whatever the seed, and so without a test: C higher "
                              "than B. Test the predictions of two runs instead"));
  EXPECT_THAT(text, Not(HasSubstr("Not shown")));
}

TEST(CompareText, OfThreeDeterministicGroupsDoesNotSpeakOfMoreSeeds) {
  const std::string text = compare_text(
      compare_family({knn_group({9'600}), knn_group({9'610}, 3), knn_group({9'620}, 5)}));
  EXPECT_THAT(text, HasSubstr("No seed changes any of these groups"));
  EXPECT_THAT(text, Not(AnyOf(HasSubstr("n too small"), HasSubstr("choice of the seed"))));
}

TEST(MarginText, HasTheDigitsThatWereTypedAndTwoAtLeast) {
  EXPECT_EQ(margin_text(0.1 / 100), "± 0.10 points");
  EXPECT_EQ(margin_text(0.3 / 100), "± 0.30 points");
  EXPECT_EQ(margin_text(0.007 / 100), "± 0.007 points");
  EXPECT_EQ(margin_text(0.125 / 100), "± 0.125 points");
  EXPECT_EQ(margin_text(1.0), "± 100.00 points");
}

TEST(CompareText, ShowsFailedRunsAndWarnings) {
  std::vector<StoredRun> of_b = runs_with("b", {9'800, 9'810});
  for (StoredRun& run : of_b) run.result.provenance->threads = 1;
  RunResult failed = sample_result("b", 3);
  failed.status = RunStatus::diverged;
  failed.error = "not finite";
  failed.test.reset();
  of_b.push_back(stored(failed));
  const std::string text =
      compare_text(compare_groups(group_with("a", {9'700, 9'705}), group_runs(of_b).front()));
  EXPECT_THAT(text, HasSubstr("failed: b seed 3: diverged: not finite"));
  EXPECT_THAT(text, HasSubstr("n = 2, 1 failed"));
  EXPECT_THAT(text, HasSubstr("warning: the groups differ in threads (2 threads: A; 1 thread: B)"));
}

FamilyComparison family_of_three(std::size_t seeds) {
  std::vector<RunGroup> groups;
  for (const std::int64_t right : {9'700, 9'800, 9'801}) {
    std::vector<std::int64_t> counts(seeds, right);
    for (std::size_t i = 0; i < seeds; i += 2) counts[i] += right == 9'801 ? -2 : 5;
    groups.push_back(group_with(std::string(1, static_cast<char>('k' + groups.size())), counts));
  }
  return compare_family(groups);
}

TEST(CompareText, OfThreeGroupsHasARowForEachPairWithBothPs) {
  const std::string text = compare_text(family_of_three(7));
  EXPECT_THAT(text, HasSubstr("C  m (runs/m), n = 7\n"));
  EXPECT_THAT(text, ContainsRegex("\nA +7 +97.0[0-9] ± 0.0[0-9]\n"));
  EXPECT_THAT(text, ContainsRegex("\nB - A +[+]1.00 .* 7 of 7 +0.0156 +0.0469 +shown\n"));
  EXPECT_THAT(text, ContainsRegex("\nC - B .* 3 of 7 .* not shown\n"));
  EXPECT_THAT(text, HasSubstr("adjusted for 3 comparisons"));
  EXPECT_THAT(text, HasSubstr("Of 3 comparisons of accuracy, 2 are shown: B higher than A, C "
                              "higher than A. Not shown: 1 other difference, which does not"));
  EXPECT_THAT(text, Not(HasSubstr("n too small")));
  for (std::size_t begin = 0; begin < text.find("points: "); begin = text.find('\n', begin) + 1) {
    EXPECT_LE(text.find('\n', begin) - begin, 80U);
  }
}

TEST(CompareText, OfThreeGroupsWithSixSeedsSaysThatNothingCanBeShown) {
  EXPECT_THAT(
      compare_text(family_of_three(6)),
      AllOf(HasSubstr("n too small: with 6 seeds the smallest possible p, 2/2^6, is 0.09375 "
                      "after the correction, so that it cannot fall below 0.05; that takes "
                      "7 seeds\n"),
            HasSubstr("0 are shown. Suggested, not shown: B higher than A, C higher")));
}

TEST(CompareJson, OfThreeGroupsHoldsTheSidesAndTheAdjustedP) {
  const auto json = compare_json(family_of_three(7));
  EXPECT_EQ(json["kind"], "family");
  EXPECT_EQ(json["correction"], "holm");
  EXPECT_EQ(json["groups"].size(), 3U);
  EXPECT_EQ(json["groups"][2]["group"], "C");
  EXPECT_EQ(json["groups"][2]["accuracy"]["n"], 7);
  const auto& pair = json["comparisons"][1];
  EXPECT_EQ(pair["a"]["group"], "A");
  EXPECT_EQ(pair["b"]["group"], "C");
  EXPECT_EQ(pair["judgement"]["conclusion"], "shown");
  EXPECT_EQ(pair["judgement"]["adjusted_p"], 3 * pair["sign_flip"]["p"].get<double>());
  EXPECT_EQ(pair["measures"]["accuracy"]["b_minus_a_by_seed"].size(), 7U);
  const auto two = compare_json(compare_groups(group_with("a", {1, 2}), group_with("b", {3, 5})));
  EXPECT_FALSE(two["judgement"].contains("adjusted_p"));
}

}  // namespace
}  // namespace mnist_bench
