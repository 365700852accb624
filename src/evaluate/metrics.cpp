#include "evaluate/metrics.h"

#include <fmt/format.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace mnist_bench {
namespace {

/// 0/0 counts as 0 and is noted in `undefined` as "name[label]".
double quotient(std::int64_t numerator, std::int64_t denominator, const char* name,
                std::size_t label, std::vector<std::string>& undefined) {
  if (denominator == 0) {
    undefined.push_back(fmt::format("{}[{}]", name, label));
    return 0.0;
  }
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

MacroMetrics macro_average(const ClassificationMetrics& metrics,
                           std::vector<std::int64_t> classes) {
  MacroMetrics macro;
  const auto count = static_cast<double>(classes.size());
  for (const std::int64_t label : classes) {
    const ClassMetrics& each = metrics.per_class[static_cast<std::size_t>(label)];
    macro.precision += each.precision / count;
    macro.recall += each.recall / count;
    macro.f1 += each.f1 / count;
  }
  macro.classes = std::move(classes);
  return macro;
}

}  // namespace

std::optional<ClassProbability> second_of(const Predictions& predictions, std::size_t image) {
  const std::size_t classes = predictions.class_probabilities.size() / predictions.classes.size();
  const float* const row = predictions.class_probabilities.data() + image * classes;
  std::optional<ClassProbability> second;
  for (std::size_t k = 0; k < classes; ++k) {
    const auto label = static_cast<std::int64_t>(k);
    if (label == predictions.classes[image]) continue;
    if (!second || row[k] > second->probability) second = {.label = label, .probability = row[k]};
  }
  return second;
}

ConfusionMatrix confusion_matrix(const std::vector<std::int64_t>& truth,
                                 const std::vector<std::int64_t>& predicted, std::int64_t classes) {
  if (truth.size() != predicted.size()) {
    throw Error(ExitCode::run_failed, fmt::format("{} true classes, but {} predicted ones",
                                                  truth.size(), predicted.size()));
  }
  const auto size = static_cast<std::size_t>(classes);
  ConfusionMatrix counts(size, std::vector<std::int64_t>(size, 0));
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (const std::int64_t label : {truth[i], predicted[i]}) {
      if (label < 0 || label >= classes) {
        throw Error(ExitCode::run_failed,
                    fmt::format("class {} of image {} is not in 0 … {}", label, i, classes - 1));
      }
    }
    ++counts[static_cast<std::size_t>(truth[i])][static_cast<std::size_t>(predicted[i])];
  }
  return counts;
}

std::vector<std::int64_t> occurring_classes(const ConfusionMatrix& counts) {
  std::vector<std::int64_t> classes;
  for (std::size_t label = 0; label < counts.size(); ++label) {
    std::int64_t count = 0;
    for (std::size_t other = 0; other < counts.size(); ++other) {
      count += counts[label][other] + counts[other][label];
    }
    if (count > 0) classes.push_back(static_cast<std::int64_t>(label));
  }
  return classes;
}

std::optional<Interval> wilson_interval95(std::int64_t successes, std::int64_t trials) {
  if (trials == 0) return std::nullopt;
  const double z = boost::math::quantile(boost::math::normal(), 0.975);
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double shrink = 1.0 + z * z / n;
  const double center = (share + z * z / (2.0 * n)) / shrink;
  const double half_width =
      z / shrink * std::sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
  // The bounds are 0 and 1 exactly at the ends, where rounding would leave a residue.
  return Interval{successes == 0 ? 0.0 : center - half_width,
                  successes == trials ? 1.0 : center + half_width};
}

ClassificationMetrics classification_metrics(const ConfusionMatrix& counts) {
  ClassificationMetrics metrics;
  std::int64_t correct = 0;
  for (std::size_t label = 0; label < counts.size(); ++label) {
    const std::int64_t hits = counts[label][label];
    std::int64_t support = 0;
    std::int64_t predicted = 0;
    for (std::size_t other = 0; other < counts.size(); ++other) {
      support += counts[label][other];
      predicted += counts[other][label];
    }
    const auto divide = [&](std::int64_t numerator, std::int64_t denominator, const char* name) {
      return quotient(numerator, denominator, name, label, metrics.undefined);
    };
    ClassMetrics each;
    each.precision = divide(hits, predicted, "precision");
    each.recall = divide(hits, support, "recall");
    each.f1 = divide(2 * hits, predicted + support, "f1");
    each.support = support;
    metrics.per_class.push_back(each);
    metrics.samples += support;
    correct += hits;
  }
  if (metrics.samples > 0) {
    metrics.accuracy = static_cast<double>(correct) / static_cast<double>(metrics.samples);
  }
  metrics.accuracy_ci95 = wilson_interval95(correct, metrics.samples);
  metrics.macro = macro_average(metrics, occurring_classes(counts));
  return metrics;
}

}  // namespace mnist_bench
