#include "report/tables.h"

#include "record/metric_table.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// The count that the model decides, the same in all runs of a group.
std::string exact_count(const RunGroup& group, const Metric& metric) {
  RunResult model_alone;
  model_alone.model = group.model;
  return count_text(metric.value(model_alone));
}

}  // namespace

ReportTable means_table(const std::vector<RunGroup>& groups) {
  ReportTable table{.title = "Mean ± SD over the seeds",
                    .columns = {Align::left, Align::right, Align::right},
                    .header = {"experiment", "n", "failed"},
                    .rows = {},
                    .keys = {"experiment", "n", "failed"}};
  const std::vector<const Metric*> metrics = metrics_of(groups);
  for (const Metric* metric : metrics) {
    table.columns.push_back(Align::right);
    table.header.push_back(metric->title_with_unit());
    table.keys.push_back(metric->key);
  }
  for (const RunGroup& group : groups) {
    std::vector<std::string> row = {group.label, std::to_string(group.completed.size()),
                                    std::to_string(group.failed.size())};
    for (const Metric* metric : metrics) {
      row.push_back(metric->is_count() ? exact_count(group, *metric)
                    : metric->of_test && !group.shows_test && !group.completed.empty()
                        ? kNotShown
                        : summary_text(group.summaries.at(metric->key), *metric, test_images(group))
                              .mean_and_sd());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable ranges_table(const std::vector<RunGroup>& groups) {
  ReportTable table{
      .title = "Each metric",
      .columns = {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
                  Align::right, Align::right},
      .header = {"metric", "experiment", "n", "mean", "SD", "95 % interval", "min", "max"},
      .rows = {}};
  for (const Metric* of_some : metrics_of(groups)) {
    const Metric& metric = *of_some;
    if (metric.is_count()) continue;
    for (const RunGroup& group : groups) {
      if (!metric.applies(first_run(group).result.config)) continue;
      if (metric.of_test && !group.shows_test) continue;
      const SampleSummary& summary = group.summaries.at(metric.key);
      const SummaryText text = summary_text(summary, metric, test_images(group));
      table.rows.push_back({metric.title_with_unit(), group.label, std::to_string(summary.n),
                            text.mean, text.sd, text.interval(), text.minimum, text.maximum});
    }
  }
  return table;
}

std::vector<std::string> table_notes() {
  return {
      "SD: sample standard deviation (n - 1) over the seeds; interval: of the mean, Student's t.",
      "Rounded to the digits that the SD supports (rule of the Particle Data Group), percentages "
      "no finer than one test image; intervals end where a metric's values do, as at 0 s."};
}

}  // namespace mnist_bench
