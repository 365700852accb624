#include "libtorch/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "libtorch/torch_networks.h"
#include "record/checkpoint.h"

namespace mnist_bench {
namespace {

/// The sample variance of n normal values is within 4 of its standard errors, σ²·√(2/(n−1)).
TEST(Initialization, HasHeVarianceWithinFourStandardErrors) {
  for (const ModelConfig& model : {ModelConfig(MlpConfig{}), ModelConfig(CnnConfig{})}) {
    auto network = make_network(model, {}, 10);
    initialize(network, 7);
    for (const auto& parameter : network->named_parameters()) {
      const torch::Tensor value = parameter.value().to(torch::kFloat64);
      if (value.dim() == 1) {
        EXPECT_EQ(value.abs().max().item<double>(), 0.0) << parameter.key();
        continue;
      }
      const auto n = static_cast<double>(value.numel());
      const double wanted = 2.0 / (n / static_cast<double>(value.size(0)));
      const double variance = value.var().item<double>();
      EXPECT_NEAR(variance, wanted, 4 * wanted * std::sqrt(2 / (n - 1))) << parameter.key();
      EXPECT_NEAR(value.mean().item<double>(), 0, 4 * std::sqrt(wanted / n)) << parameter.key();
    }
  }
}

/// The largest of n uniform values lies within 20/n of the bound with a probability of 1 − e⁻²⁰,
/// and their variance is a third of its square.
void expect_uniform(const torch::Tensor& value, double bound, const std::string& name) {
  const auto n = static_cast<double>(value.numel());
  const double most = value.abs().max().item<double>();
  EXPECT_LE(most, bound * (1 + 1e-6)) << name;
  EXPECT_GT(most, bound * std::max(1 - 20 / n, 0.0)) << name;
  const double variance = value.to(torch::kFloat64).square().mean().item<double>();
  // The variance of a squared uniform value is 4/45 of the bound's fourth power.
  EXPECT_NEAR(variance, bound * bound / 3, 4 * bound * bound * std::sqrt(4.0 / 45 / n)) << name;
}

TEST(Initialization, OfPytorchIsUniformInTheInputsOfALayer) {
  auto network = make_network(CnnConfig{}, {}, 10);
  initialize(network, 7, Initialization::pytorch);
  const std::map<std::string, double> inputs = {
      {"conv1", 9}, {"conv2", 32 * 9}, {"fc1", 3'136}, {"fc2", 128}};
  for (const auto& parameter : network->named_parameters()) {
    const std::string layer = parameter.key().substr(0, parameter.key().find('.'));
    expect_uniform(parameter.value(), 1 / std::sqrt(inputs.at(layer)), parameter.key());
  }
}

TEST(Initialization, OfXavierIsUniformInTheInputsAndOutputsOfALayer) {
  auto network = make_network(CnnConfig{}, {}, 10);
  initialize(network, 7, Initialization::xavier);
  const std::map<std::string, double> ends = {
      {"conv1", 9 + 32 * 9}, {"conv2", 32 * 9 + 64 * 9}, {"fc1", 3'136 + 128}, {"fc2", 128 + 10}};
  for (const auto& parameter : network->named_parameters()) {
    const std::string layer = parameter.key().substr(0, parameter.key().find('.'));
    if (parameter.value().dim() == 1) {
      EXPECT_EQ(parameter.value().abs().max().item<double>(), 0.0) << parameter.key();
    } else {
      expect_uniform(parameter.value(), std::sqrt(6 / ends.at(layer)), parameter.key());
    }
  }
}

TEST(Initialization, LeavesBatchNormAsItIs) {
  const Layer conv{{}, layer::Conv2d{.channels = 4, .kernel = 3}};
  const LayersConfig model{
      {conv, {{}, layer::BatchNorm2d{}}, {{}, layer::Flatten{}}, {{}, layer::Linear{}}}};
  for (const auto& [initialization, name] : kInitializations) {
    auto network = make_network(model, {}, 10);
    initialize(network, 7, initialization);
    const auto parameters = network->named_parameters();
    EXPECT_TRUE(parameters["bn1.weight"].eq(1).all().item<bool>()) << name;
    EXPECT_TRUE(parameters["bn1.bias"].eq(0).all().item<bool>()) << name;
  }
}

TEST(Initialization, RepeatsWithTheSeedAndChangesWithIt) {
  const auto hash_for = [](std::uint64_t seed) {
    auto network = make_network(MlpConfig{}, {}, 10);
    initialize(network, seed);
    return parameters_sha256(export_parameters(network));
  };
  EXPECT_EQ(hash_for(1), hash_for(1));
  EXPECT_NE(hash_for(1), hash_for(2));
}

TEST(ParametersHash, DoesNotDependOnTheMemoryFormat) {
  auto network = make_network(CnnConfig{}, {}, 10);
  initialize(network, 1);
  const std::string before = parameters_sha256(export_parameters(network));
  const torch::NoGradGuard no_gradients;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() == 4) {
      parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
    }
  }
  EXPECT_EQ(parameters_sha256(export_parameters(network)), before);
}

}  // namespace
}  // namespace mnist_bench
