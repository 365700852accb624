#include "model/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Layer> unnamed(std::vector<layer::Kind> kinds) {
  std::vector<Layer> layers;
  for (layer::Kind& kind : kinds) layers.push_back({{}, std::move(kind)});
  return layers;
}

std::vector<std::string> names_of(const std::vector<PlacedLayer>& layers) {
  std::vector<std::string> names;
  for (const PlacedLayer& layer : layers) names.push_back(layer.name);
  return names;
}

std::string refusal_of(const ModelConfig& model, ImageShape image = {}, std::int64_t classes = 10) {
  try {
    layers_of(require_network(model, "it has no layers"), image, classes);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST(Layers, OfThePapersModelsHaveTheNamesOfTheFirstVersion) {
  EXPECT_THAT(names_of(layers_of(MlpConfig{}, {}, 10)),
              ElementsAre("flatten", "fc1", "relu1", "fc2", "relu2", "dropout", "fc3"));
  EXPECT_THAT(names_of(layers_of(CnnConfig{}, {}, 10)),
              ElementsAre("conv1", "pool1", "relu1", "conv2", "dropout2d", "pool2", "relu2",
                          "flatten", "fc1", "relu3", "dropout", "fc2"));
}

TEST(Layers, AreNumberedByKindOrNamedByTheConfig) {
  LayersConfig config{unnamed({layer::Flatten{}, layer::Dropout{}, layer::Linear{4}, layer::Tanh{},
                               layer::Dropout{}, layer::Linear{}})};
  config.layers[2].name = "hidden";
  EXPECT_THAT(names_of(layers_of(config, {}, 10)),
              ElementsAre("flatten", "dropout", "hidden", "tanh1", "dropout2", "fc1"));
}

TEST(Layers, WriteRepeatsOut) {
  const LayersConfig config{unnamed(
      {layer::Flatten{},
       layer::Repeat{
           .times = 2,
           .layers = unnamed(
               {layer::Linear{5}, layer::Repeat{.times = 2, .layers = unnamed({layer::Relu{}})}})},
       layer::Linear{}})};
  EXPECT_THAT(names_of(layers_of(config, {}, 10)),
              ElementsAre("flatten", "fc1", "relu1", "relu2", "fc2", "relu3", "relu4", "fc3"));
}

TEST(Layers, HaveTensorsNamedAndShapedAsInPyTorch) {
  const LayersConfig config{unnamed(
      {layer::Conv2d{.channels = 3, .kernel = 5, .stride = 2, .padding = 1, .bias = false},
       layer::BatchNorm2d{},
       layer::Residual{.layers = unnamed(
                           {layer::Conv2d{.channels = 4, .kernel = 3, .stride = 2, .padding = 1}}),
                       .shortcut = layer::Shortcut::projection},
       layer::GlobalAvgPool2d{}, layer::Linear{}})};
  const std::vector<PlacedLayer> layers = layers_of(config, {28, 20}, 7);
  EXPECT_THAT(
      parameters_of(layers),
      ElementsAre(TensorShape{"conv1.weight", {3, 1, 5, 5}}, TensorShape{"bn1.weight", {3}},
                  TensorShape{"bn1.bias", {3}}, TensorShape{"block1.conv1.weight", {4, 3, 3, 3}},
                  TensorShape{"block1.conv1.bias", {4}},
                  TensorShape{"block1.shortcut.weight", {4, 3, 1, 1}},
                  TensorShape{"fc1.weight", {7, 4}}, TensorShape{"fc1.bias", {7}}));
  EXPECT_THAT(buffers_of(layers), ElementsAre(TensorShape{"bn1.running_mean", {3}},
                                              TensorShape{"bn1.running_var", {3}}));
  EXPECT_THAT(layers[0].output, ElementsAre(3, 13, 9));
  EXPECT_THAT(layers[2].output, ElementsAre(4, 7, 5));
  EXPECT_EQ(shortcut_stride(layers[2]), 2);
}

TEST(Layers, RefuseWhatDoesNotFitNamingTheLayer) {
  const auto refusal = [](std::vector<layer::Kind> kinds, ImageShape image = {}) {
    return refusal_of(LayersConfig{unnamed(std::move(kinds))}, image);
  };
  EXPECT_THAT(refusal({layer::Linear{}}),
              HasSubstr("layer fc1: linear needs a vector, but its input is [1, 28, 28]; put a "
                        "flatten layer before it"));
  EXPECT_THAT(refusal({layer::Flatten{}, layer::Conv2d{}}),
              HasSubstr("layer conv1: conv2d needs a map [channels, rows, columns]; its input is "
                        "[784]"));
  EXPECT_THAT(refusal({layer::Conv2d{.channels = 2, .kernel = 5}}, {28, 4}),
              HasSubstr("layer conv1: a window of 5 × 5 is larger than its input [1, 28, 4]"));
  EXPECT_THAT(refusal({layer::MaxPool2d{.size = 3, .stride = 3, .padding = 2}}),
              HasSubstr("layer pool1: its padding, 2, is more than half of its size, 3"));
  EXPECT_THAT(refusal({layer::Flatten{}, layer::Linear{64}}),
              HasSubstr("layer fc1: the last layer gives [64], but there are 10 classes"));
  EXPECT_THAT(
      refusal({layer::Residual{.layers = unnamed({layer::Conv2d{.channels = 2}})}}),
      HasSubstr("layer block1: its input has the shape [1, 28, 28] and its output [2, 28, 28]; an "
                "identity shortcut needs equal shapes"));
  EXPECT_THAT(refusal({layer::Conv2d{.channels = 4},
                       layer::Residual{.layers = unnamed({layer::Conv2d{.channels = 2}}),
                                       .shortcut = layer::Shortcut::subsample}}),
              HasSubstr("layer block1"));
  for (const layer::Shortcut shortcut : {layer::Shortcut::identity, layer::Shortcut::projection}) {
    EXPECT_THAT(refusal({layer::Residual{.layers = unnamed({layer::Conv2d{.kernel = 3}}),
                                         .shortcut = shortcut}}),
                HasSubstr("no s gives that"));
  }
}

TEST(Layers, RefuseAShortcutOfVectorsWithARemedyThatHelps) {
  const auto refusal = [](std::int64_t units, layer::Shortcut shortcut) {
    return refusal_of(LayersConfig{
        unnamed({layer::Flatten{}, layer::Linear{64},
                 layer::Residual{.layers = unnamed({layer::Linear{units}}), .shortcut = shortcut},
                 layer::Linear{}})});
  };
  for (const layer::Shortcut shortcut :
       {layer::Shortcut::identity, layer::Shortcut::subsample, layer::Shortcut::projection}) {
    EXPECT_THAT(refusal(32, shortcut),
                AllOf(HasSubstr("layer block1: its input has the shape [64] and its output [32]"),
                      HasSubstr("; give its last linear layer 64 units")));
    EXPECT_THAT(refusal_of(LayersConfig{unnamed(
                    {layer::Residual{.layers = unnamed({layer::Flatten{}}), .shortcut = shortcut},
                     layer::Linear{}})}),
                HasSubstr("; leave the layer that makes a vector of the map out of the block"));
  }
  EXPECT_THAT(refusal(64, layer::Shortcut::projection), HasSubstr("; use \"identity\""));
}

TEST(Layers, RefuseTwoOfOneName) {
  LayersConfig config{unnamed({layer::Flatten{}, layer::Linear{4}, layer::Linear{}})};
  config.layers[1].name = "fc1";
  EXPECT_THAT(refusal_of(config), HasSubstr("layer fc1: duplicate layer name"));
  EXPECT_THAT(refusal_of(LayersConfig{
                  unnamed({layer::Repeat{.times = 2, .layers = {{"again", layer::Relu{}}}}})}),
              HasSubstr("layer again: duplicate layer name"));
}

TEST(Layers, RefuseTheReservedNameOfAProjection) {
  const LayersConfig config{{{"shortcut", layer::Flatten{}}, {{}, layer::Linear{}}}};
  EXPECT_EQ(refusal_of(config),
            "layer shortcut: this name is reserved for the projection of a residual block");
}

TEST(Layers, OfAnotherNumberThanTheClassesSayHowToEnd) {
  const auto remedy = [](std::vector<layer::Kind> kinds) -> std::string {
    try {
      layers_of(LayersConfig{unnamed(std::move(kinds))}, {}, 10);
    } catch (const Error& error) {
      return error.remedy();
    }
    return "was accepted";
  };
  EXPECT_EQ(remedy({layer::Flatten{}, layer::Linear{7}}), R"(give it "units": "classes")");
  EXPECT_EQ(remedy({layer::Flatten{}}),
            R"(end the list with {"type": "linear", "units": "classes"})");
  EXPECT_EQ(remedy({layer::Conv2d{.channels = 2}}),
            R"(end the list with {"type": "flatten"} and {"type": "linear", "units": "classes"})");
}

TEST(Layers, RefuseMoreValuesThanCanBeCounted) {
  std::vector<layer::Kind> kinds;
  for (int i = 0; i < 999; ++i) {
    kinds.emplace_back(layer::Conv2d{.channels = 4096, .kernel = 1, .padding = 1024});
  }
  kinds.emplace_back(layer::Flatten{});
  EXPECT_NO_THROW(refusal_of(LayersConfig{unnamed(kinds)}));
  kinds.emplace_back(layer::Linear{65'536});
  const LayersConfig config{unnamed(std::move(kinds))};
  EXPECT_NE(refusal_of(config), "");
}

TEST(Layers, OfACnnNeedImagesThatItsPoolingsLeaveSomethingOf) {
  EXPECT_NO_THROW(layers_of(CnnConfig{}, {4, 4}, 10));
  EXPECT_THAT(refusal_of(CnnConfig{}, {3, 28}), HasSubstr("3 × 28"));
}

TEST(KindsOf, ArePutInTheOrderOfComputing) {
  const layer::Residual block{.layers = {{{}, layer::Relu{}}}};
  const auto kinds = kinds_of(layers_of(
      LayersConfig{.layers = {{{}, block}, {{}, layer::Flatten{}}, {{}, layer::Linear{}}}}, {}, 3));
  std::vector<std::string_view> names;
  for (const layer::Kind& kind : kinds) names.push_back(torch_name(kind));
  EXPECT_THAT(names, ElementsAre("ReLU", "Residual", "Flatten", "Linear"));
}

}  // namespace
}  // namespace mnist_bench
