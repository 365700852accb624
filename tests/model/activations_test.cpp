#include "model/activations.h"

#include <gtest/gtest.h>

#include "config/read.h"

namespace mnist_bench {
namespace {

std::int64_t peak_of(const ModelConfig& model, ImageShape image = {}, std::int64_t classes = 10) {
  return peak_activation_bytes(
      layers_of(require_network(model, "it has no layers"), image, classes));
}

TEST(PeakActivations, OfTheMlpAreTheImageAndTheFirstLayersOutput) {
  EXPECT_EQ(peak_of(MlpConfig{}), 4 * (784 + 256));
}

TEST(PeakActivations, OfTheCnnAreTheMapsAroundTheFirstPooling) {
  EXPECT_EQ(peak_of(CnnConfig{}), 4 * (32 * 28 * 28 + 32 * 14 * 14));
}

TEST(PeakActivations, CountWhatALayerPassesOnOnce) {
  const LayersConfig config{
      {{{}, layer::Flatten{}}, {{}, layer::Dropout{}}, {{}, layer::Linear{}}}};
  EXPECT_EQ(peak_of(config, {4, 6}, 2), 4 * (24 + 2));
}

/// conv1 makes 2 maps of 24 values from 1, which the block keeps while its layers compute.
LayersConfig block_of(std::vector<Layer> inner, layer::Shortcut shortcut) {
  return {{{{}, layer::Conv2d{.channels = 2, .kernel = 3, .padding = 1}},
           {{}, layer::Residual{.layers = std::move(inner), .shortcut = shortcut}},
           {{}, layer::GlobalAvgPool2d{}}}};
}

TEST(PeakActivations, KeepABlocksInputUntilItIsAdded) {
  const Layer conv = {{}, layer::Conv2d{.channels = 2, .kernel = 3, .padding = 1}};
  // The addition: the block's input, its layers' output, their sum.
  EXPECT_EQ(peak_of(block_of({conv}, layer::Shortcut::identity), {4, 6}, 2), 4 * 3 * 48);
  // The second layer of the block: the block's input besides its own and its output.
  const Layer wide = {{}, layer::Conv2d{.channels = 5, .kernel = 3, .padding = 1}};
  EXPECT_EQ(peak_of(block_of({wide, conv}, layer::Shortcut::identity), {4, 6}, 2),
            4 * (48 + 5 * 24 + 48));
}

TEST(PeakActivations, CountTheMapOfAShortcutThatComputes) {
  const Layer narrow = {{}, layer::Conv2d{.channels = 4, .kernel = 1, .stride = 2}};
  // The block's input of 48 values, its layers' output and the shortcut's, 24 each.
  EXPECT_EQ(peak_of(block_of({narrow}, layer::Shortcut::projection), {4, 6}, 4),
            4 * (48 + 24 + 24));
}

TEST(PeakActivations, OfResnet8AreInItsFirstStage) {
  const ExperimentConfig resnet8 =
      read_experiment(MNIST_BENCH_SOURCE "/configs/models/resnet8.json");
  EXPECT_EQ(peak_of(resnet8.model), 4 * 3 * 16 * 28 * 28);
}

}  // namespace
}  // namespace mnist_bench
