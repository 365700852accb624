// Which of its networks the native engine makes of a list of layers, however it is written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "native/cnn.h"
#include "native/layer_network.h"
#include "native/mlp.h"
#include "native/native_networks.h"

namespace mnist_bench::native {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr ImageShape kImage{.rows = 8, .columns = 12};

std::unique_ptr<Network> network_of(const std::vector<Layer>& layers, ImageShape image = kImage) {
  ExperimentConfig config;
  config.model = LayersConfig{layers};
  return make_network(config, image, 3, /*threads=*/1);
}

std::vector<std::string> tensor_names(const std::vector<Layer>& layers) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : network_of(layers)->parameters().export_values()) {
    names.push_back(tensor.name);
  }
  return names;
}

template <class Kind>
bool is_a(const std::vector<Layer>& layers, ImageShape image = kImage) {
  const auto network = network_of(layers, image);
  return dynamic_cast<const Kind*>(network.get()) != nullptr;
}

Layer conv(std::int64_t channels, std::int64_t kernel = 3, std::int64_t padding = 1) {
  return {{},
          layer::Conv2d{.channels = channels, .kernel = kernel, .stride = 1, .padding = padding}};
}
const Layer kFlatten{{}, layer::Flatten{}};
const Layer kRelu{{}, layer::Relu{}};
const Layer kPool{{}, layer::MaxPool2d{}};
Layer linear(std::optional<std::int64_t> units = std::nullopt) {
  return {{}, layer::Linear{units}};
}

TEST(NativeNetwork, IsAnMlpWithOrWithoutDropoutAndUnderAnyNames) {
  EXPECT_THAT(tensor_names({kFlatten, linear(5), kRelu, {{}, layer::Dropout{0.3}}, linear(3)}),
              ElementsAre("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"));
  Layer named = linear(7);
  named.name = "wide";
  EXPECT_THAT(tensor_names({kFlatten, named, kRelu, linear()}),
              ElementsAre("wide.weight", "wide.bias", "fc1.weight", "fc1.bias"));
  EXPECT_THAT(
      tensor_names(
          {kFlatten, {{}, layer::Repeat{.times = 3, .layers = {linear(5), kRelu}}}, linear()})
          .size(),
      8U);
}

TEST(NativeNetwork, IsACnn) {
  EXPECT_THAT(tensor_names({conv(2), kPool, kRelu, conv(3), kPool, kRelu, kFlatten, linear(4),
                            kRelu, linear()}),
              ElementsAre("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc1.weight",
                          "fc1.bias", "fc2.weight", "fc2.bias"));
}

TEST(NativeNetwork, IsALogisticRegression) {
  EXPECT_THAT(tensor_names({kFlatten, linear()}), ElementsAre("fc1.weight", "fc1.bias"));
}

TEST(NativeNetwork, HasReluAndDropoutBetweenLinearLayersInAnyOrder) {
  const Layer dropout{{}, layer::Dropout{0.5}};
  for (const std::vector<Layer>& layers : std::vector<std::vector<Layer>>{
           {kFlatten, linear(5), linear()},
           {kFlatten, dropout, linear(5), kRelu, linear()},
           {dropout, kFlatten, linear(5), dropout, linear()},
           {kFlatten, linear(5), dropout, kRelu, dropout, kRelu, linear()}}) {
    EXPECT_EQ(tensor_names(layers).size(), 4U);
  }
}

TEST(NativeNetwork, IsTheCnnWhereverReluStandsInABlock) {
  const Layer dropout2d{{}, layer::Dropout2d{0.5}};
  EXPECT_EQ(tensor_names({conv(2), kRelu, kPool, conv(3), kRelu, kPool, dropout2d, kFlatten,
                          linear(4), kRelu, linear()})
                .size(),
            8U);
}

TEST(NativeNetwork, IsTheFastestThatFits) {
  const Layer dropout{{}, layer::Dropout{0.5}};
  const Layer nothing_dropped{{}, layer::Dropout{0.0}};
  EXPECT_TRUE(is_a<Mlp>({kFlatten, linear()}));
  EXPECT_TRUE(is_a<Mlp>({kFlatten, linear(5), dropout, kRelu, linear()}));
  EXPECT_TRUE(is_a<Mlp>({kFlatten, linear(5), linear(), nothing_dropped}));
  const std::vector<Layer> cnn = {conv(2), kRelu,    kPool,     conv(3), kRelu,
                                  kPool,   kFlatten, linear(4), kRelu,   linear()};
  EXPECT_TRUE(is_a<Cnn>(cnn));
  EXPECT_TRUE(is_a<Cnn>(cnn, {.rows = 4, .columns = 5}));
  EXPECT_TRUE(is_a<Cnn>(cnn, {.rows = 15, .columns = 30}));
}

TEST(NativeNetwork, IsComputedLayerByLayerWhereNeitherMlpNorCnnFits) {
  const Layer tanh{{}, layer::Tanh{}};
  const Layer dropout{{}, layer::Dropout{0.5}};
  for (const std::vector<Layer>& layers : std::vector<std::vector<Layer>>{
           {kFlatten, linear(5), tanh, linear()},
           {kPool, kFlatten, linear()},
           {kFlatten, kRelu, linear()},
           {kFlatten, linear(5), kRelu, linear(), kRelu},
           {kFlatten, linear(5), linear(), dropout},
           {conv(2, 5, 2), kPool, kRelu, conv(3), kPool, kRelu, kFlatten, linear(4), kRelu,
            linear()},
           {conv(2), kPool, kRelu, conv(3), dropout, kPool, kRelu, kFlatten, linear(4), kRelu,
            linear()},
           // The example of configs/README.md.
           {conv(2), kRelu, kPool, kFlatten, linear()},
       }) {
    EXPECT_TRUE(is_a<LayerNetwork>(layers));
  }
  EXPECT_TRUE(is_a<LayerNetwork>({conv(2), kRelu, conv(3), kRelu, kFlatten, linear()},
                                 {.rows = 3, .columns = 3}));
}

TEST(NativeNetwork, HasItsTensorsInPyTorchsOrderWithThoseOfABlockBeforeItsShortcut) {
  const std::vector<Layer> layers = {
      {{}, layer::Conv2d{.channels = 2, .kernel = 3, .stride = 1, .padding = 1, .bias = false}},
      {{}, layer::BatchNorm2d{}},
      {{}, layer::Residual{.layers = {conv(4)}, .shortcut = layer::Shortcut::projection}},
      kFlatten,
      linear()};
  EXPECT_THAT(tensor_names(layers),
              ElementsAre("conv1.weight", "bn1.weight", "bn1.bias", "block1.conv1.weight",
                          "block1.conv1.bias", "block1.shortcut.weight", "fc1.weight", "fc1.bias"));
  const std::vector<NamedTensor> buffers = network_of(layers)->buffers().export_values();
  ASSERT_EQ(buffers.size(), 2U);
  EXPECT_EQ(buffers[0].name, "bn1.running_mean");
  EXPECT_THAT(buffers[0].values, Each(0.0F));
  EXPECT_EQ(buffers[1].name, "bn1.running_var");
  EXPECT_THAT(buffers[1].values, Each(1.0F));
}

}  // namespace
}  // namespace mnist_bench::native
