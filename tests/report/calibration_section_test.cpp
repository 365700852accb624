#include "report/calibration_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/format/draw.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// 1,000 images in two of three bins.
Calibration calibration_with(double ece, std::int64_t in_low_bin, double accuracy_low) {
  Calibration calibration;
  calibration.ece = ece;
  calibration.mce = 0.25;
  calibration.mce_samples = in_low_bin;
  calibration.brier = 0.05;
  calibration.nll = 0.08;
  calibration.bins = {
      {.lower = 0.0, .upper = 0.4, .samples = 0},
      {.lower = 0.4,
       .upper = 0.8,
       .samples = in_low_bin,
       .confidence = 0.6,
       .accuracy = accuracy_low},
      {.lower = 0.8,
       .upper = 1.0,
       .samples = 1'000 - in_low_bin,
       .confidence = 0.9,
       .accuracy = 0.95},
  };
  calibration.coverage = {{.coverage = 0.5, .threshold = 0.9, .accuracy = 0.99 + ece / 10.0},
                          {.coverage = 1.0, .threshold = 0.5, .accuracy = 0.9 + ece}};
  return calibration;
}

/// Two runs with a calibration, and one of an earlier version without.
RunGroup calibrated_group() {
  RunGroup group = group_with("mlp", {9'768, 9'801, 9'790});
  group.completed[0].result.test->calibration = calibration_with(0.010, 100, 0.5);
  group.completed[1].result.test->calibration = calibration_with(0.014, 300, 0.7);
  return group;
}

TEST(PooledBins, WeighEachRunByItsImages) {
  const std::vector<PooledBin> bins = pooled_bins(calibrated_group());
  ASSERT_EQ(bins.size(), 2U);  // the empty one is left out
  EXPECT_EQ(bins[0].lower, 0.4);
  EXPECT_EQ(bins[0].samples, 400);
  EXPECT_DOUBLE_EQ(bins[0].accuracy, 0.65);  // (100 · 0.5 + 300 · 0.7)/400
  EXPECT_DOUBLE_EQ(bins[0].confidence, 0.6);
  EXPECT_EQ(bins[1].samples, 1'600);
}

TEST(CalibrationSection, HasTheScoresWithTheRunsThatHaveThem) {
  const Section section = calibration_section({calibrated_group(), group_with("cnn", {9'900})});
  EXPECT_TRUE(section.pages_only);
  ASSERT_EQ(section.tables.size(), 3U);
  EXPECT_THAT(section.tables[0].header,
              ElementsAre("experiment", "n", "ECE", "MCE", "images in its bin", "Brier", "NLL"));
  // SD of 0.010 and 0.014: 0.0028
  EXPECT_THAT(section.tables[0].rows,
              ElementsAre(ElementsAre("mlp", "2", "0.0120 ± 0.0028", "0.250 ± 0.000", "100 to 300",
                                      "0.0500 ± 0.0000", "0.0800 ± 0.0000")));
  EXPECT_THAT(section.tables[1].header, ElementsAre("experiment", "50 %", "100 %"));
  EXPECT_THAT(section.tables[1].rows,
              ElementsAre(ElementsAre("mlp", "99.12 ± 0.03", "91.20 ± 0.28")));
  EXPECT_THAT(
      section.tables[2].rows,
      ElementsAre(ElementsAre("mlp", "0.400 to 0.800", "400", "60.0", "65.0", "+5.0"),
                  ElementsAre("mlp", "0.800 to 1.000", "1,600", "90.00", "95.00", "+5.00")));
  EXPECT_EQ(section.data[0]["ece"]["n"], 2);
  EXPECT_EQ(section.data[0]["bins"][0]["samples"], 400);
  EXPECT_EQ(section.data[0]["coverage"][1]["coverage"], 1.0);
  EXPECT_EQ(section.data[0]["coverage"][1]["accuracy"]["n"], 2);
}

TEST(CalibrationSection, IsEmptyForRecordsWithout) {
  const std::vector<RunGroup> groups = {group_with("mlp", {9'768})};
  EXPECT_TRUE(calibration_section(groups).is_empty());
  EXPECT_TRUE(calibration_section(groups).data.is_null());
  EXPECT_THAT(reliability_figures(groups, {}), IsEmpty());
  EXPECT_THAT(coverage_figures(groups, {}), IsEmpty());
}

TEST(ReliabilityFigure, DrawsTheBinsAgainstTheDiagonal) {
  const auto figures = reliability_figures({calibrated_group()}, {});
  ASSERT_EQ(figures.size(), 1U);
  const Chart& chart = std::get<Chart>(figures[0].content);
  ASSERT_EQ(chart.series.size(), 2U);
  EXPECT_EQ(chart.series[0].label, "mlp (n = 2)");
  EXPECT_DOUBLE_EQ(chart.series[0].points[0].x, 60.0);
  EXPECT_DOUBLE_EQ(chart.series[0].points[0].y, 65.0);
  EXPECT_THAT(chart.series[0].points[0].note, HasSubstr("400 images"));
  EXPECT_TRUE(chart.series[1].dashed);
  for (const ChartPoint& point : chart.series[1].points) EXPECT_EQ(point.x, point.y);
}

TEST(ReliabilityFigure, HasTheImagesOfEachBinBelowTheAxis) {
  const auto figures = reliability_figures({calibrated_group()}, {});
  const Chart& chart = std::get<Chart>(figures.at(0).content);
  ASSERT_EQ(chart.series[0].counts.size(), 2U);
  EXPECT_DOUBLE_EQ(chart.series[0].counts[0].x, 60.0);  // of 40 to 80 %
  EXPECT_EQ(chart.series[0].counts[0].count, 400);
  const std::string svg = page_svg(draw(chart));
  EXPECT_THAT(svg, AllOf(HasSubstr(">images in each bin<"), HasSubstr(">400</text>"),
                         HasSubstr(">1.6k</text>")));
  EXPECT_THAT(page_svg(draw(coverage_figures({calibrated_group()}, {}).at(0))),
              Not(HasSubstr("class=\"counts")));
}

TEST(CoverageFigure, IsTheMeanAndTheRangeOfTheSeeds) {
  const auto figures = coverage_figures({calibrated_group()}, {});
  ASSERT_EQ(figures.size(), 1U);
  const ChartSeries& series = std::get<Chart>(figures[0].content).series.at(0);
  EXPECT_EQ(series.label, "mlp (n = 2)");
  ASSERT_EQ(series.points.size(), 2U);
  EXPECT_DOUBLE_EQ(series.points[1].x, 100.0);
  EXPECT_NEAR(series.points[1].y, 91.2, 1e-9);
  EXPECT_NEAR(series.points[1].range->low, 91.0, 1e-9);
  EXPECT_NEAR(series.points[1].range->high, 91.4, 1e-9);
}

TEST(CoverageFigure, HasNoBandOfOneSeed) {
  RunGroup group = calibrated_group();
  group.completed.resize(1, group.completed.front());
  const auto figures = coverage_figures({group}, {});
  EXPECT_EQ(page_svg(draw(figures.at(0))).find("\"band\""), std::string::npos);
}

}  // namespace
}  // namespace mnist_bench
