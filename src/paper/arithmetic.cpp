#include "paper/arithmetic.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace mnist_bench {
namespace {

double images_in(const std::vector<std::int64_t>& class_sizes) {
  return static_cast<double>(
      std::accumulate(class_sizes.begin(), class_sizes.end(), std::int64_t{0}));
}

/// With `errors` given to the classes in this order, each filled before the next.
double macro_recall_after(double errors, const std::vector<std::int64_t>& class_sizes) {
  double recalls = 0.0;
  for (const std::int64_t size : class_sizes) {
    const double taken = std::min(errors, static_cast<double>(size));
    errors -= taken;
    recalls += 1.0 - taken / static_cast<double>(size);
  }
  return recalls / static_cast<double>(class_sizes.size());
}

}  // namespace

Interval attainable_macro_recall(const std::vector<std::int64_t>& class_sizes, double accuracy) {
  const double errors = (1.0 - accuracy) * images_in(class_sizes);
  std::vector<std::int64_t> order = class_sizes;
  std::sort(order.begin(), order.end());
  const double low = macro_recall_after(errors, order);
  std::reverse(order.begin(), order.end());
  return {.low = low, .high = macro_recall_after(errors, order)};
}

std::optional<double> least_recall_sd(const std::vector<std::int64_t>& class_sizes, double accuracy,
                                      double macro_recall) {
  const double images = images_in(class_sizes);
  const auto classes = static_cast<double>(class_sizes.size());
  double squares = 0.0;
  for (const std::int64_t size : class_sizes) {
    const double deviation = static_cast<double>(size) - images / classes;
    squares += deviation * deviation;
  }
  if (squares == 0.0) return std::nullopt;
  return std::abs(accuracy - macro_recall) * images / std::sqrt((classes - 1.0) * squares);
}

double largest_smallest_class(std::int64_t classes, double accuracy, double macro_recall) {
  return (1.0 - accuracy) / ((1.0 - macro_recall) * static_cast<double>(classes));
}

double one_against_rest_accuracy(std::int64_t classes, double accuracy) {
  return 1.0 - 2.0 * (1.0 - accuracy) / static_cast<double>(classes);
}

double error_reduction(double worse, double better) { return 1.0 - (1.0 - better) / (1.0 - worse); }

std::optional<Interval> next_run_interval(const SampleSummary& summary) {
  if (!summary.ci95) return std::nullopt;
  // The interval of the mean has t·SD·√(1/n).
  const double half =
      (summary.ci95->high - *summary.mean) * std::sqrt(static_cast<double>(summary.n) + 1.0);
  return Interval{.low = *summary.mean - half, .high = *summary.mean + half};
}

std::int64_t runs_for_significance(double difference, double sd_a, double sd_b) {
  const double a = sd_a * sd_a;
  const double b = sd_b * sd_b;
  for (std::int64_t n = 2;; ++n) {
    const auto runs = static_cast<double>(n);
    const double freedom = (runs - 1.0) * (a + b) * (a + b) / (a * a + b * b);
    const double t = std::abs(difference) * std::sqrt(runs / (a + b));
    if (t > boost::math::quantile(boost::math::students_t(freedom), 0.975)) return n;
  }
}

double adam_step_ratio(double v, double epsilon) {
  return (std::sqrt(v) + epsilon) / std::sqrt(v + epsilon);
}

}  // namespace mnist_bench
