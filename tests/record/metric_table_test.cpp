#include "record/metric_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;

TEST(MetricTable, NamesEachMetricOnceAndSaysWhatItIs) {
  std::set<std::string> keys;
  std::set<std::string> titles;
  for (const Metric& metric : metrics()) {
    EXPECT_TRUE(keys.insert(metric.key).second) << metric.key;
    EXPECT_TRUE(titles.insert(metric.title).second) << metric.key;
    EXPECT_FALSE(metric.meaning.empty()) << metric.key;
    EXPECT_EQ(&metric_of(metric.key), &metric);
  }
  EXPECT_EQ(find_metric("top_7_accuracy"), nullptr);
}

/// An experiment with images held back.
ExperimentConfig config_of(const ModelConfig& model) {
  ExperimentConfig config;
  config.model = model;
  config.data.validation = 10;
  return config;
}

TEST(MetricTable, HasAValueOfACompletedRunWithinTheRangeOfItsKind) {
  RunResult run = sample_result();
  run.validation = run.test;
  for (const Metric& metric : metrics()) {
    const bool is_of_networks = metric.applies(config_of(MlpConfig{}));
    run.config.model = is_of_networks ? ModelConfig(MlpConfig{}) : KnnConfig{};
    run.timing.fit_seconds = is_of_networks ? std::nullopt : std::optional(0.5);
    ASSERT_TRUE(metric.value(run)) << metric.key;
    EXPECT_EQ(metric.finite_value(run), metric.value(run)) << metric.key;
    EXPECT_THAT(*metric.value(run), Ge(0.0)) << metric.key;
    if (!metric.is_share()) continue;
    EXPECT_THAT(*metric.value(run), AllOf(Ge(0.0), Le(1.0))) << metric.key;
    EXPECT_EQ(metric.unit, "%") << metric.key;
  }
}

TEST(MetricTable, HasNoValueOfARunThatNeverBegan) {
  for (const Metric& metric : metrics()) {
    if (metric.key == "total_seconds") continue;  // every run has some
    EXPECT_FALSE(metric.value(RunResult{})) << metric.key;
  }
}

TEST(MetricTable, LeavesOutValuesThatAreNotFinite) {
  RunResult run = sample_result();
  run.test->loss = std::numeric_limits<double>::infinity();
  EXPECT_EQ(metric_of("loss").value(run), run.test->loss);
  EXPECT_FALSE(metric_of("loss").finite_value(run));
}

TEST(MetricTable, GivesTheMeanOfWhatItSaysIsOverTheEpochs) {
  const RunResult run = sample_result();
  for (const Metric& metric : metrics()) {
    if (metric.over_epochs == nullptr) continue;
    EXPECT_EQ(metric.over_epochs(run).mean, metric.value(run)) << metric.key;
    EXPECT_EQ(metric.over_epochs(run).n, 2) << metric.key;
  }
}

TEST(MetricTable, OffersWhatARunCanMissToExpect) {
  EXPECT_THAT(
      expectable_metrics(),
      ElementsAre("accuracy", "macro_precision", "macro_recall", "macro_f1", "validation_accuracy",
                  "loss", "seconds_per_epoch", "fit_seconds", "predict_seconds", "total_seconds"));
  EXPECT_THAT(
      expectable_metrics(Better::lower),
      ElementsAre("loss", "seconds_per_epoch", "fit_seconds", "predict_seconds", "total_seconds"));
}

TEST(MetricTable, HasLossAndSecondsPerEpochOfNetworksAloneAndTimesOfFittingOfTheOthers) {
  for (const char* key : {"loss", "seconds_per_epoch"}) {
    EXPECT_TRUE(metric_of(key).applies(config_of(MlpConfig{})));
    EXPECT_FALSE(metric_of(key).applies(config_of(KnnConfig{})));
  }
  for (const char* key : {"fit_seconds", "predict_seconds"}) {
    EXPECT_FALSE(metric_of(key).applies(config_of(LayersConfig{})));
    EXPECT_TRUE(metric_of(key).applies(config_of(SvmConfig{})));
  }
}

TEST(MetricTable, HasValidationAccuracyWhereImagesAreHeldBack) {
  ExperimentConfig config = config_of(MlpConfig{});
  EXPECT_TRUE(metric_of(kValidationKey).applies(config));
  config.data.validation.reset();
  EXPECT_FALSE(metric_of(kValidationKey).applies(config));
  EXPECT_FALSE(metric_of(kValidationKey).of_test);
  for (const char* key : {"accuracy", "macro_f1", "loss"}) EXPECT_TRUE(metric_of(key).of_test);
}

TEST(MetricTable, EndsIntervalsWhereTheValuesDo) {
  const Interval wide = {.low = -0.5, .high = 1.5};
  EXPECT_EQ(within_range(wide, metric_of("accuracy")).low, 0.0);
  EXPECT_EQ(within_range(wide, metric_of("accuracy")).high, 1.0);
  EXPECT_EQ(within_range(wide, metric_of("loss")).low, 0.0);
  EXPECT_EQ(within_range(wide, metric_of("loss")).high, 1.5);
}

}  // namespace
}  // namespace mnist_bench
