#include "report/compare/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "report/compare/text.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct PredictedRun {
  StoredRun run;
  std::vector<Prediction> predictions;
};

/// 100 images, image i of class i % 2; the ones in `wrong` are misclassified.
PredictedRun predicted(const std::string& name, const std::vector<std::int64_t>& wrong) {
  PredictedRun result{.run = stored(sample_result(name)), .predictions = {}};
  ConfusionMatrix counts(2, std::vector<std::int64_t>(2, 0));
  for (std::int64_t i = 0; i < 100; ++i) {
    const bool is_wrong = std::find(wrong.begin(), wrong.end(), i) != wrong.end();
    const std::int64_t truth = i % 2;
    const std::int64_t answer = is_wrong ? 1 - truth : truth;
    result.predictions.push_back(
        {.index = i, .truth = truth, .predicted = answer, .probability = 0.9F});
    ++counts[static_cast<std::size_t>(truth)][static_cast<std::size_t>(answer)];
  }
  result.run.result.test->confusion = counts;
  result.run.result.test->metrics = classification_metrics(counts);
  result.run.result.data->test.samples = 100;
  result.run.result.parameters_sha256 = name;
  return result;
}

RunComparison compared(const PredictedRun& a, const PredictedRun& b) {
  return compare_runs(a.run, a.predictions, b.run, b.predictions);
}

/// The message of the refusal, which must be an Error with `code`.
template <typename Call>
std::string refusal(ExitCode code, Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return std::string(error.what()) + "\n" + error.remedy();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(CompareRuns, CountsTheFourKindsOfImagesByIndexWhateverTheOrder) {
  const PredictedRun a = predicted("a", {1, 2, 3, 4, 5, 6, 7});
  PredictedRun b = predicted("b", {7, 8});
  std::reverse(b.predictions.begin(), b.predictions.end());
  const RunComparison comparison = compared(a, b);
  EXPECT_EQ(comparison.images, 100);
  EXPECT_EQ(comparison.both_right, 92);
  EXPECT_EQ(comparison.both_wrong, 1);
  EXPECT_EQ(comparison.test.only_first_right, 1);
  EXPECT_EQ(comparison.test.only_second_right, 6);
  EXPECT_EQ(comparison.test.method, McNemarMethod::exact_binomial);
  EXPECT_DOUBLE_EQ(comparison.test.p_value, 0.125);
  EXPECT_DOUBLE_EQ(comparison.difference.difference, 0.05);
}

TEST(CompareRuns, RefusesOtherTestFilesOrAnotherPartOfThem) {
  const PredictedRun a = predicted("a", {1});
  PredictedRun b = predicted("b", {2});
  b.run.result.data->test.sha256 = "other";
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }),
              AllOf(HasSubstr("not tested on the same images"), HasSubstr("SHA-256 bb")));
  b = predicted("b", {2});
  b.run.result.data->test.samples = 50;
  b.run.result.config.data.test_limit = 50;
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }), HasSubstr("data.test_limit 50"));
  b.run.result.data.reset();
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }), HasSubstr("does not say"));
}

TEST(CompareRuns, RefusesPredictionsOfOtherImagesOrLabels) {
  const PredictedRun a = predicted("a", {1});
  PredictedRun b = predicted("b", {2});
  b.predictions[50].index = 1'000;
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }),
              HasSubstr("image 50 is only in the first"));
  b = predicted("b", {2});
  // Two labels swapped between images: the same confusion matrix, other images.
  std::swap(b.predictions[10].index, b.predictions[11].index);
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }),
              HasSubstr("image 10 is a 0 in the first and a 1 in the second"));
}

TEST(CompareRuns, RefusesARunThatDidNotComplete) {
  const PredictedRun a = predicted("a", {1});
  PredictedRun b = predicted("b", {2});
  b.run.result.status = RunStatus::interrupted;
  EXPECT_THAT(refusal(ExitCode::usage, [&] { compared(a, b); }), HasSubstr("interrupted"));
}

TEST(CompareRuns, SaysWhatDiffersAndWhatIsEqual) {
  PredictedRun a = predicted("a", {1});
  PredictedRun b = predicted("a", {1});
  EXPECT_THAT(compared(a, b).notes, ElementsAre(HasSubstr("same parameters")));
  b.run.result.config.seed = 2;
  b.run.result.config.training.epochs = 9;
  b.run.result.parameters_sha256 = "b";
  EXPECT_THAT(compared(a, b).notes, ElementsAre("the seeds differ: 1 and 2"));
  EXPECT_THAT(compared(a, b).config_differences, ElementsAre("training.epochs 2 → 9"));
}

