#include "report/sweep_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "config/difference.h"
#include "config/write.h"
#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// From this ratio of the greatest to the least value on, an axis is logarithmic.
constexpr double kLogarithmicFrom = 10.0;

/// What the tables and figures of a sweep are about: of experiments that are ranked by the images
/// held back, the accuracy on these.
const Metric& swept_metric(const std::vector<RunGroup>& groups) {
  const bool ranked = std::any_of(groups.begin(), groups.end(),
                                  [](const RunGroup& group) { return !group.shows_test; });
  return metric_of(ranked ? kValidationKey : kAccuracyKey);
}

/// One experiment of a sweep.
struct SweptRow {
  const RunGroup* group;
  std::string name;                         ///< name_and_device
  std::vector<std::optional<Json>> values;  ///< of the keys, in their order
  std::vector<bool> set_apart_by;           ///< the same: SweptKey::sets_apart
  const Metric* metric;

  [[nodiscard]] const SampleSummary& summary() const { return group->summaries.at(metric->key); }
};

struct Sweep {
  const Metric* metric;
  std::vector<std::string> keys;
  std::vector<SweptRow> rows;
};

/// By name, in the order in which the names appear, and then by the values of the keys.
void sort_rows(std::vector<SweptRow>& rows) {
  std::map<std::string, std::size_t> names;
  for (const SweptRow& row : rows) names.emplace(row.name, names.size());
  std::stable_sort(rows.begin(), rows.end(), [&](const SweptRow& a, const SweptRow& b) {
    if (a.name != b.name) return names.at(a.name) < names.at(b.name);
    return std::lexicographical_compare(a.values.begin(), a.values.end(), b.values.begin(),
                                        b.values.end(), is_before);
  });
}

/// The experiments that a sweep's keys set apart; the others are left out.
Sweep sweep_of(const std::vector<RunGroup>& groups) {
  std::vector<const RunGroup*> found;
  std::vector<ExperimentConfig> experiments;
  for (const RunGroup& group : groups) {
    if (group.completed.empty() && group.failed.empty() && group.interrupted.empty()) continue;
    found.push_back(&group);
    experiments.push_back(first_run(group).result.config);
  }
  const std::vector<SweptKey> keys = swept_keys(experiments);
  Sweep sweep{.metric = &swept_metric(groups), .keys = {}, .rows = {}};
  for (const SweptKey& key : keys) sweep.keys.push_back(key.path);
  for (std::size_t i = 0; i < found.size(); ++i) {
    SweptRow row{.group = found[i],
                 .name = name_and_device(*found[i], groups),
                 .values = {},
                 .set_apart_by = {},
                 .metric = sweep.metric};
    for (const SweptKey& key : keys) {
      row.values.push_back(key.values[i]);
      row.set_apart_by.push_back(key.sets_apart[i]);
    }
    const auto& by = row.set_apart_by;
    if (std::find(by.begin(), by.end(), true) != by.end()) sweep.rows.push_back(std::move(row));
  }
  sort_rows(sweep.rows);
  return sweep;
}

std::string value_text(const std::string& key, const std::optional<Json>& value) {
  return value ? plain_text(key, *value) : kAbsent;
}

/// Whether the key sets experiments of the row's name apart: where all of them have one value of
/// it, they are not points of a chart over it.
bool is_swept_for(const Sweep& sweep, const SweptRow& row, std::size_t key) {
  return std::any_of(sweep.rows.begin(), sweep.rows.end(), [&](const SweptRow& other) {
    return other.name == row.name && other.set_apart_by[key];
  });
}

/// The keys whose values, where they set apart, are numbers, some of them different; null aside.
std::vector<std::size_t> numeric_keys(const Sweep& sweep) {
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < sweep.keys.size(); ++k) {
    std::vector<double> numbers;
    bool all_numbers = true;
    for (const SweptRow& row : sweep.rows) {
      const std::optional<Json>& value = row.values[k];
      if (!row.set_apart_by[k] || value->is_null()) continue;
      all_numbers = all_numbers && value->is_number();
      if (value->is_number()) numbers.push_back(value->get<double>());
    }
    if (all_numbers && differ(numbers)) found.push_back(k);
  }
  return found;
}

