// Which lists of layers the native engine trains, however they are written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "native/native_networks.h"

namespace mnist_bench::native {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ImageShape kImage{.rows = 8, .columns = 12};

std::vector<std::string> tensor_names(const std::vector<Layer>& layers) {
  ExperimentConfig config;
  config.model = LayersConfig{layers};
  const auto network = make_network(config, kImage, 3, /*threads=*/1);
  std::vector<std::string> names;
  for (const NamedTensor& tensor : network->parameters().export_values()) {
    names.push_back(tensor.name);
  }
  return names;
}

std::string refusal_of(const std::vector<Layer>& layers) {
  try {
    tensor_names(layers);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what() + (" " + error.remedy());
  }
  ADD_FAILURE() << "was accepted";
  return {};
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

TEST(NativeNetwork, RefusesOtherListsNamingTheFirstLayerThatDiffers) {
  const auto says = [](const std::string& what) {
    return AllOf(HasSubstr("of any sizes; layer " + what), HasSubstr("training.engine=libtorch"));
  };
  EXPECT_THAT(refusal_of({kFlatten, linear(5), {{}, layer::Tanh{}}, linear()}),
              says("tanh1 (tanh) is where mlp has relu"));
  EXPECT_THAT(refusal_of({kFlatten, linear(5), linear()}),
              says("fc2 (linear) is where mlp has relu"));
  EXPECT_THAT(refusal_of({kFlatten, {{}, layer::Dropout{0.5}}, linear(5), kRelu, linear()}),
              says("dropout (dropout) is where mlp has linear"));
  EXPECT_THAT(refusal_of({kFlatten, linear(5), kRelu, linear(), kRelu}),
              says("relu2 (relu) comes after the last layer of mlp"));
  EXPECT_THAT(
      refusal_of({conv(2, 5, 2), kPool, kRelu, conv(3), kPool, kRelu, kFlatten, linear(4), kRelu,
                  linear()}),
      says("conv1 (conv2d) differs from {\"type\":\"conv2d\",\"channels\":2,\"kernel\":3,"));
  EXPECT_THAT(refusal_of({conv(2), kPool, kRelu, conv(3), kRelu, kPool, kFlatten, linear(4), kRelu,
                          linear()}),
              says("relu2 (relu) is where cnn has max_pool2d"));
  EXPECT_THAT(refusal_of({{{}, layer::Tanh{}}, kFlatten, linear()}),
              says("tanh1 (tanh) is the first layer of neither"));
}

TEST(NativeNetwork, RefusesShorterListsNamingWhatIsMissing) {
  // configs/models/logistic.json
  EXPECT_THAT(refusal_of({kFlatten, linear()}),
              HasSubstr("layer fc1 (linear) is the last, but mlp has relu after it"));
  // The example of configs/README.md.
  EXPECT_THAT(refusal_of({conv(2), kRelu, kPool, kFlatten, linear()}),
              HasSubstr("layer relu1 (relu) is where cnn has max_pool2d"));
  EXPECT_THAT(refusal_of({conv(2), kPool, kRelu, kFlatten, linear(4), kRelu, linear()}),
              HasSubstr("layer flatten (flatten) is where cnn has conv2d"));
}

TEST(NativeNetwork, IsNoCnnOfImagesThatTilesDoNotCover) {
  EXPECT_THROW(check_supported(layers_of(CnnConfig{}, {.rows = 8, .columns = 10}, 3)), Error);
  EXPECT_NO_THROW(check_supported(layers_of(MlpConfig{}, {.rows = 8, .columns = 10}, 3)));
}

}  // namespace
}  // namespace mnist_bench::native
