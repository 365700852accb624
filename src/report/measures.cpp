#include "report/measures.h"

#include <algorithm>
#include <cmath>

namespace mnist_bench {
namespace {

std::optional<double> if_finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// The share that `get` finds in the run's test metrics.
template <auto get>
std::optional<double> tested(const RunResult& run) {
  if (!run.test) return std::nullopt;
  return if_finite(get(*run.test));
}

std::optional<double> parameters(const RunResult& run) {
  if (!run.model) return std::nullopt;
  return static_cast<double>(run.model->parameters);
}

std::optional<double> macs(const RunResult& run) {
  if (!run.model) return std::nullopt;
  return static_cast<double>(run.model->macs);
}

std::optional<double> seconds_per_epoch(const RunResult& run) {
  return if_finite(mean_epoch_seconds(run));
}

Measure share(std::string key, std::string title, Spread RunGroup::*spread,
              std::optional<double> (*value)(const RunResult&)) {
  return {.key = std::move(key),
          .title = std::move(title),
          .unit = "%",
          .scale = 100.0,
          .is_share = true,
          .decimals = 2,
          .spread = spread,
          .value = value};
}

constexpr auto kAccuracy = [](const TestRecord& test) { return test.metrics.accuracy; };
constexpr auto kPrecision = [](const TestRecord& test) { return test.metrics.macro.precision; };
constexpr auto kRecall = [](const TestRecord& test) { return test.metrics.macro.recall; };
constexpr auto kF1 = [](const TestRecord& test) { return test.metrics.macro.f1; };
constexpr auto kLoss = [](const TestRecord& test) { return test.loss; };

}  // namespace

std::string Measure::title_with_unit() const {
  return unit.empty() ? title : title + " [" + unit + "]";
}

const std::vector<Measure>& measures() {
  static const std::vector<Measure> list = {
      share("accuracy", "accuracy", &RunGroup::accuracy, tested<kAccuracy>),
      share("macro_precision", "macro precision", &RunGroup::macro_precision, tested<kPrecision>),
      share("macro_recall", "macro recall", &RunGroup::macro_recall, tested<kRecall>),
      share("macro_f1", "macro F1", &RunGroup::macro_f1, tested<kF1>),
      {.key = "loss",
       .title = "loss",
       .unit = "",
       .decimals = 4,
       .spread = &RunGroup::loss,
       .value = tested<kLoss>},
      {.key = "seconds_per_epoch",
       .title = "training",
       .unit = "s/epoch",
       .decimals = 2,
       .spread = &RunGroup::seconds_per_epoch,
       .value = seconds_per_epoch},
      {.key = "parameters", .title = "parameters", .unit = "", .decimals = 0, .value = parameters},
      {.key = "macs", .title = "MACs", .unit = "", .decimals = 0, .value = macs},
  };
  return list;
}

const Measure& measure_of(const char* key) {
  return *std::find_if(measures().begin(), measures().end(),
                       [&](const Measure& measure) { return measure.key == key; });
}

Interval within_range(const Interval& interval, const Measure& measure) {
  const double high = measure.is_share ? std::min(interval.high, 1.0) : interval.high;
  return {.low = std::max(interval.low, 0.0), .high = high};
}

Interval within_range_of_differences(const Interval& interval, const Measure& measure) {
  if (!measure.is_share) return interval;
  return {.low = std::max(interval.low, -1.0), .high = std::min(interval.high, 1.0)};
}

std::optional<std::int64_t> test_images(const RunGroup& group) {
  std::optional<std::int64_t> images;
  for (const StoredRun& run : group.completed) {
    const std::int64_t of_run = run.result.test->metrics.samples;
    images = images ? std::min(*images, of_run) : of_run;
  }
  return images;
}

}  // namespace mnist_bench