/// "mlp", "mlp model.type=cnn": the name and what sets the row apart, but for the key `without`.
std::string line_label(const Sweep& sweep, const SweptRow& row, std::size_t without) {
  std::string label = row.name;
  for (std::size_t k = 0; k < sweep.keys.size(); ++k) {
    if (k == without || !row.set_apart_by[k]) continue;
    label += fmt::format(" {}={}", sweep.keys[k], value_text(sweep.keys[k], row.values[k]));
  }
  return label;
}

std::string mean_text(const SweptRow& row) {
  return summary_text(row.summary(), *row.metric, test_images(*row.group)).mean_and_sd();
}

ChartPoint swept_point(const SweptRow& row, double x, const std::string& label) {
  const Metric& metric = *row.metric;
  const SampleSummary& summary = row.summary();
  ChartPoint point{
      .x = x,
      .y = metric.scale() * *summary.mean,
      .range = {},
      .note = fmt::format("{} at {:g}: {} (n = {})", label, x, mean_text(row), summary.n)};
  if (summary.sd) {
    const double sd = metric.scale() * *summary.sd;
    point.range = {.low = point.y - sd, .high = point.y + sd};
  }
  return point;
}

void set_x_axis(Chart& chart) {
  std::vector<double> values;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) values.push_back(point.x);
  }
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  chart.x_log = *least > 0.0 && *greatest / *least > kLogarithmicFrom;
  chart.x_integer = !chart.x_log && std::all_of(values.begin(), values.end(), [](double value) {
    return value == std::floor(value);
  });
  if (chart.x_log) chart.x_label += ", logarithmic";
}

