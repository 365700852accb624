#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "record/metric_table.h"
#include "report/robustness_section.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// The widest range of severities, whole numbers all, on whose axis fractions make no sense.
constexpr double kWidestOfWholeNumbers = 16.0;

/// The mean at `x`, and from two seeds on the range from the least to the greatest, but of a
/// deterministic model.
ChartPoint mean_and_range(double x, const ValuesBySeed& accuracy, std::int64_t images,
                          const std::string& what) {
  const SampleSummary summary = summary_of(values_of(accuracy));
  const Metric& metric = metric_of(kAccuracyKey);
  const SummaryText text = summary_text(summary, metric, images);
  ChartPoint point{.x = x,
                   .y = metric.scale() * *summary.mean,
                   .range = {},
                   .note = fmt::format("{}: {} %", what, text.mean)};
  if (summary.n < 2) {
    point.note += " (n = 1)";
    return point;
  }
  if (accuracy.is_at_every_seed) {
    point.note += fmt::format(" ({}, n = {})", kDeterministic, summary.n);
    return point;
  }
  point.range = {.low = metric.scale() * *summary.minimum,
                 .high = metric.scale() * *summary.maximum};
  point.note += fmt::format(" ({} to {}, n = {})", text.minimum, text.maximum, summary.n);
  return point;
}

/// "n = 6", or "n = 3 to 6" where not all points are of all seeds.
std::string seeds_text(std::size_t fewest, std::size_t most) {
  return fewest == most ? fmt::format("n = {}", most) : fmt::format("n = {} to {}", fewest, most);
}

/// One group's line through the severities and, where it has a place among them, the clean set.
ChartSeries severity_line(const TransformFamily& family, const std::string& label,
                          std::size_t group) {
  ChartSeries series{.label = "", .style = group, .points = {}};
  std::size_t fewest = SIZE_MAX;
  std::size_t most = 0;
  bool unchanged_is_there = false;
  std::int64_t images = 0;
  for (const SeverityPoint& point : family.points) {
    const ValuesBySeed& accuracy = point.accuracy[group];
    if (accuracy.empty()) continue;
    fewest = std::min(fewest, accuracy.size());
    most = std::max(most, accuracy.size());
    images = point.images;
    unchanged_is_there = unchanged_is_there || point.severity == family.unchanged_at;
    series.points.push_back(mean_and_range(point.severity, accuracy, point.images,
                                           fmt::format("{}, {}", label, point.name)));
  }
  if (series.points.empty()) return series;
  series.label = fmt::format("{} ({})", label, seeds_text(fewest, most));
  if (family.unchanged_at && !unchanged_is_there && !family.clean[group].empty()) {
    series.points.push_back(mean_and_range(*family.unchanged_at, family.clean[group], images,
                                           label + ", without the transform"));
  }
  std::sort(series.points.begin(), series.points.end(),
            [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
  return series;
}

/// The clean accuracy as a dashed line, where no severity leaves the images as they are.
ChartSeries clean_line(const TransformFamily& family, const std::string& label, std::size_t group) {
  ChartSeries series{.label = "", .style = group, .dashed = true, .points = {}};
  for (const SeverityPoint* end : {&family.points.front(), &family.points.back()}) {
    series.points.push_back(mean_and_range(end->severity, family.clean[group], end->images,
                                           label + ", without the transform"));
    series.points.back().range.reset();  // of a line at one height
  }
  return series;
}

Chart severity_chart(const TransformFamily& family, const std::vector<RunGroup>& groups) {
  const Metric& metric = metric_of(kAccuracyKey);
  Chart chart{.title = "Accuracy against severity: " + family.name,
              .description = "Mean over the seeds, with a band from the least to the greatest",
              .x_label = family.name + ": " + family.axis,
              .y_label = metric.title_with_unit(),
              .y_most = metric.scale() * metric.range.high,
              .series = {}};
  const double range = family.points.back().severity - family.points.front().severity;
  chart.x_integer =
      range <= kWidestOfWholeNumbers &&
      std::all_of(family.points.begin(), family.points.end(), [](const SeverityPoint& point) {
        return point.severity == std::round(point.severity);
      });
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ChartSeries line = severity_line(family, groups[g].label, g);
    if (line.points.empty()) continue;
    chart.series.push_back(std::move(line));
    if (!family.unchanged_at && !family.clean[g].empty()) {
      chart.series.push_back(clean_line(family, groups[g].label, g));
    }
  }
  return chart;
}

}  // namespace

std::vector<FigureData> robustness_figures(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations) {
  std::vector<FigureData> figures;
  for (const TransformFamily& family : transform_families(groups, evaluations)) {
    if (family.axis.empty()) continue;
    figures.push_back(
        {.subject = family.name,
         .caption = family.unchanged_at
                        ? fmt::format(": mean over the seeds, band from the least to the greatest; "
                                      "at {} the images are as they were.",
                                      *family.unchanged_at)
                        : ": mean over the seeds, band from the least to the greatest; dashed: "
                          "without the transform.",
         .content = severity_chart(family, groups)});
  }
  return figures;
}

}  // namespace mnist_bench
