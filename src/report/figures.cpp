#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "report/calibration_section.h"
#include "report/efficiency.h"
#include "report/robustness_section.h"
#include "report/rounding.h"
#include "report/sweep_section.h"

namespace mnist_bench {
namespace {

/// The metrics of one class over the runs in whose truth or predictions it occurs.
using ClassSummaries = std::array<SampleSummary, kClassMetrics.size()>;

std::map<std::int64_t, ClassSummaries> summaries_by_class(const RunGroup& group) {
  std::map<std::int64_t, std::array<std::vector<double>, kClassMetrics.size()>> values;
  for (const StoredRun& run : group.completed) {
    const TestRecord& test = *run.result.test;
    for (const std::int64_t k : occurring_classes(test.confusion)) {
      const ClassMetrics& metrics = test.metrics.per_class.at(static_cast<std::size_t>(k));
      for (std::size_t i = 0; i < kClassMetrics.size(); ++i) {
        values[k].at(i).push_back(metrics.*kClassMetrics.at(i).value);
      }
    }
  }
  std::map<std::int64_t, ClassSummaries> summaries;
  for (const auto& [k, of_class] : values) {
    std::transform(
        of_class.begin(), of_class.end(), summaries[k].begin(),
        [&](const std::vector<double>& of_metric) { return summary_of_results(group, of_metric); });
  }
  return summaries;
}

ConfusionMatrix summed(const RunGroup& group) {
  ConfusionMatrix sum;
  for (const StoredRun& run : runs_to_sum(group)) {
    const ConfusionMatrix& counts = run.result.test->confusion;
    if (sum.empty()) sum.assign(counts.size(), std::vector<std::int64_t>(counts.size(), 0));
    for (std::size_t i = 0; i < counts.size() && i < sum.size(); ++i) {
      for (std::size_t j = 0; j < counts[i].size() && j < sum.size(); ++j) {
        sum[i][j] += counts[i][j];
      }
    }
  }
  return sum;
}

template <Chart (*chart)(const std::vector<RunGroup>&)>
std::vector<FigureData> of_all(const std::vector<RunGroup>& groups, const char* caption) {
  Chart of_groups = chart(groups);
  if (of_groups.series.empty()) return {};
  return {{.subject = "", .caption = caption, .content = std::move(of_groups)}};
}

std::string why_no_curves(const std::vector<RunGroup>& /*groups*/) {
  return "no completed run has epochs";
}

std::vector<FigureData> accuracy_figures(const std::vector<RunGroup>& groups,
                                         const EvaluationsOfRuns& /*evaluations*/) {
  return of_all<accuracy_curves>(groups,
                                 "Accuracy on all test images after each epoch: mean over the "
                                 "seeds, band of ± one standard deviation.");
}

std::vector<FigureData> loss_figures(const std::vector<RunGroup>& groups,
                                     const EvaluationsOfRuns& /*evaluations*/) {
  return of_all<loss_curves>(groups,
                             "Cross-entropy: on the training images while they are learned, with "
                             "dropout active (dashed), and on the test images.");
}

std::vector<FigureData> time_figures(const std::vector<RunGroup>& groups,
                                     const EvaluationsOfRuns& /*evaluations*/) {
  return of_all<accuracy_against_time>(
      groups,
      "Accuracy against time: a point for each seed and epoch, at the training time until then "
      "(evaluation left out); the lines join the means.");
}

std::vector<FigureData> confusion_figures(const std::vector<RunGroup>& groups,
                                          const EvaluationsOfRuns& /*evaluations*/) {
  std::vector<FigureData> figures;
  for (const RunGroup& group : groups) {
    const bool repeats = runs_to_sum(group).size() < group.completed.size();
    figures.push_back({.subject = group.label,
                       .caption = ", " + runs_text(group) + (repeats ? "." : " summed."),
                       .content = confusion_of(group)});
  }
  return figures;
}

std::vector<FigureData> class_figures(const std::vector<RunGroup>& groups,
                                      const EvaluationsOfRuns& /*evaluations*/) {
  std::vector<FigureData> figures;
  for (const RunGroup& group : groups) {
    figures.push_back({.subject = group.label,
                       .caption =
                           ": what each class misses of 100 %, mean over the seeds; whiskers "
                           "are ± one standard deviation, within 0 to 100 %.",
                       .content = class_errors(group)});
  }
  return figures;
}

}  // namespace

const std::vector<FigureKind>& figure_kinds() {
  static const std::vector<FigureKind> kinds = {
      {"sweep", "accuracy over a swept key", "sweep", "Swept keys", sweep_figures,
       /*counts_or_shares=*/false, /*of_all_groups=*/true, why_no_sweep_chart},
      {"heatmap", "mean accuracy over two swept keys", "sweep", "Swept keys", heat_map_figures,
       /*counts_or_shares=*/false, /*of_all_groups=*/true, why_no_heat_map},
      {"accuracy", "accuracy by epoch", "learning", "Learning curves", accuracy_figures,
       /*counts_or_shares=*/false, /*of_all_groups=*/false, why_no_curves},
      {"loss", "loss by epoch", "learning", "Learning curves", loss_figures,
       /*counts_or_shares=*/false, /*of_all_groups=*/false, why_no_curves},
      {"time", "accuracy against time", "learning", "Learning curves", time_figures,
       /*counts_or_shares=*/false, /*of_all_groups=*/false, why_no_curves},
      {"confusion", "confusion matrices", "confusion", "Confusion matrices", confusion_figures,
       /*counts_or_shares=*/true},
      {"classes", "errors by class", "classes", "Errors by class", class_figures},
      {"robustness", "accuracy against severity", "robustness", "Robustness", robustness_figures},
      {"reliability", "accuracy against confidence", "calibration", "Calibration",
       reliability_figures},
      {"coverage", "accuracy of the most confident images", "calibration", "Calibration",
       coverage_figures},
      {"efficiency", "accuracy against cost", "efficiency", "Efficiency", efficiency_figures},
  };
  return kinds;
}

std::vector<FigureSet> figures_of(const std::vector<RunGroup>& groups,
                                  const EvaluationsOfRuns& evaluations) {
  const std::vector<RunGroup> tested = those_that_show_test(groups);
  std::vector<FigureSet> sets;
  for (const FigureKind& kind : figure_kinds()) {
    sets.push_back({.kind = &kind,
                    .figures = kind.figures(kind.of_all_groups ? groups : tested, evaluations)});
  }
  return sets;
}

ClassErrors class_errors(const RunGroup& group) {
  ClassErrors figure{
      .title = "Errors per class of " + group.label, .names = class_names_of(group), .classes = {}};
  const std::int64_t images = test_images(group).value_or(0);
  for (const auto& [k, summaries] : summaries_by_class(group)) {
    ClassErrors::OfClass of_class{.label = k, .errors = {}};
    for (std::size_t i = 0; i < summaries.size(); ++i) {
      const SampleSummary& summary = summaries.at(i);
      const SummaryText text = summary_text(summary, metric_of(kClassMetrics.at(i).macro), images);
      const std::string scatter =
          summary.is_deterministic ? kDeterministic : fmt::format("SD {} pp", text.sd);
      const double mean = 100.0 * (1.0 - *summary.mean);
      const double sd = 100.0 * summary.sd.value_or(0.0);
      of_class.errors.at(i) = {
          .mean = mean,
          .low = std::max(mean - sd, 0.0),
          .high = std::min(mean + sd, 100.0),
          .has_sd = summary.sd.has_value(),
          .note = fmt::format("class {}, {}: {} % ({}, n = {})", class_name(figure.names, k),
                              kClassMetrics.at(i).title, text.mean, scatter, summary.n)};
    }
    figure.classes.push_back(std::move(of_class));
  }
  return figure;
}

Confusion confusion_of(const RunGroup& group) {
  const ConfusionMatrix sum = summed(group);
  Confusion figure{
      .title = fmt::format("Confusion matrix of {}, {}", group.label, runs_text(group)),
      .labels = occurring_classes(sum),
      .names = class_names_of(group),
      .counts = {},
      .totals = {},
      .shares = {}};
  for (const std::int64_t truth : figure.labels) {
    std::vector<std::int64_t> row;
    for (const std::int64_t predicted : figure.labels) {
      row.push_back(sum[static_cast<std::size_t>(truth)][static_cast<std::size_t>(predicted)]);
    }
    const std::int64_t total = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    std::vector<double> shares;
    for (const std::int64_t count : row) {
      shares.push_back(total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total));
    }
    figure.counts.push_back(std::move(row));
    figure.totals.push_back(total);
    figure.shares.push_back(std::move(shares));
  }
  return figure;
}

}  // namespace mnist_bench
