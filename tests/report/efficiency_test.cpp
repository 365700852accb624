#include "report/efficiency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/format/draw.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A group whose model has these costs.
RunGroup costed_group(const std::string& name, const std::vector<std::int64_t>& right,
                      std::int64_t parameters, std::int64_t macs, double seconds) {
  RunGroup group = group_with(name, right);
  group.label = name;
  for (StoredRun& run : group.completed) {
    run.result.model->parameters = parameters;
    run.result.model->macs = macs;
    run.result.timing.train_seconds = seconds;
  }
  return group;
}

/// The last is less accurate than the first with each of six seeds, and no cheaper.
std::vector<RunGroup> three_groups() {
  return {costed_group("mlp", {9'768, 9'801, 9'790, 9'780, 9'775, 9'785}, 1'000, 2'000, 10.0),
          costed_group("cnn", {9'902, 9'911, 9'905, 9'900, 9'895, 9'899}, 4'000, 90'000, 70.0),
          costed_group("wide", {9'740, 9'770, 9'765, 9'752, 9'748, 9'753}, 5'000, 5'000, 10.0)};
}

TEST(Efficiency, MarksWhatIsLessAccurateForNoLowerCost) {
  const std::vector<EfficiencyRow> rows = efficiency_rows(three_groups());
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0].dominated_by, IsEmpty());
  EXPECT_THAT(rows[1].dominated_by, IsEmpty());
  EXPECT_THAT(rows[2].dominated_by, ElementsAre("mlp"));
}

TEST(Efficiency, MarksNothingForADifferenceThatTheSeedsMayExplain) {
  std::vector<RunGroup> groups = three_groups();
  // A lower mean, but not with each seed.
  groups[2] = costed_group("wide", {9'780, 9'790, 9'795, 9'752, 9'748, 9'753}, 5'000, 5'000, 10.0);
  EXPECT_THAT(efficiency_rows(groups)[2].dominated_by, IsEmpty());
  // Lower with each seed, of five.
  groups = three_groups();
  groups[2].completed.pop_back();
  EXPECT_THAT(efficiency_rows(groups)[2].dominated_by, IsEmpty());
}

TEST(Efficiency, MarksNothingThatCostsLess) {
  std::vector<RunGroup> groups = three_groups();
  for (StoredRun& run : groups[2].completed) run.result.timing.train_seconds = 9.0;
  EXPECT_THAT(efficiency_rows(groups)[2].dominated_by, IsEmpty());
}

TEST(Efficiency, ComparesOnTheSameTestImagesAlone) {
  std::vector<RunGroup> groups = three_groups();
  groups[2].completed[1].result.data->test.sha256 = std::string(64, 'f');
  EXPECT_THAT(efficiency_rows(groups)[2].dominated_by, IsEmpty());
}

TEST(Efficiency, OfAnUnknownCostMarksNothing) {
  std::vector<RunGroup> groups = three_groups();
  for (StoredRun& run : groups[2].completed) run.result.model.reset();
  EXPECT_THAT(efficiency_rows(groups)[2].dominated_by, IsEmpty());
}

