#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"

namespace mnist_bench {
namespace {

/// The SD of a metric over the classes of a run, mean over the runs, in per cent.
std::optional<double> sd_over_classes(const RunGroup& group, double ClassMetrics::*value) {
  std::vector<double> deviations;
  for (const StoredRun& run : group.completed) {
    std::vector<double> values;
    const ClassificationMetrics& metrics = run.result.test->metrics;
    for (const std::int64_t k : metrics.macro.classes) {
      values.push_back(100.0 * metrics.per_class[static_cast<std::size_t>(k)].*value);
    }
    if (const auto sd = summary_of(values).sd) deviations.push_back(*sd);
  }
  return summary_of(deviations).mean;
}

CellVerdict verdict_on(const PaperCell& cell, const Interval& next_run) {
  if (next_run.low - kPrintedHalfUnit <= cell.printed &&
      cell.printed <= next_run.high + kPrintedHalfUnit) {
    const bool narrow = next_run.high - next_run.low <= 2.0 * allowed_half_width(cell);
    return narrow ? CellVerdict::not_contradicted : CellVerdict::too_uncertain;
  }
  const bool within =
      cell.printed_sd && std::abs(*cell.difference) <= *cell.printed_sd + kPrintedHalfUnit;
  if (*cell.difference > 0.0) {
    return within ? CellVerdict::higher_within_printed : CellVerdict::higher;
  }
  return within ? CellVerdict::lower_within_printed : CellVerdict::lower;
}

/// A cell of Table 4.
PaperCell check_mean(const PaperModel& model, const PrintedMean& printed) {
  PaperCell cell{.model = model.printed->name,
                 .metric = &metric_of(printed.metric),
                 .printed = printed.mean,
                 .printed_sd = printed.sd,
                 .ours = {}};
  if (model.runs == nullptr) return cell;
  cell.ours = model.runs->summaries.at(cell.metric->key);
  cell.images = test_images(*model.runs);
  if (!cell.ours.mean) return cell;
  const double scale = cell.metric->scale();
  cell.difference = scale * *cell.ours.mean - cell.printed;
  if (const auto next = next_run_interval(cell.ours)) {
    const Interval whole = {.low = scale * next->low, .high = scale * next->high};
    cell.verdict = verdict_on(cell, whole);
    const Interval possible = within_range(*next, *cell.metric);
    cell.next_run = Interval{.low = scale * possible.low, .high = scale * possible.high};
  }
  for (const ClassMetric& of_class : kClassMetrics) {
    if (cell.metric->key != of_class.macro) continue;
    cell.sd_over_classes = sd_over_classes(*model.runs, of_class.value);
  }
  return cell;
}

PaperCell check_seconds(const PaperModel& model) {
  PaperCell cell{.model = model.printed->name,
                 .metric = &metric_of("seconds_per_epoch"),
                 .printed = model.printed->seconds_per_epoch,
                 .printed_sd = {},
                 .ours = {},
                 .verdict = CellVerdict::not_comparable};
  if (model.runs == nullptr) return cell;
  cell.ours = model.runs->summaries.at(cell.metric->key);
  if (cell.ours.mean) cell.difference = *cell.ours.mean - cell.printed;
  return cell;
}

PaperCell check_parameters(const PaperModel& model) {
  PaperCell cell{.model = model.printed->name,
                 .metric = &metric_of("parameters"),
                 .printed = static_cast<double>(model.printed->parameters),
                 .printed_sd = {},
                 .ours = {}};
  if (model.runs == nullptr || !model.runs->model) return cell;
  const auto ours = static_cast<double>(model.runs->model->parameters);
  cell.ours.n = static_cast<std::int64_t>(model.runs->completed.size());
  cell.ours.mean = ours;
  cell.difference = ours - cell.printed;
  cell.verdict = *cell.difference == 0.0 ? CellVerdict::equal : CellVerdict::differs;
  return cell;
}

}  // namespace

double allowed_half_width(const PaperCell& cell) {
  return std::max(kAllowedHalfWidth, cell.printed_sd.value_or(0.0));
}

std::vector<PaperLayer> check_layers(const PaperModel& model) {
  std::vector<PaperLayer> rows;
  const bool known = model.runs != nullptr && model.runs->model;
  const std::size_t ours = known ? model.runs->model->layers.size() : 0;
  for (std::size_t i = 0; i < std::max(model.printed->layers.size(), ours); ++i) {
    PaperLayer row{.layer = "–", .index = "–", .printed = {}, .ours_layer = "–", .ours = {}};
    if (i < model.printed->layers.size()) {
      const PrintedLayer& printed = model.printed->layers[i];
      row.layer = printed.layer;
      row.index = printed.index;
      if (printed.parameters != 0) row.printed = printed.parameters;
    }
    if (i < ours) {
      const LayerSummary& layer = model.runs->model->layers[i];
      row.ours_layer = layer.type;
      if (layer.parameters != 0) row.ours = layer.parameters;
    }
    const std::string type = upper_case(row.ours_layer);
    if (known) {
      row.verdict =
          type == row.layer && row.ours == row.printed ? CellVerdict::equal : CellVerdict::differs;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<PaperCell> check_cells(const PaperEvidence& evidence) {
  std::vector<PaperCell> cells;
  const PaperModel* const both[] = {&evidence.mlp, &evidence.cnn};
  for (std::size_t i = 0; i < evidence.mlp.printed->means.size(); ++i) {
    for (const PaperModel* model : both) {
      cells.push_back(check_mean(*model, model->printed->means[i]));
    }
  }
  for (const PaperModel* model : both) cells.push_back(check_parameters(*model));
  for (const PaperModel* model : both) cells.push_back(check_seconds(*model));
  return cells;
}

}  // namespace mnist_bench
