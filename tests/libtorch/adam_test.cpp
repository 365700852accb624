// The optimizers that training relies on, against their steps computed by hand.

#include <gtest/gtest.h>
#include <torch/optim/adam.h>

#include <random>

#include "kernels/optimizer.h"
#include "libtorch/optimizer.h"

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

/// θ₀ = 1, f(θ) = θ²/2 + 0.5 · θ² · decay, learning rate 0.1.
std::vector<float> sgd_path(const SgdConfig& config) {
  torch::Tensor theta = torch::ones({1}).requires_grad_(true);
  const auto optimizer = make_optimizer({theta}, config);
  std::vector<float> path;
  for (int t = 0; t < 2; ++t) {
    optimizer->zero_grad();
    (theta * theta / 2).sum().backward();
    optimizer->step();
    path.push_back(theta.item<float>());
  }
  return path;
}

TEST(Sgd, TakesTheStepsComputedByHand) {
  const auto expect = [](const SgdConfig& config, float first, float second) {
    const std::vector<float> path = sgd_path(config);
    EXPECT_FLOAT_EQ(path[0], first);
    EXPECT_FLOAT_EQ(path[1], second);
  };
  // 1 − 0.1·1 = 0.9, then 0.9 − 0.1·0.9.
  expect({.learning_rate = 0.1}, 0.9F, 0.81F);
  // b = 1; b = 0.9·1 + 0.9 = 1.8, 0.9 − 0.18.
  expect({.learning_rate = 0.1, .momentum = 0.9}, 0.9F, 0.72F);
  // 1 − 0.1·(1 + 0.9·1) = 0.81; b = 0.9 + 0.81 = 1.71, 0.81 − 0.1·(0.81 + 0.9·1.71).
  expect({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}, 0.81F, 0.5751F);
  // g = 1 + 0.5·1 = 1.5, 0.85; g = 0.85·1.5, 0.85 − 0.1275.
  expect({.learning_rate = 0.1, .weight_decay = 0.5}, 0.85F, 0.7225F);
}

/// The kernels' step has LibTorch's bits, so that both engines train alike.
TEST(Sgd, OfTheNativeEngineHasTheBitsOfLibtorch) {
  constexpr std::int64_t kSize = 1'000;
  for (const SgdConfig& config :
       {SgdConfig{}, SgdConfig{.momentum = 0.9}, SgdConfig{.momentum = 0.9, .nesterov = true},
        SgdConfig{.momentum = 0.5, .nesterov = true, .weight_decay = 5e-4}}) {
    at::manual_seed(1);
    torch::Tensor theta = torch::randn({kSize}).requires_grad_(true);
    const auto first = theta.detach().clone();
    std::vector<float> parameter(first.const_data_ptr<float>(),
                                 first.const_data_ptr<float>() + kSize);
    std::vector<float> buffer(kSize);
    std::vector<float> unused(kSize);
    const auto optimizer = make_optimizer({theta}, config);
    const kernels::SgdStep step{static_cast<float>(config.learning_rate),
                                static_cast<float>(config.momentum),
                                static_cast<float>(config.weight_decay), config.nesterov};
    for (int t = 0; t < 50; ++t) {
      const torch::Tensor gradient = torch::randn({kSize});
      theta.mutable_grad() = gradient.clone();
      optimizer->step();
      kernels::update(step, gradient.const_data_ptr<float>(),
                      {parameter.data(), {buffer.data(), unused.data()}}, kSize);
    }
    const torch::Tensor last = theta.detach();
    EXPECT_EQ(parameter, std::vector<float>(last.const_data_ptr<float>(),
                                            last.const_data_ptr<float>() + kSize));
  }
}

}  // namespace
}  // namespace mnist_bench
