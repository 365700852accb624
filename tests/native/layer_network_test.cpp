// That it has LibTorch's gradients is tested in tests/libtorch/native_layers_test.cpp.

#include "native/layer_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "data/bands.h"
#include "native/native_networks.h"

namespace mnist_bench::native {
namespace {

constexpr ImageShape kShape{.rows = 12, .columns = 16};
constexpr std::int64_t kClasses = 5;

/// Every kind of layer.
ExperimentConfig config_for(std::int64_t epochs) {
  const auto of = [](layer::Kind kind) { return Layer{{}, std::move(kind)}; };
  const auto conv = [&](std::int64_t channels) {
    return of(layer::Conv2d{.channels = channels, .kernel = 3, .stride = 1, .padding = 1});
  };
  ExperimentConfig config;
  config.model = LayersConfig{
      {conv(6), of(layer::BatchNorm2d{}), of(layer::Relu{}), of(layer::Dropout2d{0.2}),
       of(layer::Residual{.layers = {conv(8), of(layer::BatchNorm2d{}), of(layer::MaxPool2d{})},
                          .shortcut = layer::Shortcut::projection}),
       of(layer::AvgPool2d{.size = 2, .stride = 1}),
       of(layer::Residual{.layers = {conv(12)}, .shortcut = layer::Shortcut::subsample}),
       of(layer::Tanh{}), of(layer::GlobalAvgPool2d{}), of(layer::Flatten{}), of(layer::Linear{30}),
       of(layer::Relu{}), of(layer::Dropout{0.2}), of(layer::Linear{})}};
  config.training.epochs = epochs;
  std::get<AdamConfig>(config.optimizer).learning_rate = 0.01;
  return config;
}

std::unique_ptr<Network> initialized(const ExperimentConfig& config, std::int64_t threads) {
  auto network = make_network(config, kShape, kClasses, threads);
  std::vector<NamedTensor> tensors = network->parameters().export_values();
  std::mt19937 random(1);
  for (NamedTensor& tensor : tensors) {
    const std::size_t inputs = tensor.values.size() / static_cast<std::size_t>(tensor.shape[0]);
    std::normal_distribution<float> normal(0, std::sqrt(2.0F / static_cast<float>(inputs)));
    for (float& value : tensor.values) value = tensor.shape.size() == 1 ? 1.0F : normal(random);
  }
  network->parameters().import_values(tensors);
  return network;
}

TrainingState trained(const ExperimentConfig& config, const ImageSet& set, std::int64_t threads,
                      const std::optional<TrainingState>& start = std::nullopt) {
  const Images images(set);
  NativeLearner learner(initialized(config, threads), images, images, config);
  train(learner, config, {}, start);
  return learner.state();
}

TEST(LayerNetwork, LearnsWhatCanBeLearned) {
  const ImageSet set = bands(500, kShape, kClasses);
  const Images images(set);
  const ExperimentConfig config = config_for(14);
  NativeLearner learner(initialized(config, 2), images, images, config);
  EXPECT_EQ(train(learner, config, {}).end, TrainEnd::completed);
  const Predictions predictions = learner.predict(Split::test);
  EXPECT_LT(predictions.loss, 0.2);
  EXPECT_EQ(predictions.classes, std::vector<std::int64_t>(set.labels.begin(), set.labels.end()));
}

/// A race shows as another result sooner or later.
TEST(LayerNetwork, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ImageSet set = bands(100, kShape, kClasses);
  for (const std::int64_t batch_size : {64, 7, 100}) {
    ExperimentConfig config = config_for(2);
    config.training.batch_size = batch_size;
    const TrainingState alone = trained(config, set, 1);
    for (int run = 0; run < 3; ++run) {
      const TrainingState other = trained(config, set, 2);
      ASSERT_EQ(other.parameters, alone.parameters) << "run " << run;
      ASSERT_EQ(other.buffers, alone.buffers);
    }
    for (const std::int64_t threads : {3, 8, 11}) {
      const TrainingState other = trained(config, set, threads);
      EXPECT_EQ(other.parameters, alone.parameters) << threads << " threads";
      EXPECT_EQ(other.buffers, alone.buffers);
    }
  }
}

TEST(LayerNetwork, GoesOnFromItsStateToTheBit) {
  const ImageSet set = bands(100, kShape, kClasses);
  const TrainingState whole = trained(config_for(3), set, 2);
  const TrainingState half = trained(config_for(1), set, 2);
  const TrainingState rest = trained(config_for(3), set, 2, half);
  EXPECT_EQ(rest.parameters, whole.parameters);
  EXPECT_EQ(rest.buffers, whole.buffers);
  EXPECT_EQ(rest.optimizer, whole.optimizer);
  EXPECT_NE(half.buffers, whole.buffers);
}

TEST(LayerNetwork, PredictsTheSameWhateverElseIsEvaluated) {
  const ImageSet set = bands(100, kShape, kClasses);
  const Images images(set);
  const auto network = initialized(config_for(1), 2);
  const std::vector<float> all = network->logits(images, 0, 100);
  const std::vector<float> some = network->logits(images, 50, 7);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 50 * kClasses));
}

}  // namespace
}  // namespace mnist_bench::native
