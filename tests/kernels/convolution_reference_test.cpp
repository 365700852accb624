// The reference itself, against finite differences.

#include "kernels/convolution_reference.h"

namespace mnist_bench::kernels {
namespace {

/// Σ weight · pooled value: its gradient with respect to the pooled map is the weights.
double weighted_sum(const Filter& filter, const Map& x, const std::vector<double>& weights) {
  const Pooled pooled = pool(convolve(filter, x));
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * pooled.values.values[i];
  return sum;
}

TEST(ConvolutionReference, BackwardMatchesFiniteDifferences) {
  constexpr double kStep = 1e-6;
  std::mt19937 random(3);
  Filter filter(2, 3);
  Map x(2, 4, 6);
  fill_normal(filter.weights, 0.5, random);
  fill_normal(filter.bias, 0.5, random);
  fill_normal(x.values, 1, random);
  const Pooled pooled = pool(convolve(filter, x));
  Map d_pooled = pooled.values;
  fill_normal(d_pooled.values, 1, random);
  const ConvolutionGradient gradient =
      convolve_backward(filter, x, unpool(d_pooled, pooled.positions, x));

  const auto expect_gradient = [&](std::vector<double>& values,
                                   const std::vector<double>& expected) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      values[i] = value + kStep;
      const double above = weighted_sum(filter, x, d_pooled.values);
      values[i] = value - kStep;
      const double below = weighted_sum(filter, x, d_pooled.values);
      values[i] = value;
      EXPECT_NEAR((above - below) / (2 * kStep), expected[i], 1e-7);
    }
  };
  expect_gradient(filter.weights, gradient.filter.weights);
  expect_gradient(filter.bias, gradient.filter.bias);
  expect_gradient(x.values, gradient.x.values);
}

}  // namespace
}  // namespace mnist_bench::kernels
