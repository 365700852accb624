// The optimizer that training relies on, against eq. 15–18 computed by hand.

#include <gtest/gtest.h>
#include <torch/optim/adam.h>

namespace mnist_bench {
namespace {

/// θ₀ = 1, f(θ) = θ²/2 (so that g = θ), learning rate 1e-3, in float64.
std::vector<double> adam_path(int steps, double epsilon) {
  torch::Tensor theta = torch::ones({1}, torch::kFloat64).requires_grad_(true);
  torch::optim::Adam optimizer(std::vector<torch::Tensor>{theta},
                               torch::optim::AdamOptions(1e-3).betas({0.9, 0.999}).eps(epsilon));
  std::vector<double> path;
  for (int t = 0; t < steps; ++t) {
    optimizer.zero_grad();
    (theta * theta / 2).sum().backward();
    optimizer.step();
    path.push_back(theta.item<double>());
  }
  return path;
}

TEST(Adam, TakesTheStepsThatEquations15To18Give) {
  // t = 1: m̂ = g = 1, v̂ = g² = 1, so θ₁ = 1 − 1e-3·1/(1 + 1e-8) = 0.99900000001 (rounded).
  // t = 2: g = θ₁; m = 0.09 + 0.1·g, v = 0.000999 + 0.001·g², corrected by 0.19 and 0.001999.
  const std::vector<double> path = adam_path(2, 1e-8);
  const double first = 1.0 - 1e-3 / (1.0 + 1e-8);
  EXPECT_NEAR(path[0], 0.99900000001, 1e-14);
  EXPECT_NEAR(path[0], first, 1e-15);
  const double m = (0.09 + 0.1 * first) / 0.19;
  const double v = (0.000999 + 0.001 * first * first) / 0.001999;
  EXPECT_NEAR(path[1], first - 1e-3 * m / (std::sqrt(v) + 1e-8), 1e-15);
}

TEST(Adam, AddsEpsilonOutsideTheRootAsInEquation15NotInsideAsIn19) {
  // With ε = 0.5 the two differ widely at t = 1: 1/(1 + 0.5) against 1/√(1 + 0.5).
  const double theta = adam_path(1, 0.5)[0];
  EXPECT_NEAR(theta, 1.0 - 1e-3 / 1.5, 1e-15);
  EXPECT_GT(std::abs(theta - (1.0 - 1e-3 / std::sqrt(1.5))), 1e-4);
}

}  // namespace
}  // namespace mnist_bench
