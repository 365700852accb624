#include "paper/arithmetic.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <utility>

#include "base/random.h"

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

template <class T>
using Matrix = std::vector<std::vector<T>>;

Matrix<float> normal_matrix(std::int64_t rows, std::int64_t columns, double sd,
                            std::mt19937_64& generator) {
  std::normal_distribution<double> normal(0.0, sd);
  Matrix<float> matrix(static_cast<std::size_t>(rows));
  for (std::vector<float>& row : matrix) {
    for (std::int64_t i = 0; i < columns; ++i) {
      row.push_back(static_cast<float>(normal(generator)));
    }
  }
  return matrix;
}

/// The softmax less the one-hot label 0 (paper, eq. 3 and 5).
template <class T>
std::vector<T> output_error(const std::vector<T>& logits) {
  const T largest = *std::max_element(logits.begin(), logits.end());
  std::vector<T> error;
  for (const T logit : logits) error.push_back(std::exp(logit - largest));
  const T sum = std::accumulate(error.begin(), error.end(), T{0});
  for (T& value : error) value /= sum;
  error.front() -= T{1};
  return error;
}

/// The derivatives of the cross-entropy by each weight, computed in T (paper, eq. 1 to 7).
template <class T>
std::vector<Matrix<T>> gradients(const std::vector<Matrix<float>>& weights,
                                 const std::vector<float>& image) {
  std::vector<std::vector<T>> inputs = {std::vector<T>(image.begin(), image.end())};
  std::vector<T> outputs;
  for (const Matrix<float>& layer : weights) {
    outputs.clear();
    for (const std::vector<float>& row : layer) {
      outputs.push_back(
          std::inner_product(row.begin(), row.end(), inputs.back().begin(), T{0}, std::plus<>(),
                             [](float weight, T input) { return static_cast<T>(weight) * input; }));
    }
    inputs.push_back(outputs);
    for (T& input : inputs.back()) input = std::max(T{0}, input);
  }
  std::vector<T> error = output_error(outputs);
  std::vector<Matrix<T>> found(weights.size());
  for (std::size_t l = weights.size(); l-- > 0;) {
    std::vector<T> before(inputs[l].size(), T{0});
    for (std::size_t i = 0; i < error.size(); ++i) {
      found[l].emplace_back();
      for (std::size_t j = 0; j < before.size(); ++j) {
        found[l][i].push_back(error[i] * inputs[l][j]);
        if (inputs[l][j] > 0) before[j] += static_cast<T>(weights[l][i][j]) * error[i];
      }
    }
    error = std::move(before);
  }
  return found;
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

double equal_classes_p(const std::vector<std::int64_t>& counts) {
  const auto classes = static_cast<double>(counts.size());
  const double expected = images_in(counts) / classes;
  double statistic = 0.0;
  for (const std::int64_t count : counts) {
    const double distance = static_cast<double>(count) - expected;
    statistic += distance * distance / expected;
  }
  const boost::math::chi_squared distribution(classes - 1.0);
  return boost::math::cdf(boost::math::complement(distribution, statistic));
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

double float_gradient_error(const std::vector<std::int64_t>& units) {
  std::mt19937_64 generator(derive_seed(/*seed=*/0, "float_gradient_error"));
  std::vector<Matrix<float>> weights;
  for (std::size_t l = 1; l < units.size(); ++l) {
    weights.push_back(normal_matrix(units[l], units[l - 1],
                                    std::sqrt(2.0 / static_cast<double>(units[l - 1])), generator));
  }
  const std::vector<float> image = normal_matrix(1, units.front(), 1.0, generator).front();
  const auto in_float32 = gradients<float>(weights, image);
  const auto in_float64 = gradients<double>(weights, image);
  double error = 0.0;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    double difference = 0.0;
    double largest = 0.0;
    for (std::size_t i = 0; i < weights[l].size(); ++i) {
      for (std::size_t j = 0; j < weights[l][i].size(); ++j) {
        const double exact = in_float64[l][i][j];
        difference = std::max(difference, std::abs(exact - in_float32[l][i][j]));
        largest = std::max(largest, std::abs(exact));
      }
    }
    error = std::max(error, difference / largest);
  }
  return error;
}

}  // namespace mnist_bench
