#include "evaluate/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "evaluate/oracle.h"

namespace mnist_bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const nlohmann::json& metrics_oracle() {
  static const nlohmann::json values = oracle("metrics_oracle.json");
  return values;
}

TEST(ConfusionMatrix, HasTrueClassesAsRowsAndPredictedOnesAsColumns) {
  EXPECT_THAT(confusion_matrix({0, 0, 2, 1}, {1, 1, 0, 1}, 3),
              ElementsAre(ElementsAre(0, 2, 0), ElementsAre(0, 1, 0), ElementsAre(1, 0, 0)));
}

TEST(ConfusionMatrix, OfNothingIsAllZero) {
  EXPECT_THAT(confusion_matrix({}, {}, 2), ElementsAre(ElementsAre(0, 0), ElementsAre(0, 0)));
}

TEST(ConfusionMatrix, RefusesClassesOutOfRange) {
  EXPECT_THROW(confusion_matrix({0, 2}, {0, 0}, 2), Error);
  EXPECT_THROW(confusion_matrix({0, 0}, {0, -1}, 2), Error);
  EXPECT_THROW(confusion_matrix({0, 1}, {0}, 2), Error);
}

TEST(WilsonInterval, IsNothingWithoutTrials) { EXPECT_FALSE(wilson_interval95(0, 0)); }

TEST(WilsonInterval, IsTheOneComputedByHand) {
  // 1 of 1: z² = 3.841458820694124, low = 1 / (1 + z²).
  const auto interval = wilson_interval95(1, 1);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 1.0 / 4.841458820694124, kTolerance);
  EXPECT_EQ(interval->high, 1.0);
}

TEST(WilsonInterval, ReachesZeroAndOneExactlyAndNotBeyond) {
  for (const std::int64_t trials : {1, 7, 10'000, 697'932}) {
    EXPECT_EQ(wilson_interval95(0, trials)->low, 0.0);
    EXPECT_GT(wilson_interval95(0, trials)->high, 0.0);
    EXPECT_LT(wilson_interval95(trials, trials)->low, 1.0);
    EXPECT_EQ(wilson_interval95(trials, trials)->high, 1.0);
  }
}

TEST(WilsonInterval, AgreesWithStatsmodels) {
  ASSERT_GE(metrics_oracle()["wilson"].size(), 10U);
  for (const auto& expected : metrics_oracle()["wilson"]) {
    const auto interval = wilson_interval95(expected["successes"].get<std::int64_t>(),
                                            expected["trials"].get<std::int64_t>());
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, expected["low"].get<double>(), kTolerance) << expected;
    EXPECT_NEAR(interval->high, expected["high"].get<double>(), kTolerance) << expected;
  }
}

TEST(ClassificationMetrics, AreTheOnesComputedByHand) {
  const auto metrics = classification_metrics({{3, 1, 0}, {2, 4, 0}, {0, 1, 5}});
  EXPECT_EQ(metrics.samples, 16);
  EXPECT_DOUBLE_EQ(*metrics.accuracy, 12.0 / 16.0);
  ASSERT_EQ(metrics.per_class.size(), 3U);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].precision, 3.0 / 5.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].recall, 3.0 / 4.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].f1, 2.0 / 3.0);
  EXPECT_EQ(metrics.per_class[0].support, 4);
  EXPECT_DOUBLE_EQ(metrics.per_class[1].precision, 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[1].recall, 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[1].f1, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[2].precision, 1.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[2].recall, 5.0 / 6.0);
  EXPECT_DOUBLE_EQ(metrics.per_class[2].f1, 10.0 / 11.0);
  EXPECT_DOUBLE_EQ(metrics.macro.precision, (3.0 / 5.0 + 4.0 / 6.0 + 1.0) / 3.0);
  EXPECT_DOUBLE_EQ(metrics.macro.recall, (3.0 / 4.0 + 4.0 / 6.0 + 5.0 / 6.0) / 3.0);
  EXPECT_DOUBLE_EQ(metrics.macro.f1, (2.0 / 3.0 + 2.0 / 3.0 + 10.0 / 11.0) / 3.0);
  EXPECT_THAT(metrics.undefined, IsEmpty());
}

TEST(ClassificationMetrics, MacroF1IsTheMeanOfTheClassesF1) {
  const auto metrics = classification_metrics({{1, 9}, {0, 90}});
  const double first = 2.0 / 11.0;
  const double second = 180.0 / 189.0;
  EXPECT_DOUBLE_EQ(metrics.macro.f1, (first + second) / 2.0);
}

