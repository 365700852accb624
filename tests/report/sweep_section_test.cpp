#include "report/sweep_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "report/format/draw.h"
#include "report/format/formats.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Runs of experiments called `name`, each with what its change makes of the config.
template <typename Change>
void add_runs(std::vector<StoredRun>& runs, const std::string& name, std::int64_t right,
              const Change& change) {
  for (StoredRun run : runs_with(name, {right, right + 20})) {
    change(run.result.config);
    *run.result.parameters_sha256 += std::to_string(right);
    runs.push_back(std::move(run));
  }
}

auto rate(double value) {
  return [=](ExperimentConfig& config) {
    std::get<AdamConfig>(config.optimizer).learning_rate = value;
  };
}

std::vector<RunGroup> swept_by_rate(const std::vector<std::string>& names) {
  std::vector<StoredRun> runs;
  for (const std::string& name : names) {
    add_runs(runs, name, 9'700, rate(0.001));
    add_runs(runs, name, 9'500, rate(0.0001));
    add_runs(runs, name, 9'600, rate(0.01));
  }
  return group_runs(runs);
}

const Chart& chart_of(const std::vector<FigureData>& figures) {
  return std::get<Chart>(figures.at(0).content);
}

TEST(SweepSection, HasTheSweptKeysAsColumnsAndARowForEachExperiment) {
  const Section section = sweep_section(swept_by_rate({"mlp"}));
  const ReportTable& table = section.tables.at(0);
  EXPECT_THAT(table.header,
              ElementsAre("experiment", "optimizer.learning_rate", "n", "accuracy [%]", "loss"));
  ASSERT_THAT(table.rows, SizeIs(3));
  EXPECT_THAT(std::vector(table.rows[0].begin(), table.rows[0].begin() + 4),
              ElementsAre("mlp", "0.0001", "2", "95.10 ± 0.14"));
  EXPECT_THAT(section.data["keys"], ElementsAre("optimizer.learning_rate"));
  EXPECT_EQ(section.data["rows"][0]["values"]["optimizer.learning_rate"], 0.0001);
  EXPECT_EQ(section.data["rows"][0]["accuracy"]["n"], 2);
}

void use_sgd(ExperimentConfig& config, double value) {
  config.optimizer = SgdConfig{.learning_rate = value};
}

/// Adam at its default rate, and SGD at three.
std::vector<RunGroup> adam_and_sgd_at_three_rates() {
  std::vector<StoredRun> runs;
  add_runs(runs, "mlp", 9'700, rate(0.001));
  for (const double value : {0.001, 0.01, 0.1}) {
    add_runs(runs, "mlp", 9'000 + static_cast<std::int64_t>(1'000 * value),
             [=](ExperimentConfig& config) { use_sgd(config, value); });
  }
  return group_runs(runs);
}

std::vector<std::vector<std::string>> first_cells(const ReportTable& table, std::ptrdiff_t count) {
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : table.rows) cells.emplace_back(row.begin(), row.begin() + count);
  return cells;
}

TEST(SweepSection, HasTheValueOfAKeyThatOnlyNamesakesWithAnotherOptimizerDifferIn) {
  const Section section = sweep_section(adam_and_sgd_at_three_rates());
  EXPECT_THAT(first_cells(section.tables.at(0), 3),
              ElementsAre(ElementsAre("mlp", "adam", "0.001"), ElementsAre("mlp", "sgd", "0.001"),
                          ElementsAre("mlp", "sgd", "0.01"), ElementsAre("mlp", "sgd", "0.1")));
  EXPECT_EQ(section.data["rows"][0]["values"]["optimizer.learning_rate"], 0.001);
}

TEST(SweepSection, HasTheValueOfAKeyThatOnlyOtherNamesDifferInAndADashWithoutTheKey) {
  std::vector<StoredRun> runs;
  add_runs(runs, "mlp", 9'700, [](ExperimentConfig& c) { c.training.batch_size = 32; });
  add_runs(runs, "mlp", 9'500, [](ExperimentConfig& c) { c.training.batch_size = 128; });
  add_runs(runs, "cnn", 9'800, rate(0.001));
  add_runs(runs, "cnn", 9'810, rate(0.002));
  add_runs(runs, "knn", 9'600, [](ExperimentConfig& c) { c.model = KnnConfig{.k = 1}; });
  add_runs(runs, "knn", 9'610, [](ExperimentConfig& c) { c.model = KnnConfig{.k = 3}; });
  const std::vector<RunGroup> groups = group_runs(runs);
  const ReportTable table = sweep_section(groups).tables.at(0);
  ASSERT_THAT(
      std::vector(table.header.begin(), table.header.begin() + 4),
      ElementsAre("experiment", "model.k", "optimizer.learning_rate", "training.batch_size"));
  EXPECT_THAT(
      first_cells(table, 4),
      ElementsAre(ElementsAre("mlp", "–", "0.001", "32"), ElementsAre("mlp", "–", "0.001", "128"),
                  ElementsAre("cnn", "–", "0.001", "64"), ElementsAre("cnn", "–", "0.002", "64"),
                  ElementsAre("knn", "1", "–", "–"), ElementsAre("knn", "3", "–", "–")));
}

TEST(SweepSection, LeavesOutAnExperimentThatNoKeySetsApart) {
  std::vector<StoredRun> runs = runs_with("alone", {9'900});
  add_runs(runs, "mlp", 9'700, rate(0.001));
  add_runs(runs, "mlp", 9'500, rate(0.002));
  EXPECT_THAT(sweep_section(group_runs(runs)).tables.at(0).rows, SizeIs(2));
}

TEST(SweepSection, IsEmptyWhereNoExperimentsShareAName) {
  const std::vector<RunGroup> groups = {group_with("mlp", {9'700}), group_with("cnn", {9'900})};
  EXPECT_TRUE(sweep_section(groups).is_empty());
  EXPECT_THAT(sweep_figures(groups, {}), IsEmpty());
  EXPECT_THAT(heat_map_figures(groups, {}), IsEmpty());
  EXPECT_TRUE(sweep_section({}).is_empty());
}

TEST(SweepFigures, DrawALineForEachNameThroughItsAscendingValues) {
  const Chart chart = chart_of(sweep_figures(swept_by_rate({"mlp", "wide"}), {}));
  EXPECT_EQ(chart.x_label, "optimizer.learning_rate, logarithmic");
  EXPECT_TRUE(chart.x_log);
  ASSERT_THAT(chart.series, SizeIs(2));
  EXPECT_EQ(chart.series[1].label, "wide");
  std::vector<double> xs;
  for (const ChartPoint& point : chart.series[0].points) xs.push_back(point.x);
  EXPECT_THAT(xs, ElementsAre(0.0001, 0.001, 0.01));
  const ChartPoint& least = chart.series[0].points[0];
  EXPECT_NEAR(least.y, 95.10, 1e-9);
  EXPECT_NEAR(least.range->high - least.y, 0.1414, 1e-4);  // SD of 95.0 and 95.2
  EXPECT_THAT(least.note, HasSubstr("mlp at 0.0001: 95.10 ± 0.14 (n = 2)"));
}

TEST(SweepFigures, UseALogarithmicAxisOnlyBeyondADecade) {
  std::vector<StoredRun> runs;
  for (const std::int64_t epochs : {1, 5, 10}) {
    add_runs(runs, "mlp", 9'000 + epochs,
             [=](ExperimentConfig& config) { config.training.epochs = epochs; });
  }
  const Chart decade = chart_of(sweep_figures(group_runs(runs), {}));
  EXPECT_FALSE(decade.x_log);
  EXPECT_TRUE(decade.x_integer);
  add_runs(runs, "mlp", 9'050, [](ExperimentConfig& config) { config.training.epochs = 11; });
  EXPECT_TRUE(chart_of(sweep_figures(group_runs(runs), {})).x_log);
}

TEST(SweepFigures, OfANumberAndAnotherKeyHaveALineForEachOfItsValues) {
  std::vector<StoredRun> runs;
  for (const Normalization normalization : {Normalization::standardize, Normalization::unit}) {
    for (const double value : {0.001, 0.002}) {
      add_runs(runs, "mlp", 9'000 + static_cast<std::int64_t>(runs.size()),
               [&](ExperimentConfig& config) {
                 rate(value)(config);
                 config.data.normalization = normalization;
               });
    }
  }
  const std::vector<RunGroup> groups = group_runs(runs);
  const Chart chart = chart_of(sweep_figures(groups, {}));
  ASSERT_THAT(chart.series, SizeIs(2));
  EXPECT_EQ(chart.series[1].label, "mlp data.normalization=unit");
  EXPECT_THAT(heat_map_figures(groups, {}), SizeIs(1));
}

TEST(SweepFigures, LeaveOutWhatIsNoNumber) {
  std::vector<StoredRun> runs;
  for (const std::int64_t limit : {100, 200, 0}) {
    add_runs(runs, "mlp", 9'000 + limit, [=](ExperimentConfig& config) {
      if (limit > 0) config.data.train_limit = limit;
    });
  }
  const Chart chart = chart_of(sweep_figures(group_runs(runs), {}));
  EXPECT_THAT(chart.series.at(0).points, SizeIs(2));
  EXPECT_EQ(sweep_section(group_runs(runs)).tables[0].rows[2][1], "null");
}

TEST(SweepFigures, HaveEachExperimentOfANameAtItsValue) {
  const std::vector<RunGroup> groups = adam_and_sgd_at_three_rates();
  const Chart chart = chart_of(sweep_figures(groups, {}));
  ASSERT_THAT(chart.series, SizeIs(2));
  EXPECT_EQ(chart.series[0].label, "mlp optimizer.type=adam");
  EXPECT_THAT(chart.series[0].points, SizeIs(1));
  EXPECT_THAT(chart.series[1].points, SizeIs(3));
  const auto map = std::get<HeatMap>(heat_map_figures(groups, {}).at(0).content);
  EXPECT_THAT(map.columns, ElementsAre("0.001", "0.01", "0.1"));
  EXPECT_TRUE(map.cells.at(0).at(0).has_value());
}

TEST(SweepFigures, LeaveOutNamesThatTheirKeyDoesNotSetApart) {
  std::vector<StoredRun> runs;
  add_runs(runs, "mlp", 9'700, rate(0.001));
  add_runs(runs, "mlp", 9'500, rate(0.002));
  for (const Normalization normalization : {Normalization::standardize, Normalization::unit}) {
    add_runs(runs, "cnn", 9'800 + static_cast<std::int64_t>(runs.size()),
             [=](ExperimentConfig& config) { config.data.normalization = normalization; });
  }
  const Chart chart = chart_of(sweep_figures(group_runs(runs), {}));
  ASSERT_THAT(chart.series, SizeIs(1));
  EXPECT_EQ(chart.series[0].label, "mlp");
}

TEST(SweepFigures, AreOverTheNumbersOfOneModelWhereAnotherHasAList) {
  std::vector<StoredRun> runs;
  add_runs(runs, "net", 9'700, [](ExperimentConfig& c) { c.model = MlpConfig{}; });
  for (const std::int64_t units : {64, 128}) {
    add_runs(runs, "net", 9'700 + units,
             [=](ExperimentConfig& c) { c.model = CnnConfig{.hidden = units}; });
  }
  const Chart chart = chart_of(sweep_figures(group_runs(runs), {}));
  ASSERT_THAT(chart.series, SizeIs(1));
  EXPECT_EQ(chart.series[0].label, "net model.type=cnn");
}

std::vector<RunGroup> grid() {
  std::vector<StoredRun> runs;
  for (const std::int64_t batch : {128, 64}) {
    for (const double value : {0.001, 0.0001, 0.01}) {
      if (batch == 64 && value == 0.01) continue;  // not trained yet
      add_runs(runs, "mlp", 9'000 + 100 * static_cast<std::int64_t>(runs.size()),
               [&](ExperimentConfig& config) {
                 rate(value)(config);
                 config.training.batch_size = batch;
               });
    }
  }
  return group_runs(runs);
}

TEST(HeatMapFigures, HaveACellForEachPairOfValues) {
  const std::vector<FigureData> figures = heat_map_figures(grid(), {});
  ASSERT_THAT(figures, SizeIs(1));
  const auto& map = std::get<HeatMap>(figures[0].content);
  EXPECT_EQ(map.row_title, "optimizer.learning_rate");
  EXPECT_THAT(map.rows, ElementsAre("0.0001", "0.001", "0.01"));
  EXPECT_THAT(map.columns, ElementsAre("64", "128"));
  EXPECT_EQ(map.cells[1][1]->text, "90.10");
  EXPECT_NEAR(map.cells[0][1]->value, 92.1, 1e-9);
  EXPECT_FALSE(map.cells[2][0].has_value());
  const std::string svg = page_svg(draw(figures[0]));
  EXPECT_THAT(svg, HasSubstr("<title>mlp optimizer.learning_rate=0.0001 training.batch_size=128: "
                             "92.10 ± 0.14 (n = 2)</title>"));
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.06\""));
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.6\""));
  EXPECT_THAT(sweep_figures(grid(), {}), IsEmpty());  // two numbers
}

TEST(HeatMapFigures, OfOneKeyOrOneValueAreNone) {
  EXPECT_THAT(heat_map_figures(swept_by_rate({"mlp"}), {}), IsEmpty());
}

std::vector<RunGroup> swept_by_three_numbers() {
  std::vector<StoredRun> runs;
  for (const std::int64_t epochs : {1, 2}) {
    for (const std::int64_t batch : {128, 64}) {
      for (const double value : {0.001, 0.01}) {
        add_runs(runs, "mlp", 9'000 + 10 * static_cast<std::int64_t>(runs.size()),
                 [&](ExperimentConfig& config) {
                   rate(value)(config);
                   config.training.batch_size = batch;
                   config.training.epochs = epochs;
                 });
      }
    }
  }
  return group_runs(runs);
}

/// "mlp" at two rates, "wide" in two batches: two keys, but no name has two values of both.
std::vector<RunGroup> one_key_for_each_name() {
  std::vector<StoredRun> runs;
  for (const std::int64_t i : {1, 2}) {
    add_runs(runs, "mlp", 9'000 + i, rate(0.001 * static_cast<double>(i)));
    add_runs(runs, "wide", 9'100 + i,
             [=](ExperimentConfig& config) { config.training.batch_size = 32 * i; });
  }
  return group_runs(runs);
}

TEST(SweepSection, SaysWhyNoFigureIsOverItsKeys) {
  EXPECT_THAT(sweep_section(swept_by_three_numbers()).notes,
              ElementsAre("No figure over the swept keys: a chart is over one swept key that is a "
                          "number, not over 3: optimizer.learning_rate, training.epochs, "
                          "training.batch_size; a heat map is over two swept keys, not over 3."));
  EXPECT_THAT(heat_map_figures(one_key_for_each_name(), {}), IsEmpty());
  EXPECT_THAT(sweep_section(one_key_for_each_name()).notes,
              ElementsAre(HasSubstr("a heat map needs two values of optimizer.learning_rate and of "
                                    "training.batch_size for the same experiment name. Reported "
                                    "alone, by their folders, these have figures: mlp, wide.")));
  EXPECT_THAT(sweep_section(grid()).notes, IsEmpty());
  EXPECT_THAT(sweep_section(swept_by_rate({"mlp"})).notes, IsEmpty());
}

TEST(SweepSection, OfOneKeyThatIsNoNumberIsInTheOrderOfItsNumbersAndSaysWhyNoFigureIsOverIt) {
  std::vector<StoredRun> runs;
  for (const std::int64_t units : {16, 32, 8}) {
    add_runs(runs, "mlp", 9'000 + units,
             [=](ExperimentConfig& config) { config.model = MlpConfig{.hidden = {units}}; });
  }
  const Section section = sweep_section(group_runs(runs));
  std::vector<std::string> values;
  for (const auto& row : section.tables.at(0).rows) values.push_back(row.at(1));
  EXPECT_THAT(values, ElementsAre("[8]", "[16]", "[32]"));
  EXPECT_THAT(section.notes,
              ElementsAre("No figure over the swept keys: a chart needs a swept key with different "
                          "numbers; a heat map is over two swept keys, not over 1."));
}

TEST(SweepSection, NamesTheExperimentsWithoutAHeatMap) {
  std::vector<StoredRun> runs;
  for (const RunGroup& group : grid()) {
    runs.insert(runs.end(), group.completed.begin(), group.completed.end());
  }
  add_runs(runs, "wide", 9'900, rate(0.001));
  add_runs(runs, "wide", 9'910, rate(0.01));
  EXPECT_THAT(sweep_section(group_runs(runs)).notes,
              ElementsAre("No heat map of wide: fewer than two values of optimizer.learning_rate "
                          "or of training.batch_size."));
}

TEST(SweepFigures, ThatAreNoneSayWhyInTheirFiles) {
  StoredRuns stored;
  for (const RunGroup& group : swept_by_three_numbers()) {
    stored.runs.insert(stored.runs.end(), group.completed.begin(), group.completed.end());
  }
  const Report report = make_report(stored);
  EXPECT_THAT(format_of("sweep.svg").render(report),
              HasSubstr("nothing to show: a chart is over one swept key"));
  EXPECT_THAT(format_of("heatmap.svg").render(report),
              HasSubstr("nothing to show: a heat map is over two swept keys, not over 3"));
}

TEST(SweepSection, TellsDevicesApart) {
  std::vector<StoredRun> runs;
  add_runs(runs, "mlp", 9'700, rate(0.001));
  add_runs(runs, "mlp", 9'500, rate(0.002));
  for (std::size_t i = 0, n = runs.size(); i < n; ++i) {
    runs.push_back(runs[i]);
    *runs.back().result.parameters_sha256 += "gpu";
    move_to_gpu(runs.back().result, "H200");
  }
  const std::vector<RunGroup> groups = group_runs(runs);
  EXPECT_EQ(sweep_section(groups).tables.at(0).rows.at(2)[0], "mlp on CUDA (H200)");
  EXPECT_THAT(chart_of(sweep_figures(groups, {})).series, SizeIs(2));
}

}  // namespace
}  // namespace mnist_bench