/// The different values of a key, in their order.
std::vector<Json> values_of_key(const std::vector<const SweptRow*>& rows, std::size_t key) {
  std::vector<Json> values;
  for (const SweptRow* row : rows) {
    const Json value = row->values[key].value_or(Json());
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  std::stable_sort(values.begin(), values.end(), is_before);
  return values;
}

HeatMap heat_map(const Sweep& sweep, const std::vector<const SweptRow*>& rows,
                 const std::string& name) {
  const Metric& metric = *sweep.metric;
  HeatMap map{.title = fmt::format("{} of {} over {} and {}", metric.title_with_unit(), name,
                                   sweep.keys[0], sweep.keys[1]),
              .row_title = sweep.keys[0],
              .column_title = sweep.keys[1],
              .rows = {},
              .columns = {},
              .cells = {}};
  const std::vector<Json> row_values = values_of_key(rows, 0);
  const std::vector<Json> column_values = values_of_key(rows, 1);
  for (const Json& value : row_values) map.rows.push_back(plain_text(sweep.keys[0], value));
  for (const Json& value : column_values) map.columns.push_back(plain_text(sweep.keys[1], value));
  map.cells.assign(row_values.size(), std::vector<std::optional<HeatCell>>(column_values.size()));
  for (const SweptRow* row : rows) {
    const SampleSummary& summary = row->summary();
    if (!summary.mean) continue;
    const auto at = [](const std::vector<Json>& values, const std::optional<Json>& value) {
      const auto found = std::find(values.begin(), values.end(), value.value_or(Json()));
      return static_cast<std::size_t>(found - values.begin());
    };
    map.cells[at(row_values, row->values[0])][at(column_values, row->values[1])] = HeatCell{
        .value = metric.scale() * *summary.mean,
        .text = summary_text(summary, metric, test_images(*row->group)).mean,
        .note = fmt::format("{}: {} (n = {})", row->group->label, mean_text(*row), summary.n)};
  }
  return map;
}

/// The chart over the one key that is a number, if there is one and a mean to draw.
std::vector<FigureData> charts(const Sweep& sweep) {
  const std::vector<std::size_t> numeric = numeric_keys(sweep);
  if (numeric.size() != 1) return {};
  const std::size_t key = numeric.front();
  const std::string& path = sweep.keys[key];
  Chart chart{.title = fmt::format("{} over {}", sweep.metric->title, path),
              .description =
                  "A line through the means of the experiments that differ in nothing "
                  "else",
              .x_label = path,
              .y_label = sweep.metric->title_with_unit(),
              .y_most = 100.0,
              .series = {}};
  for (const SweptRow& row : sweep.rows) {
    const std::optional<Json>& value = row.values[key];
    if (!is_swept_for(sweep, row, key) || !value || !value->is_number()) continue;
    if (!row.summary().mean) continue;
    const std::string label = line_label(sweep, row, key);
    auto series = std::find_if(chart.series.begin(), chart.series.end(),
                               [&](const ChartSeries& each) { return each.label == label; });
    if (series == chart.series.end()) {
      chart.series.push_back({.label = label, .style = chart.series.size(), .points = {}});
      series = std::prev(chart.series.end());
    }
    series->points.push_back(swept_point(row, value->get<double>(), label));
  }
  if (chart.series.empty()) return {};
  set_x_axis(chart);
  return {{.subject = "",
           .caption = fmt::format("Accuracy over {}: mean over the seeds, band of ± one standard "
                                  "deviation.",
                                  path),
           .content = std::move(chart)}};
}

struct HeatMaps {
  std::vector<FigureData> figures = {};
  std::vector<std::string> without = {};  ///< names with fewer than two values of a key
};

HeatMaps heat_maps(const Sweep& sweep) {
  if (sweep.keys.size() != 2) return {};
  std::vector<std::pair<std::string, std::vector<const SweptRow*>>> by_name;
  for (const SweptRow& row : sweep.rows) {
    auto found = std::find_if(by_name.begin(), by_name.end(),
                              [&](const auto& each) { return each.first == row.name; });
    if (found == by_name.end()) found = by_name.insert(by_name.end(), {row.name, {}});
    found->second.push_back(&row);
  }
  HeatMaps maps;
  for (const auto& [name, rows] : by_name) {
    HeatMap map = heat_map(sweep, rows, name);
    if (map.rows.size() < 2 || map.columns.size() < 2) {
      maps.without.push_back(name);
      continue;
    }
    maps.figures.push_back({.subject = name,
                            .caption = ": mean accuracy [%] over the seeds; the deeper, the "
                                       "higher, from the lowest cell to the highest.",
                            .content = std::move(map)});
  }
  return maps;
}

/// Empty where there is one.
std::string why_no_chart(const Sweep& sweep) {
  if (!charts(sweep).empty()) return "";
  const std::vector<std::size_t> numeric = numeric_keys(sweep);
  if (numeric.size() == 1) return "no run of the sweep is completed";
  if (numeric.empty()) return "a chart needs a swept key with different numbers";
  std::vector<std::string> names;
  for (const std::size_t k : numeric) names.push_back(sweep.keys[k]);
  return fmt::format("a chart is over one swept key that is a number, not over {}: {}",
                     numeric.size(), fmt::join(names, ", "));
}

/// Empty where there is one.
std::string why_no_heat_map(const Sweep& sweep) {
  if (sweep.keys.size() != 2) {
    return fmt::format("a heat map is over two swept keys, not over {}", sweep.keys.size());
  }
  if (!heat_maps(sweep).figures.empty()) return "";
  return fmt::format("a heat map needs two values of {} and of {} for the same experiment name",
                     sweep.keys[0], sweep.keys[1]);
}

/// Names that would have a figure if they were reported alone: models with keys of their own.
std::string hint_for_names(const Sweep& sweep) {
  std::map<std::string, std::vector<RunGroup>> by_name;
  for (const SweptRow& row : sweep.rows) {
    by_name[first_run(*row.group).result.config.name].push_back(*row.group);
  }
  std::vector<std::string> drawable;
  for (const auto& [name, groups] : by_name) {
    const Sweep alone = sweep_of(groups);
    if (!charts(alone).empty() || !heat_maps(alone).figures.empty()) drawable.push_back(name);
  }
  if (drawable.empty()) return "";
  return fmt::format(" Reported alone, by their folders, these have figures: {}.",
                     fmt::join(drawable, ", "));
}

/// What the reader might look for among the figures, and why it is not there.
std::vector<std::string> notes_on_figures(const Sweep& sweep) {
  const std::string no_chart = why_no_chart(sweep);
  if (no_chart.empty()) return {};
  if (const std::string no_map = why_no_heat_map(sweep); !no_map.empty()) {
    return {fmt::format("No figure over the swept keys: {}; {}.{}", no_chart, no_map,
                        hint_for_names(sweep))};
  }
  const std::vector<std::string> without = heat_maps(sweep).without;
  if (without.empty()) return {};
  return {fmt::format("No heat map of {}: fewer than two values of {} or of {}.",
                      fmt::join(without, ", "), sweep.keys[0], sweep.keys[1])};
}

}  // namespace