TEST(EfficiencySection, HasARowForEachExperimentWithItsCosts) {
  const Section section = efficiency_section(three_groups());
  ASSERT_EQ(section.tables.size(), 1U);
  EXPECT_THAT(
      section.tables[0].header,
      ElementsAre("experiment", "n", "accuracy [%]", "parameters", "MACs per image",
                  "parameters [bytes]", "activations [bytes]", "training [s]", "dominated by"));
  EXPECT_THAT(section.tables[0].rows.at(2),
              ElementsAre("wide", "6", "97.55 ± 0.11", "5,000", "5,000", "20,000", "4,160",
                          "10.00 ± 0.00", "mlp"));
  EXPECT_EQ(section.data[2]["parameter_bytes"]["mean"], 20'000.0);
  EXPECT_EQ(section.data[2]["dominated_by"][0], "mlp");
}

/// A latency of all three but those whose index is left out.
std::vector<RunGroup> timed_groups(const std::vector<double>& p50_us) {
  std::vector<RunGroup> groups = three_groups();
  for (std::size_t i = 0; i < p50_us.size(); ++i) {
    Latency& latency = groups[i].latencies.emplace_back();
    latency.engine = "native";
    latency.p50_us = p50_us[i];
    latency.machine = "Some CPU, 2 cores";
    latency.warnings = {"other work was running"};
  }
  return groups;
}

TEST(Efficiency, ComparesLatenciesToo) {
  EXPECT_THAT(efficiency_rows(timed_groups({20.0, 100.0, 30.0}))[2].dominated_by,
              ElementsAre("mlp"));
  EXPECT_THAT(efficiency_rows(timed_groups({20.0, 100.0, 10.0}))[2].dominated_by, IsEmpty());
}

TEST(Efficiency, LeavesOutNetworksWithoutALatencyThatOthersHave) {
  std::vector<RunGroup> groups = timed_groups({20.0, 100.0});
  groups.push_back(knn_group({9'600}));
  const std::vector<EfficiencyRow> rows = efficiency_rows(groups);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].group, "cnn");
  EXPECT_EQ(rows[2].group, groups[3].label);
  EXPECT_THAT(rows[2].dominated_by, IsEmpty());
}

TEST(EfficiencySection, ShowsLatenciesAndWhatTheyAreOf) {
  const Section section = efficiency_section(timed_groups({20.5, 100.0}));
  const ReportTable& table = section.tables.at(0);
  EXPECT_EQ(table.header.at(8), "latency [µs]");
  EXPECT_EQ(table.rows.at(0).at(8), "20.50");
  EXPECT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(section.notes.at(1),
              HasSubstr("bench --inference: native, 1 thread; on Some CPU, 2 cores."));
  ASSERT_EQ(section.notes.size(), 3U);  // what limits the times is said once
  EXPECT_THAT(section.notes[2], HasSubstr("with care: other work was running."));
  EXPECT_EQ(section.data[0]["latency_p50_us"]["mean"], 20.5);
  EXPECT_EQ(section.data[0]["latencies"][0]["engine"], "native");
}

TEST(EfficiencySection, SaysWhichLatenciesAreOfWhichEngine) {
  std::vector<RunGroup> groups = timed_groups({20.5, 100.0, 30.0});
  groups[1].latencies[0].engine = "libtorch";
  EXPECT_THAT(efficiency_section(groups).notes.at(1),
              HasSubstr("bench --inference: libtorch, 1 thread (cnn); native, 1 thread (mlp, "));
}

TEST(EfficiencyFigures, ShowLatencyWhereItWasMeasured) {
  const std::vector<FigureData> figures = efficiency_figures(timed_groups({20.5, 100.0}), {});
  ASSERT_EQ(figures.size(), 6U);
  const Chart& chart = std::get<Chart>(figures[5].content);
  EXPECT_EQ(chart.title, "Accuracy against latency [µs]");
  ASSERT_EQ(chart.series.size(), 2U);
  EXPECT_EQ(chart.series[1].points.at(0).x, 100.0);
}

TEST(EfficiencyFigures, HaveAFrontierOfTheMostAccurateByCost) {
  std::vector<RunGroup> groups = three_groups();
  const auto frontier = [&] {
    const ChartSeries series =
        std::get<Chart>(efficiency_figures(groups, {}).at(0).content).series.back();
    EXPECT_TRUE(series.guide);
    std::vector<double> costs;
    for (const ChartPoint& point : series.points) costs.push_back(point.x);
    return costs;
  };
  EXPECT_THAT(frontier(), ElementsAre(1.0, 4.0, 4.0));            // thousand parameters
  groups[2] = costed_group("wide", {9'950}, 4'000, 5'000, 10.0);  // of equal cost the better one
  EXPECT_THAT(frontier(), ElementsAre(1.0, 4.0, 4.0));
  groups[2] = costed_group("wide", {9'950}, 4'001, 5'000, 10.0);
  EXPECT_THAT(frontier(), ElementsAre(1.0, 4.0, 4.0, 4.001, 4.001));
  const std::string svg = page_svg(draw(efficiency_figures(groups, {}).at(0)));
  EXPECT_THAT(svg, HasSubstr("<g class=\"series guide\"><polyline class=\"line dashed\""));
}

TEST(EfficiencySection, NeedsTwoExperiments) {
  EXPECT_TRUE(efficiency_section({group_with("mlp", {9'768, 9'801})}).is_empty());
  EXPECT_THAT(efficiency_figures({group_with("mlp", {9'768, 9'801})}, {}), IsEmpty());
}

TEST(EfficiencyFigures, HaveAPointForEachExperimentWithAWhiskerOfItsDeviation) {
  std::vector<RunGroup> groups = three_groups();
  groups[1] = costed_group("cnn", {9'902}, 4'000, 90'000, 70.0);
  const std::vector<FigureData> figures = efficiency_figures(groups, {});
  ASSERT_EQ(figures.size(), 5U);
  EXPECT_EQ(std::get<Chart>(figures[2].content).x_label, "parameters [kB], logarithmic");
  EXPECT_EQ(std::get<Chart>(figures[2].content).series.at(0).points.at(0).x, 4.0);  // 1,000 floats
  const Chart& chart = std::get<Chart>(figures[0].content);
  EXPECT_TRUE(chart.x_log);
  ASSERT_EQ(chart.series.size(), 4U);
  EXPECT_EQ(chart.series[0].label, "mlp (n = 6)");
  EXPECT_EQ(chart.series[0].points.at(0).x, 1.0);  // thousand
  EXPECT_EQ(chart.x_label, "parameters [thousands], logarithmic");
  EXPECT_NEAR(chart.series[0].points[0].y, 97.83166666666667, 1e-9);
  EXPECT_NEAR(chart.series[0].points[0].range->high, 97.94784182178456, 1e-6);
  EXPECT_FALSE(chart.series[1].points.at(0).range);  // n = 1
  const std::string svg = page_svg(draw(figures[0]));
  EXPECT_THAT(svg, HasSubstr("\"whisker\""));
  EXPECT_THAT(svg, HasSubstr("cnn (n = 1)"));
}

/// Two experiments called "mlp" and one called "wide", each on the CPU and on a GPU.
std::vector<RunGroup> groups_on_two_devices() {
  std::vector<RunGroup> groups;
  for (const char* device : {"CPU", "CUDA (GPU)"}) {
    for (const std::int64_t parameters : {1'000, 2'000}) {
      groups.push_back(costed_group("mlp", {9'768, 9'801}, parameters, 2'000, 10.0));
      groups.back().device = device;
    }
    groups.push_back(costed_group("wide", {9'740, 9'770}, 5'000, 5'000, 10.0));
    groups.back().label = std::string("wide on ") + device;
    groups.back().device = device;
  }
  return groups;
}

TEST(EfficiencyFigures, HaveALineForEachNameAndDevice) {
  const std::vector<FigureData> figures = efficiency_figures(groups_on_two_devices(), {});
  std::vector<std::string> lines;
  for (const ChartSeries& series : std::get<Chart>(figures.at(0).content).series) {
    if (!series.guide) lines.push_back(series.label);
  }
  EXPECT_THAT(lines,
              ElementsAre("mlp on CPU (2 experiments)", "wide on CPU (n = 2)",
                          "mlp on CUDA (GPU) (2 experiments)", "wide on CUDA (GPU) (n = 2)"));
}

TEST(EfficiencyFigures, HaveAStyleForEachLineHoweverManyExperimentsThereAre) {
  std::vector<RunGroup> groups;
  for (std::int64_t i = 0; i < 40; ++i) {
    groups.push_back(costed_group("mlp", {9'768, 9'801}, 1'000 + i, 2'000, 10.0));
  }
  groups.push_back(costed_group("wide", {9'740, 9'770}, 5'000, 5'000, 10.0));
  const Chart chart = std::get<Chart>(efficiency_figures(groups, {}).at(0).content);
  EXPECT_EQ(chart.series.at(0).style, 0U);
  EXPECT_EQ(chart.series.at(1).style, 1U);
}

TEST(EfficiencyFigures, OfOneDeviceDoNotNameIt) {
  std::vector<RunGroup> groups = groups_on_two_devices();
  groups.resize(3);
  const std::vector<FigureData> figures = efficiency_figures(groups, {});
  EXPECT_EQ(std::get<Chart>(figures.at(0).content).series.at(0).label, "mlp (2 experiments)");
}

TEST(EfficiencyFigures, OfADeterministicModelSaySoBehindTheUnit) {
  RunGroup knn = knn_group({9'700, 9'700});
  for (StoredRun& run : knn.completed) run.result.model->stored_bytes = 1'000;
  const std::vector<FigureData> figures =
      efficiency_figures({knn, costed_group("mlp", {9'768, 9'801}, 1'000, 2'000, 10.0)}, {});
  std::string notes;
  for (const FigureData& figure : figures) {
    notes += std::get<Chart>(figure.content).series.at(0).points.at(0).note + "\n";
  }
  EXPECT_THAT(notes, HasSubstr("knn: 97.00 % (deterministic) at 1,000 parameters [bytes]"));
}

TEST(EfficiencyFigures, LeaveOutACostOfNothing) {
  std::vector<RunGroup> groups = three_groups();
  for (StoredRun& run : groups[0].completed) run.result.timing.train_seconds = 0.0;
  const std::vector<FigureData> figures = efficiency_figures(groups, {});
  EXPECT_EQ(std::get<Chart>(figures.at(4).content).series.size(), 2U);
}

}  // namespace
}  // namespace mnist_bench
