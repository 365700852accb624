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

TEST(NativeNetwork, RefusesOtherListsNamingTheFirstLayerThatDiffers) {
  const auto says = [](const std::string& what) {
    return AllOf(HasSubstr("of any sizes; layer " + what), HasSubstr("training.engine=libtorch"));
  };
  EXPECT_THAT(refusal_of({kFlatten, linear(5), {{}, layer::Tanh{}}, linear()}),
              says("tanh1 (tanh) is none of these"));
  EXPECT_THAT(refusal_of({{{}, layer::Tanh{}}, kFlatten, linear()}),
              says("tanh1 (tanh) is none of these"));
  EXPECT_THAT(refusal_of({kPool, kFlatten, linear()}), says("pool1 (max_pool2d) is none of these"));
  EXPECT_THAT(refusal_of({kFlatten, kRelu, linear()}),
              says("relu1 (relu) comes before the first linear layer"));
  EXPECT_THAT(refusal_of({kFlatten, linear(5), kRelu, linear(), kRelu}),
              says("relu2 (relu) is the last, but not linear"));
  EXPECT_THAT(
      refusal_of({conv(2, 5, 2), kPool, kRelu, conv(3), kPool, kRelu, kFlatten, linear(4), kRelu,
                  linear()}),
      says("conv1 (conv2d) differs from {\"type\":\"conv2d\",\"channels\":2,\"kernel\":3,"));
  EXPECT_THAT(refusal_of({conv(2),
                          kPool,
                          kRelu,
                          conv(3),
                          {{}, layer::Tanh{}},
                          kPool,
                          kFlatten,
                          linear(4),
                          kRelu,
                          linear()}),
              says("tanh1 (tanh) is where cnn has max_pool2d"));
  EXPECT_THAT(refusal_of({conv(2),
                          kPool,
                          kRelu,
                          conv(3),
                          {{}, layer::Dropout{0.5}},
                          kPool,
                          kRelu,
                          kFlatten,
                          linear(4),
                          kRelu,
                          linear()}),
              says("dropout (dropout) is where cnn has max_pool2d"));
}

TEST(NativeNetwork, RefusesShorterCnnsNamingWhatIsMissing) {
  // The example of configs/README.md.
  EXPECT_THAT(refusal_of({conv(2), kRelu, kPool, kFlatten, linear()}),
              HasSubstr("layer flatten (flatten) is where cnn has conv2d"));
  EXPECT_THAT(refusal_of({conv(2), kPool, kRelu, kFlatten, linear(4), kRelu, linear()}),
              HasSubstr("layer flatten (flatten) is where cnn has conv2d"));
}

TEST(NativeNetwork, IsACnnOfImagesOfAnySize) {
  for (const ImageShape image :
       {ImageShape{.rows = 4, .columns = 5}, {.rows = 15, .columns = 30}}) {
    EXPECT_NO_THROW(check_supported(layers_of(CnnConfig{}, image, 3)));
  }
}

}  // namespace
}  // namespace mnist_bench::native
