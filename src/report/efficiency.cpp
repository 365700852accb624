#include "report/efficiency.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "evaluate/judge.h"
#include "model/activations.h"
#include "record/layer_tensors.h"
#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

template <std::int64_t ModelSummary::*member, std::int64_t factor = 1>
std::optional<double> of_network(const RunResult& run) {
  if (!run.model || !is_network(run.config.model)) return std::nullopt;
  return static_cast<double>(factor * (*run.model).*member);
}

/// Of the parameters; of k-NN and SVM all that they keep.
std::optional<double> parameter_bytes(const RunResult& run) {
  if (run.model && run.model->stored_bytes) return static_cast<double>(*run.model->stored_bytes);
  return of_network<&ModelSummary::parameters, kBytesOfValue>(run);
}

std::optional<double> activation_bytes(const RunResult& run) {
  if (!run.model || !run.data || !is_network(run.config.model)) return std::nullopt;
  return static_cast<double>(peak_activation_bytes(layers_of(run)));
}

std::optional<double> train_seconds(const RunResult& run) {
  return run.timing.fit_seconds.value_or(run.timing.train_seconds);
}

template <std::optional<double> (*value)(const RunResult&)>
SampleSummary by_seed(const RunGroup& group) {
  return summary_by_seed(group, value);
}

SampleSummary latency(const RunGroup& group) {
  std::vector<double> values;
  for (const Latency& one : group.latencies) values.push_back(one.p50_us);
  return summary_of(values);
}

/// The costs, as indices, that at least one group has.
std::vector<std::size_t> known_costs(const std::vector<EfficiencyRow>& rows) {
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < costs().size(); ++i) {
    const bool has_one = std::any_of(rows.begin(), rows.end(), [&](const EfficiencyRow& row) {
      return row.costs[i].mean.has_value();
    });
    if (has_one) known.push_back(i);
  }
  return known;
}

/// Whether the judge says that `a` is more accurate: means alone differ by the choice of the seeds.
bool is_shown_more_accurate(const RunGroup& a, const RunGroup& b) {
  if (!share_test_images(a, b)) return false;
  const Metric& accuracy = metric_of(kAccuracyKey);
  const PairedValues pairs =
      paired_by_seed(values_by_seed(b, accuracy), values_by_seed(a, accuracy));
  const Judgement judgement = judge(pairs.differences, test_images(a).value_or(0));
  return judgement.conclusion == Conclusion::shown && judgement.b_is_higher();
}

/// Whether `a` costs no more than `b`, by the means. That cannot be said where one of them lacks
/// one of the `known` costs.
bool costs_no_more(const EfficiencyRow& a, const EfficiencyRow& b,
                   const std::vector<std::size_t>& known) {
  return std::all_of(known.begin(), known.end(), [&](std::size_t i) {
    const std::optional<double>& of_a = a.costs[i].mean;
    const std::optional<double>& of_b = b.costs[i].mean;
    return of_a && of_b && *of_a <= *of_b;
  });
}

std::string cost_text(const Cost& cost, const SampleSummary& summary) {
  if (cost.exact) return count_text(summary.mean);
  return summary_text(summary, metric_of("total_seconds"), {}).mean_and_sd();
}

bool have_latencies(const std::vector<RunGroup>& groups) {
  return std::any_of(groups.begin(), groups.end(),
                     [](const RunGroup& group) { return !group.latencies.empty(); });
}

/// Those that are compared. Where latencies are known, a network without one is left out: a page of
/// many experiments times those whose efficiency it is about.
std::vector<const RunGroup*> compared_groups(const std::vector<RunGroup>& groups) {
  const bool timed = have_latencies(groups);
  std::vector<const RunGroup*> found;
  for (const RunGroup& group : groups) {
    if (group.completed.empty()) continue;
    const ExperimentConfig& config = group.completed.front().result.config;
    if (timed && group.latencies.empty() && is_network(config.model)) continue;
    found.push_back(&group);
  }
  return found;
}

/// One point, with a whisker of ± SD; none for a cost that is not positive.
ChartSeries efficiency_point(const EfficiencyRow& row, const Cost& cost,
                             const SampleSummary& of_cost, std::size_t style, std::int64_t images) {
  const std::string of_the_cost =
      of_cost.n == row.accuracy.n ? "" : fmt::format("; of the {} {}", cost.title, of_cost.n);
  ChartSeries series{.label = fmt::format("{} (n = {}{})", row.group, row.accuracy.n, of_the_cost),
                     .style = style,
                     .line = false,
                     .points = {}};
  if (!of_cost.mean || *of_cost.mean <= 0.0 || !row.accuracy.mean) return series;
  const Metric& metric = metric_of(kAccuracyKey);
  ChartPoint point{
      .x = *of_cost.mean / cost.axis_unit,
      .y = metric.scale() * *row.accuracy.mean,
      .range = {},
      .note = fmt::format("{}: {} at {} {}", row.group,
                          summary_text(row.accuracy, metric, images).mean_and_sd_in("%"),
                          cost_text(cost, of_cost), cost.title)};
  if (row.accuracy.sd) {
    const double sd = metric.scale() * *row.accuracy.sd;
    point.range = {.low = point.y - sd, .high = point.y + sd};
  }
  series.points.push_back(std::move(point));
  return series;
}

