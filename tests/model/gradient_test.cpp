// Back-propagation (paper, eq. 5–7) against finite differences, in float64 so that the rounding of
// the differences stays below what is compared.

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include "libtorch/network.h"

namespace mnist_bench {
namespace {

double loss_of(torch::nn::Sequential& network, const torch::Tensor& images,
               const torch::Tensor& labels) {
  const torch::NoGradGuard no_gradients;
  return torch::nn::functional::cross_entropy(network->forward(images), labels).item<double>();
}

/// Compares d loss/d θ with (loss(θ + h) − loss(θ − h)) / 2h for some entries of every parameter.
/// Dropout is off: its masks would have to be the same at each evaluation.
void expect_gradients_match(const ModelConfig& model) {
  constexpr double kStep = 1e-6;
  constexpr int kEntries = 12;
  auto network = make_network(model, {.rows = 12, .columns = 12}, 5);
  initialize(network, 3);
  network->to(torch::kFloat64);
  network->eval();
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(11U);
  const torch::Tensor images = torch::randn({6, 1, 12, 12}, generator, torch::kFloat64);
  const torch::Tensor labels = torch::randint(0, 5, {6}, generator, torch::kInt64);
  torch::nn::functional::cross_entropy(network->forward(images), labels).backward();

  for (auto& parameter : network->named_parameters()) {
    torch::Tensor values = parameter.value().detach().view(-1);
    const torch::Tensor gradient = parameter.value().grad().reshape(-1);
    for (int i = 0; i < kEntries; ++i) {
      const std::int64_t entry = (values.numel() - 1) * i / (kEntries - 1);
      const double value = values[entry].item<double>();
      values[entry] = value + kStep;
      const double above = loss_of(network, images, labels);
      values[entry] = value - kStep;
      const double below = loss_of(network, images, labels);
      values[entry] = value;
      EXPECT_NEAR(gradient[entry].item<double>(), (above - below) / (2 * kStep), 1e-7)
          << parameter.key() << "[" << entry << "]";
    }
  }
}

TEST(Gradient, OfTheMlpMatchesFiniteDifferences) {
  expect_gradients_match(MlpConfig{.hidden = {9, 7}, .dropout = 0.2});
}

TEST(Gradient, OfTheCnnMatchesFiniteDifferences) {
  expect_gradients_match(CnnConfig{.conv1_channels = 3, .conv2_channels = 4, .hidden = 6});
}

}  // namespace
}  // namespace mnist_bench
