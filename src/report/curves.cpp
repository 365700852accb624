#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "record/metric_table.h"
#include "report/figures.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// Epochs that every completed run of the group has.
std::size_t common_epochs(const RunGroup& group) {
  std::size_t epochs = group.completed.empty() ? 0 : SIZE_MAX;
  for (const StoredRun& run : group.completed) {
    epochs = std::min(epochs, run.result.epochs.size());
  }
  return epochs;
}

/// Of an epoch; absent where it was not evaluated.
using EpochValue = std::optional<double> (*)(const EpochRecord& epoch);

std::optional<double> train_loss(const EpochRecord& epoch) { return epoch.train_loss; }

template <double EpochScores::*member>
std::optional<double> tested(const EpochRecord& epoch) {
  return epoch.test ? std::optional((*epoch.test).*member) : std::nullopt;
}

/// Mean and SD over the seeds of a value of each epoch, which `metric` says how to write.
ChartSeries curve(const RunGroup& group, const std::string& label, std::size_t style,
                  const Metric& metric, EpochValue value) {
  ChartSeries series{.label = label, .style = style, .points = {}};
  for (std::size_t i = 0; i < common_epochs(group); ++i) {
    std::vector<double> values;
    for (const StoredRun& run : group.completed) {
      const std::optional<double> of_run = value(run.result.epochs[i]);
      if (of_run && std::isfinite(*of_run)) values.push_back(*of_run);
    }
    if (values.empty()) continue;
    const SampleSummary summary = summary_of(values);
    const SummaryText text = summary_text(summary, metric, test_images(group));
    ChartPoint point{.x = static_cast<double>(i + 1),
                     .y = metric.scale() * *summary.mean,
                     .range = {},
                     .note = fmt::format("{}, epoch {}: {} (SD {}, n = {})", label, i + 1,
                                         text.mean, text.sd, summary.n)};
    if (summary.sd) {
      const double sd = metric.scale() * *summary.sd;
      point.range = {.low = point.y - sd, .high = point.y + sd};
    }
    series.points.push_back(std::move(point));
  }
  return series;
}

/// Leaves out series without points, as those of models without epochs, and names the groups that
/// are drawn. The style of a series is the index of its group.
void name_what_is_drawn(Chart& chart, const std::vector<RunGroup>& groups) {
  std::erase_if(chart.series, [](const ChartSeries& series) { return series.points.empty(); });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool is_drawn = std::any_of(chart.series.begin(), chart.series.end(),
                                      [&](const ChartSeries& series) { return series.style == i; });
    if (is_drawn) names.push_back(groups[i].label);
  }
  chart.description += fmt::format(", of {}", fmt::join(names, ", "));
}

}  // namespace

Chart accuracy_curves(const std::vector<RunGroup>& groups) {
  const Metric& metric = metric_of(kAccuracyKey);
  Chart chart{.title = "Test accuracy by epoch",
              .description = "Mean over the seeds with a band of one standard deviation",
              .x_label = "epoch",
              .y_label = "test " + metric.title_with_unit(),
              .x_integer = true,
              .y_most = metric.scale() * metric.range.high,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    chart.series.push_back(
        curve(groups[i], groups[i].label, i, metric, tested<&EpochScores::accuracy>));
  }
  name_what_is_drawn(chart, groups);
  return chart;
}

Chart loss_curves(const std::vector<RunGroup>& groups) {
  Chart chart{.title = "Loss by epoch",
              .description =
                  "Mean cross-entropy over the seeds with a band of one standard "
                  "deviation: training (dashed) and test",
              .x_label = "epoch",
              .y_label = "cross-entropy",
              .x_integer = true,
              .y_from_zero = true,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    chart.series.push_back(curve(groups[i], groups[i].label + ", test", i, metric_of("loss"),
                                 tested<&EpochScores::loss>));
    chart.series.push_back(curve(groups[i], groups[i].label + ", training (dropout active)", i,
                                 metric_of("loss"), train_loss));
    chart.series.back().dashed = true;
  }
  name_what_is_drawn(chart, groups);
  return chart;
}

Chart accuracy_against_time(const std::vector<RunGroup>& groups) {
  const Metric& metric = metric_of(kAccuracyKey);
  Chart chart{.title = "Test accuracy against training time",
              .description = "A point per seed and epoch, a line through the means",
              .x_label = "training time [s], logarithmic",
              .y_label = "test " + metric.title_with_unit(),
              .x_log = true,
              .y_most = metric.scale() * metric.range.high,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const RunGroup& group = groups[i];
    ChartSeries means{.label = group.label, .style = i, .points = {}};
    ChartSeries points{.label = "", .style = i, .line = false, .points = {}};
    std::vector<double> seconds(group.completed.size(), 0.0);
    for (std::size_t epoch = 0; epoch < common_epochs(group); ++epoch) {
      std::vector<double> accuracies;
      for (std::size_t k = 0; k < group.completed.size(); ++k) {
        const RunResult& run = group.completed[k].result;
        seconds[k] += run.epochs[epoch].train_seconds;
        const std::optional<EpochScores>& scores = run.epochs[epoch].test;
        if (!scores) continue;
        const double accuracy = scores->accuracy;
        accuracies.push_back(metric.scale() * accuracy);
        points.points.push_back(
            {.x = seconds[k],
             .y = accuracies.back(),
             .range = {},
             .note =
                 fmt::format("{}, seed {}, epoch {}: {} % after {} s", group.label, run.config.seed,
                             epoch + 1, percent_of_images(accuracy, run.test->metrics.samples),
                             three_digits(seconds[k]))});
      }
      if (accuracies.empty()) continue;
      means.points.push_back({.x = *summary_of(seconds).mean,
                              .y = *summary_of(accuracies).mean,
                              .range = {},
                              .note = ""});
    }
    std::erase_if(points.points, [](const ChartPoint& p) { return p.x <= 0; });
    std::erase_if(means.points, [](const ChartPoint& p) { return p.x <= 0; });
    chart.series.push_back(std::move(means));
    chart.series.push_back(std::move(points));
  }
  name_what_is_drawn(chart, groups);
  return chart;
}

}  // namespace mnist_bench