Section sweep_section(const std::vector<RunGroup>& groups) {
  Section section{.id = "sweep", .title = "Swept keys"};
  const Sweep sweep = sweep_of(groups);
  if (sweep.keys.empty()) return section;
  const Metric& loss = metric_of("loss");
  ReportTable table{.title = "Mean ± SD over the seeds, by the keys that differ",
                    .columns = {Align::left},
                    .header = {"experiment"},
                    .rows = {}};
  for (const std::string& key : sweep.keys) {
    table.columns.push_back(Align::right);
    table.header.push_back(key);
  }
  for (const std::string& title :
       {std::string("n"), sweep.metric->title_with_unit(), loss.title_with_unit()}) {
    table.columns.push_back(Align::right);
    table.header.push_back(title);
  }
  section.data = {{"keys", sweep.keys}, {"rows", Json::array()}};
  for (const SweptRow& row : sweep.rows) {
    std::vector<std::string> cells = {row.name};
    Json values = Json::object();
    for (std::size_t k = 0; k < sweep.keys.size(); ++k) {
      cells.push_back(value_text(sweep.keys[k], row.values[k]));
      if (row.values[k]) values[sweep.keys[k]] = *row.values[k];
    }
    const SampleSummary& of_loss = row.group->summaries.at(loss.key);
    cells.push_back(std::to_string(row.group->completed.size()));
    cells.push_back(mean_text(row));
    cells.push_back(row.group->shows_test
                        ? summary_text(of_loss, loss, test_images(*row.group)).mean_and_sd()
                        : kNotShown);
    table.rows.push_back(std::move(cells));
    section.data["rows"].push_back({{"experiment", row.group->label},
                                    {"name", row.name},
                                    {"config_hash", row.group->config_hash},
                                    {"values", std::move(values)},
                                    {"n", row.group->completed.size()},
                                    {sweep.metric->key, to_json(row.summary())}});
    if (row.group->shows_test) section.data["rows"].back()[loss.key] = to_json(of_loss);
  }
  section.tables.push_back(std::move(table));
  section.notes = notes_on_figures(sweep);
  return section;
}

std::vector<FigureData> sweep_figures(const std::vector<RunGroup>& groups,
                                      const EvaluationsOfRuns& /*evaluations*/) {
  return charts(sweep_of(groups));
}

std::vector<FigureData> heat_map_figures(const std::vector<RunGroup>& groups,
                                         const EvaluationsOfRuns& /*evaluations*/) {
  return heat_maps(sweep_of(groups)).figures;
}

std::string why_no_sweep_chart(const std::vector<RunGroup>& groups) {
  return why_no_chart(sweep_of(groups));
}

std::string why_no_heat_map(const std::vector<RunGroup>& groups) {
  return why_no_heat_map(sweep_of(groups));
}

}  // namespace mnist_bench
