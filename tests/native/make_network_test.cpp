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
  const auto names = [](const std::string& layer) {
    return AllOf(HasSubstr("layer " + layer), HasSubstr("training.engine=libtorch"));
  };
  EXPECT_THAT(refusal_of({kFlatten, linear(5), {{}, layer::Tanh{}}, linear()}),
              names("tanh1 (Tanh)"));
  EXPECT_THAT(refusal_of({kFlatten, linear()}), names("flatten"));
  EXPECT_THAT(refusal_of({kFlatten, linear(5), linear()}), names("fc2 (Linear)"));
  EXPECT_THAT(refusal_of({kFlatten, {{}, layer::Dropout{0.5}}, linear(5), kRelu, linear()}),
              names("dropout (Dropout)"));
  EXPECT_THAT(refusal_of({conv(2, 5, 2), kPool, kRelu, conv(3), kPool, kRelu, kFlatten, linear(4),
                          kRelu, linear()}),
              names("conv1 (Conv2d)"));
  EXPECT_THAT(refusal_of({conv(2), kPool, kRelu, conv(3), kRelu, kPool, kFlatten, linear(4), kRelu,
                          linear()}),
              names("relu2 (ReLU)"));
}

}  // namespace
}  // namespace mnist_bench::native
