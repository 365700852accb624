
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/container/functional.h>
#include <torch/optim/adam.h>

#include "base/error.h"
#include "base/random.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

/// 10 classes of 28 × 28 images that a network can learn: class k has a bright band at rows 2k.
ImageTensors band_tensors(std::int64_t count) {
  ImageSet set{.rows = 28, .columns = 28, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = i * 7 % 10;
    set.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t p = 0; p < 28 * 28; ++p) {
      const bool bright = p / 28 / 2 == label;
      set.pixels.push_back(static_cast<std::uint8_t>(bright ? 200 + (i + p) % 50 : (i * p) % 60));
    }
  }
  return to_tensors(set, Normalization::standardize, torch::kCPU);
}

ExperimentConfig config_for(ModelConfig model, std::int64_t epochs) {
  ExperimentConfig config;
  config.name = "test";
  config.model = std::move(model);
  config.training.epochs = epochs;
  return config;
}

torch::nn::Sequential initialized_network(const ExperimentConfig& config) {
  auto network = make_network(config.model, {}, 10);
  initialize(network, derive_seed(config.seed, "initialization"));
  choose_memory_format(network);
  return network;
}

std::string trained_hash(const ExperimentConfig& config, const ImageTensors& set) {
  auto network = initialized_network(config);
  train(network, set, config, {});
  return parameters_sha256(export_parameters(network));
}

TEST(MemoryFormat, OfEveryConvolutionIsChannelsLastToLibTorch) {
  const auto network = initialized_network(config_for(CnnConfig{}, 1));
  for (const torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() != 4) continue;
    EXPECT_EQ(parameter.suggest_memory_format(), torch::MemoryFormat::ChannelsLast)
        << parameter.sizes();
  }
}

/// A layer that leaves its input as it is and keeps how many images it was given.
torch::nn::Functional counting_layer(std::vector<std::int64_t>& images) {
  return torch::nn::Functional([&images](const torch::Tensor& x) {
    images.push_back(x.size(0));
    return x;
  });
}

TEST(LibtorchLearner, WarmsUpEachSizeOfBatchBeforeTheFirstEpoch) {
  ExperimentConfig config = config_for(MlpConfig{.hidden = {8}}, 1);
  config.training.batch_size = 64;
  for (const auto& [images, sizes] :
       {std::pair(200, std::vector<std::int64_t>{64, 8, 64, 64, 64, 8}),
        std::pair(128, std::vector<std::int64_t>{64, 64, 64}),
        std::pair(40, std::vector<std::int64_t>{40, 40})}) {
    auto network = initialized_network(config);
    std::vector<std::int64_t> seen;
    network->push_back(counting_layer(seen));
    train(network, band_tensors(images), config, {});
    EXPECT_EQ(seen, sizes);
  }
}

TEST(LibtorchLearner, NeverSeesTheWarmUp) {
  // By hand, without one: bit-identical weights, dropout's random stream included.
  ExperimentConfig config = config_for(MlpConfig{.hidden = {8}, .dropout = 0.5}, 2);
  config.training.batch_size = 64;
  const ImageTensors set = band_tensors(200);
  const std::string trained = trained_hash(config, set);
  auto network = initialized_network(config);
  torch::optim::Adam optimizer(
      network->parameters(),
      torch::optim::AdamOptions(std::get<AdamConfig>(config.optimizer).learning_rate)
          .betas({std::get<AdamConfig>(config.optimizer).beta1,
                  std::get<AdamConfig>(config.optimizer).beta2})
          .eps(std::get<AdamConfig>(config.optimizer).epsilon));
  network->train();
  for (std::uint64_t epoch = 1; epoch <= 2; ++epoch) {
    at::manual_seed(derive_seed(config.seed, "dropout", epoch));
    const torch::Tensor order =
        torch::tensor(permutation(200, derive_seed(config.seed, "shuffle", epoch)));
    for (const torch::Tensor& batch : order.split(64)) {
      optimizer.zero_grad();
      torch::nn::functional::cross_entropy(network->forward(set.images.index_select(0, batch)),
                                           set.labels.index_select(0, batch))
          .backward();
      optimizer.step();
    }
  }
  EXPECT_EQ(parameters_sha256(export_parameters(network)), trained);
}

}  // namespace
}  // namespace mnist_bench