TEST(CompareText, OfTwoRunsNamesSidesDirectionAndMethod) {
  const std::string text =
      compare_text(compared(predicted("a", {1, 2, 3, 4, 5, 6, 7}), predicted("b", {8})));
  EXPECT_THAT(text, HasSubstr("A  a seed 1 (runs/a/seed-1): 93 % of 100 images right"));
  EXPECT_THAT(text, HasSubstr("B  b seed 1 (runs/b/seed-1): 99 %"));
  EXPECT_THAT(text, HasSubstr("A wrong        7        0"));
  EXPECT_THAT(text, HasSubstr("accuracy, B - A: +6 percentage points"));
  EXPECT_THAT(text, HasSubstr("McNemar's test (exact binomial, 8 discordant images): p = 0.0703"));
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown. That is no proof of none"));
}

TEST(CompareText, OfManyDiscordantImagesUsesTheCorrectedStatistic) {
  std::vector<std::int64_t> wrong(40);
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] = static_cast<std::int64_t>(i);
  const std::string text = compare_text(compared(predicted("a", {}), predicted("b", wrong)));
  EXPECT_THAT(text, HasSubstr("χ² = 38.02 with continuity correction, 40 discordant images"));
  EXPECT_THAT(text, HasSubstr("A is right on more of these images than B"));
  EXPECT_THAT(text, HasSubstr("only several seeds of each can tell"));
}

TEST(CompareText, OfEqualAnswersClaimsNothing) {
  EXPECT_THAT(compare_text(compared(predicted("a", {3}), predicted("b", {3}))),
              AllOf(HasSubstr("p = 1"), HasSubstr("on the same images: no difference shown")));
}

// Groups

