#include "experiment/learners.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/random.h"
#include "config/schedule.h"
#include "data/augmented_set.h"
#include "data/subset.h"
#include "experiment/engine_sets.h"
#include "libtorch/inference.h"
#include "libtorch/learner.h"
#include "libtorch/network.h"
#include "model/layers.h"
#include "native/learner.h"

namespace mnist_bench {
namespace {

std::vector<PlacedLayer> layers_of(const ExperimentConfig& config, const Dataset& dataset) {
  return mnist_bench::layers_of(require_network(config.model, "it is not trained in steps"),
                                dataset.train.shape(), dataset.classes);
}

/// The network with the parameters that training starts from, the same ones for every engine.
torch::nn::Sequential initial_network(const std::vector<PlacedLayer>& layers,
                                      const ExperimentConfig& config) {
  torch::nn::Sequential network = make_network(layers);
  initialize(network, derive_seed(config.seed, "initialization"), config.initialization);
  return network;
}

/// The training images of each epoch; null where all epochs have the same.
std::unique_ptr<AugmentedSet> augmented_set(const ExperimentConfig& config, const DataCache& data,
                                            std::int64_t threads) {
  if (config.training.augment.empty()) return nullptr;
  const ImageSet& train = data.dataset().train;
  return std::make_unique<AugmentedSet>(
      train, data.train_indices(),
      prepare_augmentation(config.training.augment, train.shape(), config.seed),
      schedule_of(config.training, train.size()).epochs(), threads);
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
                                                         config, &sets.validation,
                                                         augmented_set(config, data, threads));
  learner->set_parameters(export_parameters(initial_network(layers, config)));
  return learner;
}

std::unique_ptr<Learner> make_libtorch_learner(const ExperimentConfig& config,
                                               const std::vector<PlacedLayer>& layers,
                                               DataCache& data, const std::string& device,
                                               std::int64_t threads) {
  torch::nn::Sequential network = initial_network(layers, config);
  const TensorSets& sets = data.tensor_sets(config.data.normalization, device);
  network->to(c10::Device(device));
  choose_memory_format(network);
  std::function<torch::Tensor(std::int64_t)> epoch_images;
  if (std::shared_ptr<AugmentedSet> augmented = augmented_set(config, data, threads)) {
    const PixelScaling scaling =
        normalization_constants(config.data.normalization, data.dataset().train_pixels.statistics);
    epoch_images = [augmented, scaling, device = c10::Device(device)](std::int64_t epoch) {
      return to_tensors(augmented->of(epoch), scaling, device).images;
    };
  }
  return std::make_unique<LibtorchLearner>(std::move(network), sets.train, sets.test, config,
                                           &sets.validation, std::move(epoch_images));
}

}  // namespace

std::vector<NamedTensor> initial_tensors(const std::vector<PlacedLayer>& layers,
                                         const ExperimentConfig& config) {
  const torch::nn::Sequential network = initial_network(layers, config);
  std::vector<NamedTensor> tensors = export_parameters(network);
  for (NamedTensor& buffer : export_buffers(network)) tensors.push_back(std::move(buffer));
  return tensors;
}

std::vector<Preactivations> initial_preactivations(const ExperimentConfig& config,
                                                   const DataCache& data) {
  constexpr std::int64_t kImages = 100;
  const Dataset& dataset = data.dataset();
  const std::vector<PlacedLayer> layers = layers_of(config, dataset);
  std::vector<std::int64_t> first = all_indices(dataset.train);
  first.resize(std::min(first.size(), static_cast<std::size_t>(kImages)));
  const torch::Tensor images = to_tensors(select(dataset.train, first), config.data.normalization,
                                          torch::kCPU, dataset.train_pixels.statistics)
                                   .images;
  const std::vector<layer::Kind> kinds = kinds_of(layers);
  auto kind = kinds.begin();
  std::vector<Preactivations> found;
  torch::nn::Sequential network = initial_network(layers, config);
  each_output(network, images, [&](const std::string& name, const torch::Tensor& output) {
    const layer::Kind& of_layer = *kind++;
    if (!std::holds_alternative<layer::Linear>(of_layer) &&
        !std::holds_alternative<layer::Conv2d>(of_layer)) {
      return;
    }
    const torch::Tensor values = output.to(torch::kFloat64);
    found.push_back({.layer = name,
                     .mean = values.mean().item<double>(),
                     .sd = values.std(/*unbiased=*/false).item<double>()});
  });
  return found;
}

std::unique_ptr<Learner> make_learner(const ExperimentConfig& config, DataCache& data,
                                      const std::string& device, std::int64_t threads) {
  const std::vector<PlacedLayer> layers = layers_of(config, data.dataset());
  switch (config.training.engine) {
    case Engine::native:
      return make_native_learner(config, layers, data, threads);
    case Engine::libtorch:
      break;
  }
  return make_libtorch_learner(config, layers, data, device, threads);
}

}  // namespace mnist_bench
