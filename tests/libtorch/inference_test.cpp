#include "libtorch/inference.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>

#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

/// `count` images of 28 × 28 with pixels and labels that follow a fixed rule.
ImageSet some_images(std::int64_t count) {
  ImageSet set{.rows = 28, .columns = 28, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::int64_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 10));
    for (std::int64_t p = 0; p < 28 * 28; ++p) {
      set.pixels.push_back(static_cast<std::uint8_t>((i * 31 + p * (i % 7 + 1)) % 256));
    }
  }
  return set;
}

TEST(ToTensors, StandardizesWithThePapersConstants) {
  const ImageTensors tensors = to_tensors(some_images(3), Normalization::standardize, torch::kCPU);
  EXPECT_EQ(tensors.images.sizes(), (std::vector<std::int64_t>{3, 1, 28, 28}));
  EXPECT_NEAR(tensors.images[0][0][0][0].item<double>(), (0.0 - 0.1307) / 0.3081, 1e-7);
  EXPECT_NEAR(tensors.images[0][0][9][3].item<double>(), (255.0 / 255 - 0.1307) / 0.3081, 1e-6);
}

TEST(ToTensors, ScalesToTheUnitIntervalWhenAskedTo) {
  const ImageTensors tensors = to_tensors(some_images(1), Normalization::unit, torch::kCPU);
  EXPECT_EQ(tensors.images.min().item<double>(), 0.0);
  EXPECT_EQ(tensors.images.max().item<double>(), 1.0);
}

TEST(ToTensors, TakesTheTrainingImagesMeanAndDeviationOrTheBytesThemselves) {
  const PixelStatistics training{.mean = 0.25, .sd = 0.5};
  const auto tensors = [&](Normalization normalization) {
    return to_tensors(some_images(1), normalization, torch::kCPU, training);
  };
  EXPECT_EQ(tensors(Normalization::dataset).images.min().item<double>(), (0.0 - 0.25) / 0.5);
  EXPECT_EQ(tensors(Normalization::dataset).images.max().item<double>(), (1.0 - 0.25) / 0.5);
  EXPECT_EQ(tensors(Normalization::none).images.min().item<double>(), 0.0);
  EXPECT_EQ(tensors(Normalization::none).images.max().item<double>(), 255.0);
}

/// 250 images: two whole batches of the evaluation and a partial one.
TEST(Predict, GivesTheSameAsOneForwardPassOverAllImages) {
  for (const ModelConfig& model : {ModelConfig(MlpConfig{}), ModelConfig(CnnConfig{})}) {
    auto network = make_network(model, {}, 10);
    initialize(network, 5);
    const ImageTensors set = to_tensors(some_images(250), Normalization::standardize, torch::kCPU);
    const Predictions predictions = predict(network, set);

    const torch::NoGradGuard no_gradients;
    network->eval();
    const torch::Tensor logits = network->forward(set.images);
    const torch::Tensor probabilities = logits.softmax(1);
    ASSERT_EQ(predictions.classes.size(), 250U);
    for (std::int64_t i = 0; i < 250; ++i) {
      const auto at = static_cast<std::size_t>(i);
      EXPECT_EQ(predictions.classes[at], logits[i].argmax().item<std::int64_t>());
      EXPECT_NEAR(predictions.probabilities[at], probabilities[i].max().item<float>(), 1e-5);
    }
    EXPECT_NEAR(predictions.loss,
                torch::nn::functional::cross_entropy(logits, set.labels).item<double>(), 1e-5);
  }
}

TEST(Predict, DropsNothing) {
  auto network = make_network(MlpConfig{.hidden = {32}, .dropout = 0.9}, {}, 10);
  initialize(network, 5);
  const ImageTensors set = to_tensors(some_images(50), Normalization::unit, torch::kCPU);
  network->train();
  EXPECT_EQ(predict(network, set).loss, predict(network, set).loss);
}

TEST(Probabilities, AreThoseOfPredictForAllImagesAtATime) {
  for (const ModelConfig& model : {ModelConfig(MlpConfig{}), ModelConfig(CnnConfig{})}) {
    auto network = make_network(model, {}, 10);
    initialize(network, 5);
    const ImageTensors set = to_tensors(some_images(150), Normalization::standardize, torch::kCPU);
    network->train();
    const std::vector<float> found = probabilities(network, set.images);
    const std::vector<float> wanted = predict(network, set).class_probabilities;
    ASSERT_EQ(found.size(), 1'500U);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted.at(i), 1e-5);
  }
}

TEST(Activations, AreTheOutputsOfTheLayersOneByOne) {
  auto network = make_network(CnnConfig{.conv1_channels = 3, .conv2_channels = 4}, {}, 10);
  initialize(network, 5);
  const torch::Tensor image = to_tensors(some_images(1), Normalization::unit, torch::kCPU).images;
  const std::vector<NamedTensor> outputs = activations(network, image);

  const torch::NoGradGuard no_gradients;
  torch::Tensor x = image;
  std::size_t i = 0;
  for (auto& module : *network) {
    x = module.forward<torch::Tensor>(x).clone();  // the next layer may overwrite it
    ASSERT_LT(i, outputs.size());
    EXPECT_EQ(outputs[i], export_tensor(network->named_children()[i].key(), x[0]));
    ++i;
  }
  EXPECT_EQ(outputs.size(), i);
  EXPECT_EQ(outputs.front().shape, (std::vector<std::int64_t>{3, 28, 28}));
  EXPECT_LT(*std::min_element(outputs.front().values.begin(), outputs.front().values.end()), 0.0F);
}

TEST(Activations, IncludeTheLayersOfResidualBlocksBeforeTheBlock) {
  const layer::Residual block{
      .layers = {{{}, layer::Conv2d{.channels = 1, .kernel = 1}}, {{}, layer::Relu{}}}};
  const LayersConfig model{.layers = {{{}, block}, {{}, layer::Flatten{}}, {{}, layer::Linear{}}}};
  auto network = make_network(model, {}, 10);
  const torch::Tensor image = to_tensors(some_images(1), Normalization::unit, torch::kCPU).images;
  const std::vector<NamedTensor> outputs = activations(network, image);
  std::vector<std::string> names;
  for (const NamedTensor& output : outputs) names.push_back(output.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"block1.conv1", "block1.relu1", "block1", "flatten", "fc1"}));
  const auto* pixels = image.const_data_ptr<float>();
  for (std::size_t p = 0; p < outputs[0].values.size(); ++p) {
    EXPECT_EQ(outputs[1].values[p], std::max(outputs[0].values[p], 0.0F));
    EXPECT_EQ(outputs[2].values[p], outputs[1].values[p] + pixels[p]);
  }
}

}  // namespace
}  // namespace mnist_bench