TEST(CompareGroups, PairsBySeedAndNamesWhatIsLeftOut) {
  std::vector<StoredRun> of_a = runs_with("a", {9'700, 9'710, 9'720, 9'700});
  std::vector<StoredRun> of_b = runs_with("b", {9'800, 9'815, 9'800});
  of_b.push_back(stored(run_with("b", 7, 5'000)));
  const GroupComparison comparison =
      compare_groups(group_runs(of_a).front(), group_runs(of_b).front());
  EXPECT_THAT(comparison.seeds, ElementsAre(1, 2, 3));
  EXPECT_THAT(comparison.only_in_a, ElementsAre(4));
  EXPECT_THAT(comparison.only_in_b, ElementsAre(7));
  const MeasureComparison& accuracy = comparison.measures.front();
  EXPECT_EQ(accuracy.measure->key, "accuracy");
  EXPECT_EQ(accuracy.difference.n, 3);
  EXPECT_NEAR(accuracy.difference.mean.value(), 0.0095, 1e-12);
  EXPECT_NEAR(accuracy.b.mean.value(), 0.9805, 1e-12);
  EXPECT_DOUBLE_EQ(comparison.judgement.test->p_value, 0.25);
  const std::string text = compare_text(comparison);
  EXPECT_THAT(text, HasSubstr("left out, only in A: seed 4"));
  EXPECT_THAT(text, HasSubstr("left out, only in B: seed 7"));
}

TEST(CompareGroups, CountACopyWhoseSeedIsAnotherOnce) {
  std::vector<StoredRun> copies;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    copies.push_back(stored(run_with("b", 1, 9'800)));
    copies.back().folder = "copies/" + std::to_string(seed);
    copies.back().result.config.seed = seed;
  }
  const GroupComparison comparison = compare_groups(
      group_with("a", {9'700, 9'710, 9'705, 9'701, 9'702, 9'703}), group_runs(copies).front());
  EXPECT_THAT(comparison.seeds, ElementsAre(1));
  EXPECT_THAT(comparison.warnings, testing::Contains(HasSubstr("copies/6 does not")));
}

TEST(CompareGroups, RefusesGroupsWithoutACommonSeedAndOtherTestSets) {
  const RunGroup a = group_with("a", {9'700});
  EXPECT_THAT(
      refusal(ExitCode::usage,
              [&] { compare_groups(a, group_runs({stored(run_with("b", 2, 9'800))}).front()); }),
      HasSubstr("no seed in common: A completed 1, B 2"));
  RunResult other = run_with("b", 1, 9'800);
  other.data->test.sha256 = "other";
  EXPECT_THAT(
      refusal(ExitCode::usage, [&] { compare_groups(a, group_runs({stored(other)}).front()); }),
      HasSubstr("not tested on the same images"));
}

TEST(CompareGroups, OfTheSameExperimentSayThatOnlyTheMachineCanDiffer) {
  const GroupComparison comparison =
      compare_groups(group_with("a", {9'700, 9'710}), group_with("a", {9'700, 9'715}));
  EXPECT_THAT(comparison.notes,
              ElementsAre(HasSubstr("the same experiment"),
                          HasSubstr("same parameters, to the bit, for seed 1, 2")));
  EXPECT_EQ(comparison.a.label, "a");
}

TEST(CompareGroups, TellDevicesApart) {
  std::vector<StoredRun> gpu = runs_with("mlp", {9'800, 9'810});
  for (StoredRun& run : gpu) move_to_gpu(run.result, "H200");
  const GroupComparison comparison =
      compare_groups(group_runs(runs_with("mlp", {9'700, 9'710})).front(), group_runs(gpu).front());
  EXPECT_EQ(comparison.a.label, "mlp on CPU");
  EXPECT_EQ(comparison.b.label, "mlp on CUDA (H200)");
  EXPECT_THAT(comparison.notes, testing::Contains(HasSubstr("A ran on CPU, B on CUDA (H200)")));
  EXPECT_THAT(comparison.notes, Not(testing::Contains(HasSubstr("only machine"))));
}

TEST(CompareGroups, LabelNamesakesByWhatDiffers) {
  std::vector<StoredRun> of_b = runs_with("a", {9'800});
  of_b[0].result.config.optimizer.learning_rate = 0.01;
  const GroupComparison comparison =
      compare_groups(group_with("a", {9'700}), group_runs(of_b).front());
  EXPECT_EQ(comparison.b.label, "a optimizer.learning_rate=0.01");
  EXPECT_THAT(comparison.config_differences, ElementsAre("optimizer.learning_rate 0.001 → 0.01"));
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
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown. That is no proof of none"));
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
  EXPECT_EQ(comparison.measures.front().difference.n, 100);
  EXPECT_GT(comparison.measures.front().difference.ci95->low, 0.0);
  EXPECT_EQ(comparison.judgement.conclusion, Conclusion::not_shown);
  EXPECT_THAT(compare_text(comparison),
              AllOf(HasSubstr("exact, all 2^40 flips"),
                    HasSubstr("test and verdict are those of the first 40 seeds"),
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
  EXPECT_THAT(text, HasSubstr("anything from -97 to 100 percentage points"));
}

TEST(CompareText, WithEqualGroupsClaimsNothing) {
  EXPECT_THAT(compare_text(
                  compare_groups(group_with("a", {9'800, 9'810}), group_with("b", {9'800, 9'810}))),
              HasSubstr("same accuracy for every seed: no difference shown"));
}

// Equivalence

GroupComparison compared_within(double points, const std::vector<std::int64_t>& right_of_b) {
  return compare_groups(group_with("a", std::vector<std::int64_t>(right_of_b.size(), 9'800)),
                        group_with("b", right_of_b), points / 100.0);
}

TEST(CompareText, SaysThatGroupsAreEquivalentWhereTheIntervalLiesInsideTheMargin) {
  const std::string text = compare_text(compared_within(0.1, {9'806, 9'796, 9'805, 9'800, 9'796}));
  // scipy.stats.ttest_1samp([6, -4, 5, 0, -4], 0).confidence_interval(.9), in images;
  // p: statsmodels' ttost_paired within ± 9.9 of them, half an image of five seeds less than the
  // margin's 10. An SD of 4.8 images is more than √10.
  EXPECT_THAT(text, HasSubstr("\nequivalence within ± 0.10 points of accuracy (two one-sided "
                              "t-tests): 90 % interval -0.04 to +0.05, p = 0.00605\n"));
  EXPECT_THAT(text, HasSubstr("Equivalent within ± 0.10 points: the 90 % interval of the mean "
                              "difference, -0.04 to +0.05, lies inside the margin. This speaks"));
  EXPECT_THAT(text, HasSubstr("No difference in accuracy shown."));
}

TEST(CompareText, WhereEquivalenceIsNotShownSaysWhyAndNeverThatTheGroupsDiffer) {
  const auto sentence = [](double points, const std::vector<std::int64_t>& right_of_b) {
    const std::string text =
        equivalence_verdict(*compared_within(points, right_of_b).equivalence, 10'000);
    EXPECT_THAT(text, StartsWith("Not shown to be equivalent within ± "));
    EXPECT_THAT(text, Not(HasSubstr("different")));
    return text;
  };
  EXPECT_THAT(sentence(0.1, {9'800}), HasSubstr("± 0.10 points: too few seeds, n = 1"));
  EXPECT_THAT(sentence(0.1, {9'800, 9'800}),
              HasSubstr("too few seeds, n = 2; their scatter takes"));
  EXPECT_THAT(sentence(0.1, {9'790, 9'812, 9'790}),
              HasSubstr("too few seeds for their scatter; the 90 % interval of the mean "
                        "difference, -0.24 to +0.19, is wider than the margin"));
  EXPECT_THAT(sentence(0.1, {9'811, 9'803, 9'810, 9'808}),
              HasSubstr("interval of the mean difference, +0.04 to +0.12, reaches beyond"));
  EXPECT_THAT(sentence(0.105, {9'813, 9'822, 9'817, 9'820}),
              AllOf(HasSubstr("± 0.105 points: the 90 % interval of the mean "),
                    HasSubstr("lies beyond the margin.")));
}

TEST(CompareText, WithoutScatterTakesTheOneThatSoManyImagesHave) {
  // √(0.001·0.999/10,000) is 0.0316 points; t(0.95, 2)/√3 of it, 0.0533, is half the interval.
  EXPECT_THAT(equivalence_verdict(*compared_within(0.1, {9'800, 9'800, 9'800}).equivalence, 10'000),
              AllOf(StartsWith("Equivalent within ± 0.10 points"),
                    HasSubstr("difference, -0.05 to +0.05, lies inside the margin. The seeds "
                              "scatter by an SD of 0.000 points, less than 10,000 independent "
                              "images would (0.032): the 90 % interval takes the latter.")));
  EXPECT_THAT(equivalence_verdict(*compared_within(0.1, {9'805, 9'805, 9'805}).equivalence, 10'000),
              AllOf(StartsWith("Not shown to be equivalent"), HasSubstr("reaches beyond")));
  EXPECT_THAT(equivalence_verdict(*compared_within(0.1, {9'820, 9'820, 9'820}).equivalence, 10'000),
              HasSubstr("lies beyond the margin."));
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
  EXPECT_THAT(text, HasSubstr("warning: the groups differ in threads (A: 2; B: 1)"));
}

// JSON

TEST(CompareJson, OfRunsHoldsTableDifferenceAndTest) {
  const auto json =
      compare_json(compared(predicted("a", {1, 2, 3, 4, 5, 6, 7}), predicted("b", {7, 8})));
  EXPECT_EQ(json["schema"], "mnist-bench.compare/1");
  EXPECT_EQ(json["kind"], "runs");
  EXPECT_EQ(json["images"]["only_b_right"], 6);
  EXPECT_EQ(json["mcnemar"]["method"], "exact_binomial");
  EXPECT_TRUE(json["mcnemar"]["statistic"].is_null());
  EXPECT_EQ(json["difference"]["b_minus_a"], 0.05);
  EXPECT_EQ(json["a"]["accuracy"], 0.93);
  EXPECT_FALSE(json["verdict"].get<std::string>().empty());
}

TEST(CompareJson, OfGroupsHoldsEachSeedsDifference) {
  const auto json = compare_json(
      compare_groups(group_with("a", {9'700, 9'710}), group_with("b", {9'800, 9'820})));
  EXPECT_EQ(json["kind"], "groups");
  EXPECT_EQ(json["seeds"].size(), 2U);
  const auto& accuracy = json["measures"]["accuracy"];
  EXPECT_EQ(accuracy["b_minus_a_by_seed"].size(), 2U);
  EXPECT_NEAR(accuracy["b_minus_a"]["mean"].get<double>(), 0.0105, 1e-12);
  EXPECT_EQ(json["sign_flip"]["smallest_p"], 0.5);
  EXPECT_THAT(json["warnings"], IsEmpty());
}

TEST(CompareJson, OfGroupsHoldsTheEquivalenceTest) {
  const auto shown = compare_json(compared_within(0.1, {9'801, 9'799, 9'802}))["equivalence"];
  EXPECT_EQ(shown["margin"], 0.001);
  EXPECT_EQ(shown["n"], 3);
  EXPECT_EQ(shown["equivalent"], true);
  EXPECT_TRUE(shown["reason"].is_null());
  EXPECT_EQ(shown["p"], std::max(shown["p_lower"].get<double>(), shown["p_upper"].get<double>()));
  EXPECT_LT(shown["ci90"][0].get<double>(), shown["ci90"][1].get<double>());
  const auto reason = [](const std::vector<std::int64_t>& right_of_b) {
    const auto test = compare_json(compared_within(0.1, right_of_b))["equivalence"];
    EXPECT_EQ(test["equivalent"], false);
    return test["reason"].get<std::string>();
  };
  EXPECT_EQ(reason({9'800, 9'850}), "too_few_seeds");
  EXPECT_EQ(reason({9'808, 9'811, 9'807, 9'809}), "interval_too_wide");
  EXPECT_EQ(reason({9'850, 9'851, 9'849}), "difference_beyond_margin");
  const auto of_one = compare_json(compared_within(0.1, {9'800}))["equivalence"];
  EXPECT_TRUE(of_one["ci90"].is_null());
  EXPECT_TRUE(of_one["p"].is_null());
  EXPECT_EQ(of_one["reason"], "too_few_seeds");
}

}  // namespace
}  // namespace mnist_bench