/// Steps up at each point that no other one is above at no more cost, by the means; without points
/// where there are too few for it to say anything.
ChartSeries frontier_of(const std::vector<std::pair<std::string, ChartSeries>>& lines) {
  ChartSeries frontier{
      .label = "Pareto frontier of the means", .dashed = true, .guide = true, .points = {}};
  std::vector<ChartPoint> points;
  for (const auto& [name, series] : lines) {
    points.insert(points.end(), series.points.begin(), series.points.end());
  }
  constexpr std::size_t kFewest = 3;
  if (points.size() < kFewest) return frontier;
  std::sort(points.begin(), points.end(), [](const ChartPoint& a, const ChartPoint& b) {
    return std::pair(a.x, -a.y) < std::pair(b.x, -b.y);
  });
  for (const ChartPoint& point : points) {
    if (!frontier.points.empty()) {
      const double height = frontier.points.back().y;
      if (point.y <= height) continue;
      frontier.points.push_back({.x = point.x, .y = height, .range = {}, .note = ""});
    }
    frontier.points.push_back({.x = point.x, .y = point.y, .range = {}, .note = ""});
  }
  return frontier;
}

/// Adds the point of an experiment to the line of those that share its name and device, as those of
/// a sweep do, from the least cost to the greatest.
void add_point(ChartSeries point, const std::string& name,
               std::vector<std::pair<std::string, ChartSeries>>& lines) {
  if (point.points.empty()) return;
  const auto line = std::find_if(lines.begin(), lines.end(),
                                 [&](const auto& each) { return each.first == name; });
  if (line == lines.end()) {
    lines.emplace_back(name, std::move(point));
    return;
  }
  std::vector<ChartPoint>& points = line->second.points;
  points.push_back(std::move(point.points.front()));
  std::sort(points.begin(), points.end(),
            [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
  line->second.label = fmt::format("{} ({} experiments)", name, points.size());
  line->second.line = true;
}

/// How, where and with what doubts the latencies were measured; empty where none was.
std::vector<std::string> latency_notes(const std::vector<const RunGroup*>& groups) {
  std::map<std::string, std::vector<std::string>> measured;  // labels by "native, 1 thread"
  std::set<std::string> machines;
  std::set<std::string> warnings;
  for (const RunGroup* group : groups) {
    if (group->latencies.empty()) continue;
    const Latency& first = group->latencies.front();
    measured[fmt::format("{}, {}", first.engine, counted(first.threads, "thread"))].push_back(
        group->label);
    machines.insert(first.machine);
    warnings.insert(first.warnings.begin(), first.warnings.end());
  }
  if (measured.empty()) return {};
  std::vector<std::string> ways;
  for (const auto& [way, labels] : measured) {
    ways.push_back(measured.size() == 1 ? way
                                        : fmt::format("{} ({})", way, fmt::join(labels, ", ")));
  }
  std::vector<std::string> notes = {
      fmt::format("Latency: the median time from the bytes of one image to its probabilities, as "
                  "measured by bench --inference: {}; on {}. Networks that were not timed are "
                  "left out; k-NN and SVM cannot be timed so, and neither dominate nor are "
                  "dominated.",
                  fmt::join(ways, "; "), fmt::join(machines, " and "))};
  for (const std::string& warning : warnings) {
    notes.push_back("Read the latencies with care: " + warning + ".");
  }
  return notes;
}

Json to_json(const EfficiencyRow& row, const RunGroup& group) {
  Json json = {{"experiment", row.group}, {"accuracy", to_json(row.accuracy)}};
  for (std::size_t i = 0; i < costs().size(); ++i) json[costs()[i].key] = to_json(row.costs[i]);
  json["dominated_by"] = row.dominated_by;
  json["latencies"] = Json::array();
  for (const Latency& one : group.latencies) {
    json["latencies"].push_back(to_json(one));
    json["latencies"].back()["machine"] = one.machine;
    json["latencies"].back()["warnings"] = one.warnings;
  }
  return json;
}

}  // namespace

const std::vector<Cost>& costs() {
  static const std::vector<Cost> list = {
      {.key = "parameters",
       .title = "parameters",
       .summary = by_seed<of_network<&ModelSummary::parameters>>,
       .exact = true,
       .axis_unit = 1e3,
       .axis = "parameters [thousands]"},
      {.key = "macs",
       .title = "MACs per image",
       .summary = by_seed<of_network<&ModelSummary::macs>>,
       .exact = true,
       .axis_unit = 1e6,
       .axis = "MACs per image [millions]"},
      {.key = "parameter_bytes",
       .title = "parameters [bytes]",
       .summary = by_seed<parameter_bytes>,
       .exact = true,
       .axis_unit = 1e3,
       .axis = "parameters [kB]"},
      {.key = "activation_bytes",
       .title = "activations [bytes]",
       .summary = by_seed<activation_bytes>,
       .exact = true,
       .axis_unit = 1e3,
       .axis = "activations [kB]"},
      {.key = "train_seconds", .title = "training [s]", .summary = by_seed<train_seconds>},
      {.key = "latency_p50_us", .title = "latency [µs]", .summary = latency},
  };
  return list;
}

std::vector<EfficiencyRow> efficiency_rows(const std::vector<RunGroup>& groups) {
  const std::vector<const RunGroup*> found = compared_groups(groups);
  std::vector<EfficiencyRow> rows;
  for (const RunGroup* group : found) {
    EfficiencyRow row{.group = group->label,
                      .accuracy = group->summaries.at(kAccuracyKey),
                      .costs = {},
                      .dominated_by = {}};
    for (const Cost& cost : costs()) row.costs.push_back(cost.summary(*group));
    rows.push_back(std::move(row));
  }
  const std::vector<std::size_t> known = known_costs(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (costs_no_more(rows[j], rows[i], known) && is_shown_more_accurate(*found[j], *found[i])) {
        rows[i].dominated_by.push_back(rows[j].group);
      }
    }
  }
  return rows;
}

