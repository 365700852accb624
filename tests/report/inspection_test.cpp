#include "report/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "report/format/figure_style.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<Prediction> kPredictions = {
    {.index = 5, .truth = 1, .predicted = 1, .probability = 0.99F},
    {.index = 7, .truth = 2, .predicted = 3, .probability = 0.6F},
    {.index = 2, .truth = 4, .predicted = 9, .probability = 0.8F}};

TEST(ChooseImage, TakesTheMostConfidentMistakeUnlessOneIsWanted) {
  EXPECT_EQ(choose_image({}, kPredictions, 10).index, 2);
  EXPECT_EQ(choose_image(9, kPredictions, 10).index, 9);
  EXPECT_EQ(choose_image({}, {kPredictions.front()}, 10).index, 5);
  for (const std::int64_t outside : {-1, 10}) {
    try {
      choose_image(outside, kPredictions, 10);
      ADD_FAILURE() << outside;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr("0 … 9"));
    }
  }
}

/// A tensor of zeros for each parameter.
std::vector<NamedTensor> zeros_of(const std::vector<PlacedLayer>& layers) {
  std::vector<NamedTensor> tensors;
  for (const TensorShape& shape : parameters_of(layers)) {
    tensors.push_back({.name = shape.name,
                       .shape = shape.shape,
                       .values = std::vector<float>(static_cast<std::size_t>(size_of(shape)))});
  }
  return tensors;
}

std::vector<std::int64_t> first_pictures(std::vector<Layer> list, const std::string& layer) {
  const auto layers = layers_of(LayersConfig{.layers = std::move(list)}, {8, 6}, 3);
  const std::optional<FirstWeights> weights = first_weights(layers, zeros_of(layers));
  EXPECT_TRUE(weights.has_value());
  if (!weights) return {};
  EXPECT_EQ(weights->layer, layer);
  return weights->pictures.shape;
}

TEST(FirstWeights, ArePicturesOfWhatTheFirstLayerWithAnySees) {
  const Layer flatten{{}, layer::Flatten{}};
  const Layer linear{{}, layer::Linear{}};
  const Layer conv{{}, layer::Conv2d{.channels = 2, .kernel = 3}};
  EXPECT_THAT(first_pictures({flatten, linear}, "fc1"), ElementsAre(3, 8, 6));
  EXPECT_THAT(first_pictures({{{}, layer::MaxPool2d{}}, flatten, linear}, "fc1"),
              ElementsAre(3, 4, 3));
  EXPECT_THAT(first_pictures({conv, flatten, linear}, "conv1"), ElementsAre(2, 3, 3));
  const layer::Residual block{.layers = {{{}, layer::Conv2d{.channels = 1, .kernel = 1}}}};
  EXPECT_THAT(
      first_pictures({{{}, layer::BatchNorm2d{}}, {{}, block}, flatten, linear}, "block1.conv1"),
      ElementsAre(1, 1, 1));
}

TEST(HeatColor, IsWhiteInTheMiddleAndDivergesToBlueAndRed) {
  EXPECT_THAT(heat_color(0), ElementsAre(247, 247, 247));
  EXPECT_EQ(heat_color(-2), heat_color(-1));
  EXPECT_GT(heat_color(-1)[2], heat_color(-1)[0]);
  EXPECT_GT(heat_color(1)[0], heat_color(1)[2]);
}

}  // namespace
}  // namespace mnist_bench