TEST(ClassificationMetrics, ListWhatIsUndefinedAndCountItAsZero) {
  // Class 1 is never predicted, class 2 never true, class 3 neither.
  const auto metrics =
      classification_metrics({{4, 0, 1, 0}, {2, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}});
  EXPECT_THAT(metrics.undefined,
              ElementsAre("precision[1]", "recall[2]", "precision[3]", "recall[3]", "f1[3]"));
  EXPECT_EQ(metrics.per_class[1].precision, 0.0);
  EXPECT_EQ(metrics.per_class[2].recall, 0.0);
  EXPECT_EQ(metrics.per_class[3].f1, 0.0);
  EXPECT_THAT(metrics.macro.classes, ElementsAre(0, 1, 2));
  EXPECT_DOUBLE_EQ(metrics.macro.precision, (4.0 / 6.0) / 3.0);
}

TEST(ClassificationMetrics, AverageOverTheClassesThatOccur) {
  // EMNIST Letters' labels begin at 1: what is all right is 100 %, not 26/27 of it.
  const auto metrics = classification_metrics({{0, 0, 0}, {0, 7, 0}, {0, 0, 4}});
  EXPECT_THAT(metrics.macro.classes, ElementsAre(1, 2));
  EXPECT_DOUBLE_EQ(metrics.macro.precision, 1.0);
  EXPECT_DOUBLE_EQ(metrics.macro.recall, 1.0);
  EXPECT_DOUBLE_EQ(metrics.macro.f1, 1.0);
  EXPECT_THAT(metrics.undefined, ElementsAre("precision[0]", "recall[0]", "f1[0]"));
}

TEST(OccurringClasses, AreThoseOfTruthOrPredictions) {
  EXPECT_THAT(occurring_classes({{0, 0, 0}, {0, 0, 3}, {0, 0, 0}}), ElementsAre(1, 2));
  EXPECT_THAT(occurring_classes({{0, 0}, {0, 0}}), IsEmpty());
  EXPECT_THAT(occurring_classes({}), IsEmpty());
}

TEST(ClassificationMetrics, OfNothingHaveNoAccuracy) {
  const auto metrics = classification_metrics({{0, 0}, {0, 0}});
  EXPECT_EQ(metrics.samples, 0);
  EXPECT_FALSE(metrics.accuracy);
  EXPECT_FALSE(metrics.accuracy_ci95);
  EXPECT_EQ(metrics.undefined.size(), 6U);
  EXPECT_EQ(metrics.macro.f1, 0.0);
}

TEST(ClassificationMetrics, HoldTheAccuracysInterval) {
  const auto metrics = classification_metrics({{95, 5}, {3, 97}});
  const auto expected = wilson_interval95(192, 200);
  EXPECT_EQ(metrics.accuracy_ci95->low, expected->low);
  EXPECT_EQ(metrics.accuracy_ci95->high, expected->high);
}

TEST(ClassificationMetrics, AgreeWithScikitLearn) {
  ASSERT_GE(metrics_oracle()["cases"].size(), 10U);
  for (const auto& expected : metrics_oracle()["cases"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto counts = confusion_matrix(expected["truth"].get<std::vector<std::int64_t>>(),
                                         expected["predicted"].get<std::vector<std::int64_t>>(),
                                         expected["classes"].get<std::int64_t>());
    EXPECT_EQ(counts, expected["confusion_matrix"].get<ConfusionMatrix>());
    const auto metrics = classification_metrics(counts);
    EXPECT_NEAR(*metrics.accuracy, expected["accuracy"].get<double>(), kTolerance);
    EXPECT_NEAR(metrics.macro.precision, expected["macro"]["precision"].get<double>(), kTolerance);
    EXPECT_NEAR(metrics.macro.recall, expected["macro"]["recall"].get<double>(), kTolerance);
    EXPECT_NEAR(metrics.macro.f1, expected["macro"]["f1"].get<double>(), kTolerance);
    EXPECT_EQ(metrics.macro.classes, expected["macro_classes"].get<std::vector<std::int64_t>>());
    ASSERT_EQ(metrics.per_class.size(), expected["support"].size());
    for (std::size_t label = 0; label < metrics.per_class.size(); ++label) {
      const ClassMetrics& each = metrics.per_class[label];
      EXPECT_NEAR(each.precision, expected["precision"][label].get<double>(), kTolerance);
      EXPECT_NEAR(each.recall, expected["recall"][label].get<double>(), kTolerance);
      EXPECT_NEAR(each.f1, expected["f1"][label].get<double>(), kTolerance);
      EXPECT_EQ(each.support, expected["support"][label].get<std::int64_t>());
    }
  }
}

}  // namespace
}  // namespace mnist_bench
