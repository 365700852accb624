#include "report/paper.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "report/labels.h"
#include "report/paper_arithmetic.h"
#include "report/paper_claims.h"

namespace mnist_bench {
namespace {

const ExperimentConfig& config_of(const RunGroup& group) { return first_run(group).result.config; }

/// "training.epochs 5 → 2" for each key in which the group is not the paper's experiment.
std::vector<std::string> departures_of(const RunGroup& group) {
  const ExperimentConfig& config = config_of(group);
  ExperimentConfig paper;
  if (model_type(config.model) == CnnConfig::kType) {
    paper.model = CnnConfig{};
  } else {
    paper.model = MlpConfig{};
  }
  return differences_between(paper, config);
}

/// The group of this model that departs least; one with completed runs before one without.
const RunGroup* group_of(const std::vector<RunGroup>& groups, const std::string& type) {
  const auto rank = [](const RunGroup& group) {
    return std::pair(group.completed.empty(), departures_of(group).size());
  };
  const RunGroup* best = nullptr;
  for (const RunGroup& group : groups) {
    if (!group.model || group.model->type != type) continue;
    if (best == nullptr || rank(group) < rank(*best)) best = &group;
  }
  return best;
}

/// The class sizes of MNIST's test images, from a run that was tested on all of them.
std::vector<std::int64_t> class_sizes_in(const std::vector<RunGroup>& groups) {
  for (const RunGroup& group : groups) {
    for (const StoredRun& run : group.completed) {
      const auto& data = run.result.data;
      if (!data || data->dataset != "mnist") continue;
      const std::vector<std::int64_t>& sizes = data->test.class_counts;
      const auto images = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
      if (sizes.size() == kPrintedClasses && images == kPrintedTestImages) return sizes;
    }
  }
  return {};
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
    std::string type = row.ours_layer;
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (known) {
      row.verdict =
          type == row.layer && row.ours == row.printed ? CellVerdict::equal : CellVerdict::differs;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The SD of a measure over the classes of a run, mean over the runs, in per cent.
std::optional<double> sd_over_classes(const RunGroup& group, double ClassMetrics::*value) {
  std::vector<double> deviations;
  for (const StoredRun& run : group.completed) {
    std::vector<double> values;
    const ClassificationMetrics& metrics = run.result.test->metrics;
    for (const std::int64_t k : metrics.macro.classes) {
      values.push_back(100.0 * metrics.per_class[static_cast<std::size_t>(k)].*value);
    }
    if (const auto sd = spread_of(values).sd) deviations.push_back(*sd);
  }
  return spread_of(deviations).mean;
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
                 .measure = &measure_of(printed.measure),
                 .printed = printed.mean,
                 .printed_sd = printed.sd,
                 .ours = {}};
  if (model.runs == nullptr) return cell;
  cell.ours = model.runs->*cell.measure->spread;
  cell.images = test_images(*model.runs);
  if (!cell.ours.mean) return cell;
  const double scale = cell.measure->scale;
  cell.difference = scale * *cell.ours.mean - cell.printed;
  // Accuracies that happen to be equal have some scatter all the same: that of rounding to images.
  Spread scatter = cell.ours;
  if (cell.images && scatter.sd) {
    scatter.sd = std::max(*scatter.sd, 1.0 / (static_cast<double>(*cell.images) * std::sqrt(12.0)));
    scatter.ci95 = mean_interval(scatter, 0.95);
  }
  if (const auto next = next_run_interval(scatter)) {
    const Interval whole = {.low = scale * next->low, .high = scale * next->high};
    cell.verdict = verdict_on(cell, whole);
    const Interval possible = within_range(*next, *cell.measure);
    cell.next_run = Interval{.low = scale * possible.low, .high = scale * possible.high};
  }
  const std::string key = printed.measure;
  if (key == "macro_precision") {
    cell.sd_over_classes = sd_over_classes(*model.runs, &ClassMetrics::precision);
  } else if (key == "macro_recall") {
    cell.sd_over_classes = sd_over_classes(*model.runs, &ClassMetrics::recall);
  } else if (key == "macro_f1") {
    cell.sd_over_classes = sd_over_classes(*model.runs, &ClassMetrics::f1);
  }
  return cell;
}

PaperCell check_seconds(const PaperModel& model) {
  PaperCell cell{.model = model.printed->name,
                 .measure = &measure_of("seconds_per_epoch"),
                 .printed = model.printed->seconds_per_epoch,
                 .printed_sd = {},
                 .ours = {},
                 .verdict = CellVerdict::not_comparable};
  if (model.runs == nullptr) return cell;
  cell.ours = model.runs->seconds_per_epoch;
  if (cell.ours.mean) cell.difference = *cell.ours.mean - cell.printed;
  return cell;
}

PaperCell check_parameters(const PaperModel& model) {
  PaperCell cell{.model = model.printed->name,
                 .measure = &measure_of("parameters"),
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

std::string note_on(const PaperModel& model) {
  if (model.runs == nullptr) return fmt::format("{}: no runs.", model.printed->name);
  std::string note = fmt::format("{}: {}, n = {} seeds", model.printed->name, model.runs->label,
                                 model.runs->completed.size());
  const auto departures = departures_of(*model.runs);
  if (departures.empty()) return note + ", the paper's setting.";
  return note + fmt::format(". NOT the paper's setting: {}.", fmt::join(departures, ", "));
}

}  // namespace

std::string to_string(CellVerdict verdict) {
  switch (verdict) {
    case CellVerdict::equal:
      return "equal";
    case CellVerdict::differs:
      return "differs";
    case CellVerdict::not_contradicted:
      return "not contradicted";
    case CellVerdict::too_uncertain:
      return "too uncertain to tell";
    case CellVerdict::higher:
      return "higher";
    case CellVerdict::lower:
      return "lower";
    case CellVerdict::higher_within_printed:
      return "higher, within the paper's ±";
    case CellVerdict::lower_within_printed:
      return "lower, within the paper's ±";
    case CellVerdict::not_comparable:
      return "not comparable";
    case CellVerdict::unknown:
      break;
  }
  return "–";
}

std::string to_string(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::holds:
      return "holds";
    case ClaimVerdict::holds_in_part:
      return "holds in part";
    case ClaimVerdict::does_not_hold:
      return "does not hold";
    case ClaimVerdict::suggested:
      return "suggested, not shown";
    case ClaimVerdict::undecided:
      return "undecided";
    case ClaimVerdict::cannot_be_told:
      return "cannot be told";
    case ClaimVerdict::open:
      break;
  }
  return "open";
}

std::string to_string(ClaimBasis basis) {
  switch (basis) {
    case ClaimBasis::runs:
      return "runs";
    case ClaimBasis::arithmetic:
      return "arithmetic";
    case ClaimBasis::reading:
      break;
  }
  return "reading";
}

double allowed_half_width(const PaperCell& cell) {
  return std::max(kAllowedHalfWidth, cell.printed_sd.value_or(0.0));
}

std::int64_t tests_made(const PaperCheck& check) {
  std::int64_t tests = 0;
  for (const PaperCell& cell : check.cells) tests += cell.next_run ? 1 : 0;
  for (const PaperClaim& claim : check.claims) tests += claim.tests;
  return tests;
}

PaperCheck check_paper(const std::vector<RunGroup>& groups) {
  const PaperEvidence evidence{
      .mlp = {.printed = &kPrintedMlp, .runs = group_of(groups, kPrintedMlp.type)},
      .cnn = {.printed = &kPrintedCnn, .runs = group_of(groups, kPrintedCnn.type)},
      .class_sizes = class_sizes_in(groups)};
  PaperCheck check;
  check.table1 = check_layers(evidence.mlp);
  check.table2 = check_layers(evidence.cnn);
  check.cells = check_cells(evidence);
  check.notes = {note_on(evidence.mlp), note_on(evidence.cnn)};
  for (auto&& claims : {method_claims(evidence), table4_claims(evidence, check),
                        result_claims(evidence), cost_claims(evidence)}) {
    check.claims.insert(check.claims.end(), claims.begin(), claims.end());
  }
  return check;
}

}  // namespace mnist_bench
