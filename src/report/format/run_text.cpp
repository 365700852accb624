#include "report/format/run_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "evaluate/metrics.h"
#include "record/metric_table.h"
#include "record/result_json.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kMostClassesShown = 20;
constexpr std::size_t kMostUndefinedShown = 8;
constexpr std::array kShownOfClass = {kClassRecall, kClassPrecision, kClassF1};

std::string headline(const RunResult& result) {
  std::string text = fmt::format(
      "{} (seed {}): {}{}", result.config.name, result.config.seed, to_string(result.status),
      is_network(result.config.model) ? " after " + counted(result.epochs.size(), "epoch") : "");
  if (const auto& provenance = result.provenance) {
    text += fmt::format(", {} on {}, {}", provenance->device, provenance->device_name,
                        counted(provenance->threads, "thread"));
  }
  return text + "\n";
}

using Row = std::vector<std::string>;

/// The row of a metric that is the mean of the epochs.
Row row_over_epochs(const Metric& metric, const SampleSummary& summary) {
  const int decimals = telling_decimals(summary.mean.value_or(0.0), metric.decimals);
  return {metric.title_with_unit(), summary.mean ? rounded(*summary.mean, decimals) : kAbsent,
          summary.n == 0 ? std::string("on several devices")
          : summary.sd
              ? fmt::format("SD {}, n = {} epochs", rounded(*summary.sd, decimals), summary.n)
              : std::string("n = 1 epoch")};
}

std::string interval_text(const ClassificationMetrics& metrics) {
  if (!metrics.accuracy_ci95) return "";
  return fmt::format("95 % interval {} to {}",
                     percent_of_images(metrics.accuracy_ci95->low, metrics.samples),
                     percent_of_images(metrics.accuracy_ci95->high, metrics.samples));
}

Row row_of(const Metric& metric, const RunResult& result) {
  if (metric.over_epochs != nullptr) return row_over_epochs(metric, metric.over_epochs(result));
  const ClassificationMetrics& tested = result.test->metrics;
  const double value = metric.value(result).value_or(0.0);
  return {metric.title_with_unit(),
          metric.is_share()
              ? percent_of_images(value, tested.samples)
              : rounded(value, metric.is_time ? telling_decimals(value, metric.decimals)
                                              : metric.decimals),
          metric.key == kAccuracyKey ? interval_text(tested) : ""};
}

std::string metrics_table(const RunResult& result) {
  std::vector<Row> rows = {{"test images", with_commas(result.test->metrics.samples), ""}};
  for (const Metric& metric : reported_metrics()) {
    if (metric.is_count() || !metric.applies(result.config)) continue;
    rows.push_back(row_of(metric, result));
  }
  return text_table({Align::left, Align::right, Align::left}, {"metric", "value", ""}, rows);
}

/// Has only the classes that occur: labels may skip many numbers.
std::string confusion_table(const TestRecord& test, const ClassNames& names) {
  const auto percent = [&](double share) { return percent_of_images(share, test.metrics.samples); };
  const std::vector<std::int64_t> classes = occurring_classes(test.confusion);
  const bool counts_shown = classes.size() <= kMostClassesShown;
  std::vector<Align> columns = {names.empty() ? Align::right : Align::left};
  std::vector<std::string> header = {"true"};
  if (counts_shown) {
    for (const std::int64_t k : classes) {
      columns.push_back(Align::right);
      header.push_back(std::to_string(k));
    }
  }
  columns.push_back(Align::right);
  header.emplace_back("support");
  for (const ClassMetric& metric : kShownOfClass) {
    columns.push_back(Align::right);
    header.emplace_back(metric.title);
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::int64_t k : classes) {
    const auto index = static_cast<std::size_t>(k);
    const ClassMetrics& metrics = test.metrics.per_class.at(index);
    std::vector<std::string> row = {numbered_class(names, k)};
    if (counts_shown) {
      for (const std::int64_t predicted : classes) {
        const std::int64_t count = test.confusion[index][static_cast<std::size_t>(predicted)];
        row.push_back(count == 0 ? "." : std::to_string(count));
      }
    }
    row.push_back(std::to_string(metrics.support));
    for (const ClassMetric& metric : kShownOfClass) row.push_back(percent(metrics.*metric.value));
    rows.push_back(std::move(row));
  }
  std::string text = counts_shown ? "confusion matrix (rows: true class, columns: predicted) and "
                                    "per-class metrics [%]"
                                  : "per-class metrics [%]; the confusion matrix is in result.json";
  const std::size_t absent = test.confusion.size() - classes.size();
  if (absent > 0) {
    text +=
        fmt::format("\nwithout {} of {} classes, which occur neither in truth nor in predictions",
                    absent, test.confusion.size());
  }
  return text + "\n" + text_table(columns, header, rows);
}

/// What was 0/0 of the classes that occur: the first few of them.
std::string undefined_text(const TestRecord& test) {
  const std::vector<std::string>& undefined = test.metrics.undefined;
  std::vector<std::string> named;
  for (const std::int64_t k : occurring_classes(test.confusion)) {
    for (const char* name : {"precision", "recall", "f1"}) {
      std::string each = fmt::format("{}[{}]", name, k);
      if (std::find(undefined.begin(), undefined.end(), each) == undefined.end()) continue;
      named.push_back(std::move(each));
    }
  }
  if (named.empty()) return "";
  return "undefined (0/0, counted as 0): " + listed(named, kMostUndefinedShown) + "\n";
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[N, {}]", fmt::join(shape, ", "));
}

std::string count_or_dash(std::int64_t count) { return count == 0 ? "–" : with_commas(count); }

}  // namespace

std::string run_text(const RunResult& result) {
  std::string text = headline(result);
  if (result.error) text += *result.error + "\n";
  if (!result.test) return text;
  text += "\n" + metrics_table(result) + "\n" +
          confusion_table(*result.test, result.config.data.class_names.value_or(ClassNames{}));
  text += undefined_text(*result.test);
  return text;
}

std::string model_text(const ModelSummary& model) {
  std::vector<std::vector<std::string>> rows;
  for (const LayerSummary& layer : model.layers) {
    rows.push_back({layer.name, layer.type, shape_text(layer.output_shape),
                    count_or_dash(layer.parameters), count_or_dash(layer.macs)});
  }
  if (rows.empty()) return fmt::format("{}: no layers\n", model.type);
  rows.push_back({"total", "", "", with_commas(model.parameters), with_commas(model.macs)});
  return text_table({Align::left, Align::left, Align::left, Align::right, Align::right},
                    {"layer", "type", "output shape", "parameters", "MACs per image"}, rows);
}

}  // namespace mnist_bench
