#include "report/compare/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "report/compare/compared_runs.h"
#include "report/compare/text.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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
  EXPECT_THAT(compared(a, b).notes, ElementsAre(HasSubstr("bit-identical parameters")));
  b.run.result.config.seed = 2;
  b.run.result.config.training.epochs = 9;
  b.run.result.parameters_sha256 = "b";
  EXPECT_THAT(compared(a, b).notes, ElementsAre("the seeds differ: 1 and 2"));
  EXPECT_THAT(compared(a, b).config_differences, ElementsAre("training.epochs 2 → 9"));
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
  const MetricComparison& accuracy = comparison.metrics.front();
  EXPECT_EQ(accuracy.metric->key, "accuracy");
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
  EXPECT_THAT(comparison.notes, ElementsAre(HasSubstr("the same experiment"),
                                            HasSubstr("bit-identical parameters for seed 1, 2")));
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
  std::get<AdamConfig>(of_b[0].result.config.optimizer).learning_rate = 0.01;
  const GroupComparison comparison =
      compare_groups(group_with("a", {9'700}), group_runs(of_b).front());
  EXPECT_EQ(comparison.b.label, "a optimizer.learning_rate=0.01");
  EXPECT_THAT(comparison.config_differences, ElementsAre("optimizer.learning_rate 0.001 → 0.01"));
}

TEST(CompareFamily, ComparesEachPairAsItselfAndAdjustsForTheirNumber) {
  const std::vector<RunGroup> groups = {
      group_with("a", {9'700, 9'712, 9'705, 9'709, 9'701, 9'704, 9'703}),
      group_with("b", {9'800, 9'815, 9'803, 9'811, 9'806, 9'801, 9'802}),
      group_with("c", {9'801, 9'812, 9'806, 9'809, 9'805, 9'802, 9'803})};
  const FamilyComparison family = compare_family(groups);
  ASSERT_EQ(family.pairs.size(), 3U);
  const GroupComparison& b_with_c = family.pairs[2];
  EXPECT_EQ(b_with_c.name_a + b_with_c.name_b, "BC");
  EXPECT_EQ(b_with_c.judgement.test->p_value,
            compare_groups(groups[1], groups[2]).judgement.test->p_value);
  EXPECT_DOUBLE_EQ(family.pairs[0].judgement.adjusted_p.value(), 3 * 2.0 / 128);
  // As large as the smallest, though twice 2/128 is less.
  EXPECT_DOUBLE_EQ(family.pairs[1].judgement.adjusted_p.value(), 3 * 2.0 / 128);
  EXPECT_EQ(family.pairs[1].judgement.conclusion, Conclusion::shown);
  EXPECT_EQ(b_with_c.judgement.conclusion, Conclusion::not_shown);
}

TEST(CompareFamily, NamesTheGroupsThatHaveNoSeedInCommon) {
  EXPECT_THAT(
      refusal(ExitCode::usage,
              [] {
                compare_family({group_with("a", {9'700, 9'710}), group_with("b", {9'800, 9'810}),
                                group_runs({stored(run_with("c", 3, 9'800))}).front()});
              }),
      HasSubstr("A and C have no seed in common: A completed 1, 2, C 3"));
}

}  // namespace
}  // namespace mnist_bench
