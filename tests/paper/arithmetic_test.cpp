#include "paper/arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/summary.h"
#include "paper/paper_runs.h"

namespace mnist_bench {
namespace {

TEST(PaperArithmetic, AttainableMacroRecallIsThatOfALinearProgram) {
  ASSERT_GE(oracle()["attainable_macro_recall"].size(), 30U);
  for (const auto& expected : oracle()["attainable_macro_recall"]) {
    const Interval range =
        attainable_macro_recall(expected["sizes"].get<Sizes>(), expected["accuracy"].get<double>());
    EXPECT_NEAR(range.low, expected["low"].get<double>(), 1e-9) << expected;
    EXPECT_NEAR(range.high, expected["high"].get<double>(), 1e-9) << expected;
  }
}

TEST(PaperArithmetic, LeastRecallDeviationIsThatOfTheLeastNormSolution) {
  for (const auto& expected : oracle()["least_recall_sd"]) {
    const auto sd =
        least_recall_sd(expected["sizes"].get<Sizes>(), expected["accuracy"].get<double>(),
                        expected["macro_recall"].get<double>());
    EXPECT_NEAR(sd.value(), expected["sd"].get<double>(), 1e-9) << expected;
  }
  EXPECT_FALSE(least_recall_sd(Sizes(10, 1000), 0.9, 0.8).has_value());
}

TEST(PaperArithmetic, LargestSmallestClassIsWhatBisectionFinds) {
  for (const auto& expected : oracle()["largest_smallest_class"]) {
    EXPECT_NEAR(largest_smallest_class(expected["classes"].get<std::int64_t>(),
                                       expected["accuracy"].get<double>(),
                                       expected["macro_recall"].get<double>()),
                expected["share"].get<double>(), 1e-7)
        << expected;
  }
}

TEST(PaperArithmetic, Equation22OverTheClassesIsThatOfConfusionMatrices) {
  for (const auto& expected : oracle()["one_against_rest"]) {
    EXPECT_NEAR(one_against_rest_accuracy(expected["classes"].get<std::int64_t>(),
                                          expected["accuracy"].get<double>()),
                expected["mean"].get<double>(), 1e-12)
        << expected;
  }
}

TEST(PaperArithmetic, NextRunIntervalIsThatOfScipysT) {
  for (const auto& expected : oracle()["next_run"]) {
    const auto interval =
        next_run_interval(summary_of(expected["values"].get<std::vector<double>>()));
    EXPECT_NEAR(interval->low, expected["low"].get<double>(), 1e-9) << expected;
    EXPECT_NEAR(interval->high, expected["high"].get<double>(), 1e-9) << expected;
  }
  EXPECT_FALSE(next_run_interval(summary_of({0.5})).has_value());
}

TEST(PaperArithmetic, RunsForSignificanceAreThoseOfScipysWelchTest) {
  for (const auto& expected : oracle()["significance"]) {
    EXPECT_EQ(runs_for_significance(expected["difference"].get<double>(),
                                    expected["sd_a"].get<double>(), expected["sd_b"].get<double>()),
              expected["runs"].get<std::int64_t>())
        << expected;
  }
}

TEST(PaperArithmetic, AdamsTwoStepsDifferAsInDecimalArithmetic) {
  for (const auto& expected : oracle()["adam"]) {
    EXPECT_NEAR(adam_step_ratio(expected["v"].get<double>(), expected["epsilon"].get<double>()),
                expected["ratio"].get<double>(), 1e-12)
        << expected;
  }
}

TEST(PaperArithmetic, ConvolutionsAreCountedAsByGoingThroughThem) {
  for (const auto& expected : oracle()["convolution"]) {
    const auto number = [&](const char* key) { return expected[key].get<std::int64_t>(); };
    const layer::Conv2d inputs{.channels = number("inputs")};
    const layer::Conv2d conv{
        .channels = number("outputs"), .kernel = number("kernel"), .padding = number("kernel") / 2};
    const ModelSummary summary = summarize(
        LayersConfig{
            {{{}, inputs}, {{}, conv}, {{}, layer::GlobalAvgPool2d{}}, {{}, layer::Linear{}}}},
        {.rows = number("side"), .columns = number("side")}, /*classes=*/2);
    EXPECT_EQ(summary.layers.at(1).macs, number("macs"));
    EXPECT_EQ(summary.layers.at(1).parameters, number("parameters"));
  }
}

TEST(PaperArithmetic, TestsWhetherClassesAreEquallyLikely) {
  EXPECT_EQ(equal_classes_p({20, 20, 20}), 1.0);
  // Of three classes the statistic, 100/20 + 0 + 100/20, has two degrees of freedom.
  EXPECT_NEAR(equal_classes_p({10, 20, 30}), std::exp(-10.0 / 2.0), 1e-15);
}

TEST(PaperArithmetic, MeasuresTheRoundingOfTheGradient) {
  const double error = float_gradient_error({784, 256, 128, 10});
  EXPECT_EQ(error, float_gradient_error({784, 256, 128, 10}));
  EXPECT_GT(error, 0.0) << "float32 rounds";
  EXPECT_LT(error, 1e-5);
}

}  // namespace
}  // namespace mnist_bench