Section efficiency_section(const std::vector<RunGroup>& groups) {
  // At a terminal only where latencies were asked for.
  Section section{.id = "efficiency", .title = "Efficiency", .pages_only = !have_latencies(groups)};
  const std::vector<EfficiencyRow> rows = efficiency_rows(groups);
  if (rows.size() < 2 && section.pages_only) return section;
  const std::vector<const RunGroup*> found = compared_groups(groups);
  ReportTable table{.title = "Accuracy and what it costs",
                    .columns = {Align::left, Align::right, Align::right},
                    .header = {"experiment", "n", "accuracy [%]"},
                    .rows = {}};
  const std::vector<std::size_t> known = known_costs(rows);
  for (const std::size_t c : known) {
    table.columns.push_back(Align::right);
    table.header.push_back(costs()[c].title);
  }
  table.columns.push_back(Align::left);
  table.header.emplace_back("dominated by");
  section.data = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const EfficiencyRow& row = rows[i];
    std::vector<std::string> cells = {
        row.group, std::to_string(row.accuracy.n),
        summary_text(row.accuracy, metric_of(kAccuracyKey), test_images(*found[i])).mean_and_sd()};
    for (const std::size_t c : known) cells.push_back(cost_text(costs()[c], row.costs[c]));
    cells.push_back(
        row.dominated_by.empty() ? kAbsent : fmt::format("{}", fmt::join(row.dominated_by, ", ")));
    table.rows.push_back(std::move(cells));
    section.data.push_back(to_json(row, *found[i]));
  }
  section.tables.push_back(std::move(table));
  section.notes = {fmt::format(
      "Dominated: another experiment is shown to be more accurate, which takes {} "
      "common seeds, and by the means it costs no more in anything. Training times of "
      "different machines cannot be compared. A parameter takes 4 bytes; k-NN and SVM count "
      "the images and numbers that they keep. Activations: "
      "the most of one image at a time, by the list of layers, 4 bytes each; an engine "
      "may take less or more.",
      kFewestSeeds)};
  for (std::string& note : latency_notes(found)) section.notes.push_back(std::move(note));
  return section;
}

std::vector<FigureData> efficiency_figures(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& /*evaluations*/) {
  const std::vector<EfficiencyRow> rows = efficiency_rows(groups);
  if (rows.size() < 2 && !have_latencies(groups)) return {};
  const std::vector<const RunGroup*> found = compared_groups(groups);
  // A line's style is the place of its name: among dozens of groups styles would repeat.
  std::vector<std::string> names;
  for (const RunGroup& group : groups) {
    const std::string name = name_and_device(group, groups);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::vector<FigureData> figures;
  for (std::size_t c = 0; c < costs().size(); ++c) {
    const Cost& cost = costs()[c];
    std::vector<std::pair<std::string, ChartSeries>> lines;  // by name_and_device
    Chart chart{
        .title = "Accuracy against " + cost.title,
        .description = "A point for each experiment; those of one name and device are a line",
        .x_label = (cost.axis.empty() ? cost.title : cost.axis) + ", logarithmic",
        .y_label = metric_of(kAccuracyKey).title_with_unit(),
        .x_log = true,
        .y_most = 100.0,
        .series = {}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string name = name_and_device(*found[i], groups);
      const auto style =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      add_point(efficiency_point(rows[i], cost, rows[i].costs[c], style,
                                 test_images(*found[i]).value_or(0)),
                name, lines);
    }
    ChartSeries frontier = frontier_of(lines);
    for (auto& [name, series] : lines) chart.series.push_back(std::move(series));
    if (frontier.points.size() > 1) chart.series.push_back(std::move(frontier));
    if (chart.series.empty()) continue;
    figures.push_back(
        {.subject = "",
         .caption = fmt::format("Accuracy against {}: mean over the seeds, ± one standard "
                                "deviation. Experiments of one name and device are a line.",
                                cost.title),
         .content = std::move(chart)});
  }
  return figures;
}

}  // namespace mnist_bench
