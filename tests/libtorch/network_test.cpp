#include "libtorch/network.h"

#include <gtest/gtest.h>

#include <cmath>

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
