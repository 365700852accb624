#include "experiment/learners.h"

#include <utility>

#include "base/random.h"
#include "experiment/engine_sets.h"
#include "libtorch/learner.h"
#include "libtorch/network.h"
#include "native/learner.h"

namespace mnist_bench {
namespace {

/// The network with the parameters that training starts from, the same ones for every engine.
torch::nn::Sequential initial_network(const std::vector<PlacedLayer>& layers,
                                      const ExperimentConfig& config) {
  torch::nn::Sequential network = make_network(layers);
  initialize(network, derive_seed(config.seed, "initialization"), config.initialization);
  return network;
}

std::unique_ptr<Learner> make_native_learner(const ExperimentConfig& config,
                                             const std::vector<PlacedLayer>& layers,
                                             DataCache& data, std::int64_t threads) {
  native::check_supported(config);
  const PixelScaling constants =
      normalization_constants(config.data.normalization, data.dataset().train_pixels.statistics);
  auto network = native::make_network(layers, constants, threads);
  const NativeSets& sets = data.native_sets();
  auto learner = std::make_unique<native::NativeLearner>(std::move(network), sets.train, sets.test,
                                                         config, &sets.validation);
  learner->set_parameters(export_parameters(initial_network(layers, config)));
  return learner;
}

std::unique_ptr<Learner> make_libtorch_learner(const ExperimentConfig& config,
                                               const std::vector<PlacedLayer>& layers,
                                               DataCache& data, const std::string& device) {
  torch::nn::Sequential network = initial_network(layers, config);
  const TensorSets& sets = data.tensor_sets(config.data.normalization, device);
  network->to(c10::Device(device));
  choose_memory_format(network);
  return std::make_unique<LibtorchLearner>(std::move(network), sets.train, sets.test, config,
                                           &sets.validation);
}

}  // namespace

std::vector<NamedTensor> initial_tensors(const std::vector<PlacedLayer>& layers,
                                         const ExperimentConfig& config) {
  const torch::nn::Sequential network = initial_network(layers, config);
  std::vector<NamedTensor> tensors = export_parameters(network);
  for (NamedTensor& buffer : export_buffers(network)) tensors.push_back(std::move(buffer));
  return tensors;
}

std::unique_ptr<Learner> make_learner(const ExperimentConfig& config, DataCache& data,
                                      const std::string& device, std::int64_t threads) {
  const Dataset& dataset = data.dataset();
  const std::vector<PlacedLayer> layers =
      layers_of(config.model, {.rows = dataset.train.rows, .columns = dataset.train.columns},
                dataset.classes);
  switch (config.training.engine) {
    case Engine::native:
      return make_native_learner(config, layers, data, threads);
    case Engine::libtorch:
      break;
  }
  return make_libtorch_learner(config, layers, data, device);
}

}  // namespace mnist_bench
