#include "evaluate/statistics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace mnist_bench {
namespace {

TEST(SampleSummary, IsSampleMeanAndDeviation) {
  const SampleSummary summary = summary_of({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(summary.n, 8);
  EXPECT_DOUBLE_EQ(summary.mean.value(), 5.0);
  EXPECT_DOUBLE_EQ(summary.sd.value(), 2.138089935299395);  // √(32/7)
  EXPECT_EQ(summary.minimum, 2.0);
  EXPECT_EQ(summary.maximum, 9.0);
  // scipy.stats.t.interval(0.95, 7, loc=5, scale=2.138089935299395 / 8**0.5)
  EXPECT_NEAR(summary.ci95->low, 3.2125121, 1e-7);
  EXPECT_NEAR(summary.ci95->high, 6.7874879, 1e-7);
}

TEST(SampleSummary, OfOneValueHasNoDeviationAndOfNoneNoMean) {
  EXPECT_EQ(summary_of({3}).mean, 3.0);
  EXPECT_FALSE(summary_of({3}).sd.has_value());
  EXPECT_FALSE(summary_of({3}).ci95.has_value());
  EXPECT_FALSE(summary_of({}).mean.has_value());
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoThere) {
  EXPECT_EQ(median_of({3, 1, 2}), 2.0);
  EXPECT_EQ(median_of({4, 1, 3, 2}), 2.5);
  EXPECT_FALSE(median_of({}).has_value());
}

TEST(Percentile, IsTheValueOfTheNearestRank) {
  const std::vector<double> five = {15, 20, 35, 40, 50};
  EXPECT_EQ(percentile_of(five, 5), 15.0);
  EXPECT_EQ(percentile_of(five, 30), 20.0);
  EXPECT_EQ(percentile_of(five, 40), 20.0);
  EXPECT_EQ(percentile_of(five, 50), 35.0);
  EXPECT_EQ(percentile_of(five, 100), 50.0);
  std::vector<double> hundred;
  for (int i = 1; i <= 100; ++i) hundred.push_back(i);
  EXPECT_EQ(percentile_of(hundred, 90), 90.0);
  EXPECT_EQ(percentile_of(hundred, 99), 99.0);
  EXPECT_EQ(percentile_of({7}, 1), 7.0);
  EXPECT_FALSE(percentile_of({}, 50).has_value());
}

TEST(SampleSummary, KeepsItsDigitsFarFromZero) {
  EXPECT_NEAR(summary_of({1e9 + 1, 1e9 + 2, 1e9 + 3}).sd.value(), 1.0, 1e-9);
}

TEST(SampleSummary, OfEqualValuesIsExactlyZeroAroundThem) {
  const SampleSummary summary = summary_of({0.8, 0.8, 0.8});
  EXPECT_EQ(summary.mean, 0.8);
  EXPECT_EQ(summary.sd, 0.0);
  EXPECT_EQ(summary.ci95->low, 0.8);
  EXPECT_EQ(summary.ci95->high, 0.8);
}

TEST(MeanInterval, NeedsTwoValuesAndWidensWithTheConfidence) {
  EXPECT_FALSE(mean_interval(summary_of({3}), 0.9).has_value());
  const SampleSummary summary = summary_of({2, 4, 4, 4, 5, 5, 7, 9});
  // scipy.stats.t.interval(0.9, 7, loc=5, scale=2.138089935299395 / 8**0.5)
  EXPECT_NEAR(mean_interval(summary, 0.9)->low, 3.5678332, 1e-7);
  EXPECT_NEAR(mean_interval(summary, 0.9)->high, 6.4321668, 1e-7);
  EXPECT_EQ(mean_interval(summary, 0.95)->low, summary.ci95->low);
}

TEST(SampleSummary, HasTheIntervalOfScipysTTest) {
  const auto oracle = nlohmann::json::parse(
      std::ifstream(MNIST_BENCH_SOURCE "/tests/evaluate/paired_tests_oracle.json"));
  for (const auto& expected : oracle["differences"]) {
    if (!expected.contains("ci95")) continue;
    SCOPED_TRACE(expected["name"].get<std::string>());
    const SampleSummary summary = summary_of(expected["differences"].get<std::vector<double>>());
    EXPECT_NEAR(summary.mean.value(), expected["mean"].get<double>(), 1e-12);
    EXPECT_NEAR(summary.sd.value(), expected["sd"].get<double>(), 1e-12);
    EXPECT_NEAR(summary.ci95->low, expected["ci95"][0].get<double>(), 1e-10);
    EXPECT_NEAR(summary.ci95->high, expected["ci95"][1].get<double>(), 1e-10);
  }
}

}  // namespace
}  // namespace mnist_bench
