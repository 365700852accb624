#include "record/metric_table.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "record/devices.h"

namespace mnist_bench {
namespace {

/// What `get` finds in the run's test.
template <auto get>
std::optional<double> tested(const RunResult& run) {
  return run.test ? std::optional<double>(get(*run.test)) : std::nullopt;
}

template <std::int64_t ModelSummary::*member>
std::optional<double> of_model(const RunResult& run) {
  if (!run.model || (run.model->layers.empty() && run.model->parameters == 0)) return std::nullopt;
  return static_cast<double>((*run.model).*member);
}

bool is_trained(const ExperimentConfig& config) { return is_network(config.model); }

bool is_fitted(const ExperimentConfig& config) { return !is_network(config.model); }

bool has_validation(const ExperimentConfig& config) { return config.data.validation.has_value(); }

std::optional<double> validation_accuracy(const RunResult& run) {
  return run.validation ? run.validation->metrics.accuracy : std::nullopt;
}

std::optional<double> predict_seconds(const RunResult& run) {
  return run.timing.fit_seconds ? std::optional(run.timing.evaluate_seconds) : std::nullopt;
}

SampleSummary epoch_seconds(const RunResult& run) { return seconds_per_epoch(run); }

Metric share(std::string key, const std::string& title,
             std::optional<double> (*value)(const RunResult&)) {
  return {.key = std::move(key),
          .title = title,
          .unit = "%",
          .meaning = title + ", a share of 0 to 1",
          .kind = MetricKind::share,
          .better = Better::higher,
          .range = {.low = 0.0, .high = 1.0},
          .value = value,
          .of_test = true};
}

/// Of the images held back from training.
Metric validation_share() {
  Metric metric = share(kValidationKey, "validation accuracy", validation_accuracy);
  metric.meaning = "accuracy on the training images held back, a share of 0 to 1";
  metric.applies = has_validation;
  metric.of_test = false;
  return metric;
}

Metric count(std::string key, std::string title, std::string meaning,
             std::optional<double> (*value)(const RunResult&)) {
  return {.key = std::move(key),
          .title = std::move(title),
          .meaning = std::move(meaning),
          .kind = MetricKind::count,
          .decimals = 0,
          .value = value};
}

constexpr auto kAccuracy = [](const TestRecord& test) { return test.metrics.accuracy; };
constexpr auto kPrecision = [](const TestRecord& test) { return test.metrics.macro.precision; };
constexpr auto kRecall = [](const TestRecord& test) { return test.metrics.macro.recall; };
constexpr auto kF1 = [](const TestRecord& test) { return test.metrics.macro.f1; };
constexpr auto kLoss = [](const TestRecord& test) { return test.loss; };

std::vector<Metric> make_metrics() {
  return {
      share(kAccuracyKey, "accuracy", tested<kAccuracy>),
      share(kClassPrecision.macro, "macro precision", tested<kPrecision>),
      share(kClassRecall.macro, "macro recall", tested<kRecall>),
      share(kClassF1.macro, "macro F1", tested<kF1>),
      validation_share(),
      {.key = "loss",
       .title = "loss",
       .meaning = "mean cross-entropy of the test images",
       .decimals = 4,
       .value = tested<kLoss>,
       .applies = is_trained,
       .of_test = true},
      {.key = "seconds_per_epoch",
       .title = "training",
       .unit = "s/epoch",
       .meaning = "mean training seconds per epoch",
       .value = [](const RunResult& run) { return epoch_seconds(run).mean; },
       .applies = is_trained,
       .is_time = true,
       .over_epochs = epoch_seconds},
      {.key = "fit_seconds",
       .title = "fit",
       .unit = "s",
       .meaning = "seconds of fitting k-NN or SVM",
       .value = [](const RunResult& run) { return run.timing.fit_seconds; },
       .applies = is_fitted,
       .is_time = true},
      {.key = "predict_seconds",
       .title = "predict",
       .unit = "s",
       .meaning = "seconds of predicting the test images with k-NN or SVM",
       .value = predict_seconds,
       .applies = is_fitted,
       .is_time = true},
      {.key = "total_seconds",
       .title = "total",
       .unit = "s",
       .meaning = "seconds of the whole run",
       .in_reports = false,
       .value = [](const RunResult& run) { return std::optional(run.timing.total_seconds); },
       .is_time = true},
      count("parameters", "parameters", "trained numbers of the model",
            of_model<&ModelSummary::parameters>),
      count("macs", "MACs", "multiply-accumulates per image", of_model<&ModelSummary::macs>),
  };
}

}  // namespace

std::string Metric::title_with_unit() const {
  return unit.empty() ? title : title + " [" + unit + "]";
}

std::optional<double> Metric::finite_value(const RunResult& run) const {
  const std::optional<double> found = value(run);
  return found && std::isfinite(*found) ? found : std::nullopt;
}

Interval within_range(const Interval& interval, const Metric& metric) {
  return {.low = std::max(interval.low, metric.range.low),
          .high = std::min(interval.high, metric.range.high)};
}

Interval within_range_of_differences(const Interval& interval, const Metric& metric) {
  const double widest = metric.range.high - metric.range.low;
  return {.low = std::max(interval.low, -widest), .high = std::min(interval.high, widest)};
}

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> table = make_metrics();
  return table;
}

const std::vector<Metric>& reported_metrics() {
  static const std::vector<Metric> reported = [] {
    std::vector<Metric> found;
    std::copy_if(metrics().begin(), metrics().end(), std::back_inserter(found),
                 [](const Metric& metric) { return metric.in_reports; });
    return found;
  }();
  return reported;
}

std::vector<std::string> expectable_metrics() {
  std::vector<std::string> keys;
  for (const Better better : {Better::higher, Better::lower}) {
    for (std::string& key : expectable_metrics(better)) keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> expectable_metrics(Better better) {
  std::vector<std::string> keys;
  for (const Metric& metric : metrics()) {
    if (!metric.is_count() && metric.better == better) keys.push_back(metric.key);
  }
  return keys;
}

const Metric* find_metric(const std::string& key) {
  const auto found = std::find_if(metrics().begin(), metrics().end(),
                                  [&](const Metric& metric) { return metric.key == key; });
  return found == metrics().end() ? nullptr : &*found;
}

const Metric& metric_of(const std::string& key) {
  const Metric* const metric = find_metric(key);
  if (metric == nullptr) throw std::invalid_argument("no metric is called " + key);
  return *metric;
}

}  // namespace mnist_bench
