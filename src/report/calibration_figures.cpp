#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "record/metric_table.h"
#include "report/calibration_section.h"

namespace mnist_bench {
namespace {

std::string with_seeds(const RunGroup& group, std::size_t n) {
  return fmt::format("{} (n = {})", group.label, n);
}

ChartSeries reliability_of(const RunGroup& group, std::size_t style) {
  ChartSeries series{
      .label = with_seeds(group, calibrations_of(group).size()), .style = style, .points = {}};
  for (const PooledBin& bin : pooled_bins(group)) {
    series.points.push_back(
        {.x = 100.0 * bin.confidence,
         .y = 100.0 * bin.accuracy,
         .range = {},
         .note = fmt::format("{}: of {} with {:.1f} % confidence {:.1f} % are right", group.label,
                             counted(bin.samples, "image"), 100.0 * bin.confidence,
                             100.0 * bin.accuracy)});
    series.counts.push_back({.x = 50.0 * (bin.lower + bin.upper), .count = bin.samples});
  }
  return series;
}

/// At each coverage the mean over the runs, and from two runs on their range.
ChartSeries coverage_of(const RunGroup& group, std::size_t style) {
  const std::vector<const Calibration*> calibrations = calibrations_of(group);
  ChartSeries series{.label = with_seeds(group, calibrations.size()), .style = style, .points = {}};
  for (const auto& [coverage, accuracy] : coverage_means(group)) {
    ChartPoint point{.x = 100.0 * coverage, .y = 100.0 * *accuracy.mean, .range = {}, .note = {}};
    if (accuracy.n > 1) {
      point.range = {.low = 100.0 * *accuracy.minimum, .high = 100.0 * *accuracy.maximum};
    }
    point.note = fmt::format("{}: of the most confident {:.0f} % {:.2f} % are right (n = {})",
                             group.label, point.x, point.y, accuracy.n);
    series.points.push_back(std::move(point));
  }
  return series;
}

/// A chart of the groups that have a calibration; empty where none has.
Chart with_each_group(Chart chart, const std::vector<RunGroup>& groups,
                      ChartSeries (*series_of)(const RunGroup&, std::size_t)) {
  chart.y_label = metric_of(kAccuracyKey).title_with_unit();
  chart.y_most = 100.0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (calibrations_of(groups[g]).empty()) continue;
    chart.series.push_back(series_of(groups[g], g));
  }
  return chart;
}

}  // namespace

std::vector<FigureData> reliability_figures(const std::vector<RunGroup>& groups,
                                            const EvaluationsOfRuns& /*evaluations*/) {
  Chart chart = with_each_group({.title = "Accuracy against confidence",
                                 .description = "The nearer to the diagonal, the truer are the "
                                                "probabilities",
                                 .x_label = "confidence [%]",
                                 .y_label = {},
                                 .counts_label = "images in each bin",
                                 .series = {}},
                                groups, reliability_of);
  if (chart.series.empty()) return {};
  double least = 100.0;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) least = std::min(least, point.x);
  }
  ChartSeries diagonal{
      .label = "accuracy = confidence", .style = groups.size(), .dashed = true, .points = {}};
  for (const double x : {least, 100.0}) {
    diagonal.points.push_back({.x = x, .y = x, .range = {}, .note = {}});
  }
  chart.series.push_back(std::move(diagonal));
  return {{.subject = "",
           .caption =
               "Reliability: accuracy of the images in each bin of confidence, all runs "
               "pooled; below the dashed line a model is too sure of itself. Below the axis, "
               "the images in each bin; the table has all digits.",
           .content = std::move(chart)}};
}

std::vector<FigureData> coverage_figures(const std::vector<RunGroup>& groups,
                                         const EvaluationsOfRuns& /*evaluations*/) {
  Chart chart = with_each_group({.title = "Accuracy against coverage",
                                 .description = "Accuracy of the most confident part of the images",
                                 .x_label = "most confident images [%]",
                                 .y_label = {},
                                 .series = {}},
                                groups, coverage_of);
  if (chart.series.empty()) return {};
  return {{.subject = "",
           .caption = "Accuracy where a model answers only for the images of which it is most "
                      "sure: mean over the seeds, band from the least to the greatest.",
           .content = std::move(chart)}};
}

}  // namespace mnist_bench
