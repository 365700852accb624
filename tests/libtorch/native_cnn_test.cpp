// The native engine's CNN against LibTorch's: gradients, losses, predictions.

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "kernels/activation.h"
#include "kernels/targets.h"
#include "libtorch/inference.h"
#include "libtorch/native_twins.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

/// Both engines' network of the same parameters, biases included.
struct Twins {
  Twins(const CnnConfig& model, Normalization normalization, ImageShape shape, std::int64_t classes)
      : libtorch(make_network(model, shape, classes)) {
    ExperimentConfig config;
    config.model = model;
    config.data.normalization = normalization;
    initialize(libtorch, /*seed=*/1);
    const torch::NoGradGuard no_gradients;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(2U);
    for (torch::Tensor& parameter : libtorch->parameters()) {
      if (parameter.dim() == 1) parameter.normal_(0, 0.05, generator);
    }
    native = native::make_network(config, shape, classes, /*threads=*/2, kTraining);
    native->parameters().import_values(export_parameters(libtorch));
  }
  torch::nn::Sequential libtorch;
  std::unique_ptr<native::Network> native;
};

/// LibTorch's forward pass with the native engine's dropout in the slot of its own.
torch::Tensor forward_with_dropout(torch::nn::Sequential& network, const CnnConfig& model,
                                   torch::Tensor x) {
  const auto names = network->named_children();
  std::size_t index = 0;
  for (auto& layer : *network) {
    const std::string& name = names[index++].key();
    if (name == "dropout") {
      x = x * dropout_factors({.probability = model.dropout, .seed = kDropoutSeed, .step = kStep},
                              x.size(0), x.size(1));
    } else if (name == "dropout2d") {
      const torch::Tensor factors = dropout_factors({.probability = model.dropout2d,
                                                     .seed = derive_seed(kDropoutSeed, "dropout2d"),
                                                     .step = kStep},
                                                    x.size(0), x.size(1));
      x = x * factors.unsqueeze(2).unsqueeze(3);
    } else {
      x = layer.forward<torch::Tensor>(x);
    }
  }
  return x;
}

/// Gradients of the whole network against LibTorch's in float64, dropout masks shared. The native
/// ones are the first moments after a step with β₁ = 0.
void expect_same_gradients(const ImageSet& set, std::int64_t classes, const CnnConfig& model,
                           Normalization normalization, const std::vector<std::int64_t>& batch) {
  const ImageShape shape{.rows = set.rows, .columns = set.columns};
  Twins reference(model, normalization, shape, classes);
  reference.libtorch->to(torch::kFloat64);
  const ImageTensors tensors =
      to_tensors(select(set, batch), normalization, torch::kCPU, kTraining);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(
      forward_with_dropout(reference.libtorch, model, tensors.images.to(torch::kFloat64)),
      tensors.labels);
  loss.backward();
  const auto parameters = reference.libtorch->named_parameters();

  kernels::on_every_target([&] {
    const Twins twins(model, normalization, shape, classes);
    const native::Images images(set);
    twins.native->prepare(images, static_cast<std::int64_t>(batch.size()));
    const native::BatchStatistics statistics =
        twins.native->step(images, batch,
                           {.update = kernels::adam_step(1e-3, 0.0, 0.999, 1e-8, 0.0, 1),
                            .dropout_seed = kDropoutSeed,
                            .step = kStep});
    EXPECT_NEAR(statistics.loss_sum / static_cast<double>(batch.size()), loss.item<double>(),
                1e-5 * loss.item<double>());
    const std::vector<NamedTensor> gradients =
        twins.native->parameters()
            .export_state(0, 1, optimizer_tensors(AdamConfig{}))
            .optimizer.at("exp_avg");
    ASSERT_EQ(gradients.size(), parameters.size());
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_EQ(gradients[i].name, parameters[i].key());
      EXPECT_LE(relative_error(gradients[i], parameters[i].value().grad()), 1e-5)
          << gradients[i].name;
    }
  });
}

TEST(NativeCnnGradients, AreLibTorchsOnRealBatches) {
  expect_same_gradients(mnist().train, 10, CnnConfig{}, Normalization::standardize,
                        batch_of(64, 60'000));
  expect_same_gradients(mnist().train, 10, CnnConfig{.dropout2d = 0, .dropout = 0},
                        Normalization::unit, batch_of(32, 60'000));
  for (const Normalization normalization : {Normalization::dataset, Normalization::none}) {
    expect_same_gradients(mnist().train, 10, CnnConfig{}, normalization, batch_of(32, 60'000));
  }
}

TEST(NativeCnnGradients, AreLibTorchsForAnySizesOfTheNetwork) {
  const auto expect = [](std::int64_t conv1, std::int64_t conv2, std::int64_t hidden,
                         std::int64_t batch) {
    expect_same_gradients(mnist().train, 10,
                          CnnConfig{.conv1_channels = conv1,
                                    .conv2_channels = conv2,
                                    .hidden = hidden,
                                    .dropout2d = 0.4,
                                    .dropout = 0.1},
                          Normalization::standardize, batch_of(batch, 60'000));
  };
  expect(1, 1, 1, 5);
  expect(5, 21, 33, 17);
  expect(48, 20, 300, 1);
}

TEST(NativeCnnGradients, AreLibTorchsForOtherImagesAndNumbersOfClasses) {
  const CnnConfig model{.conv1_channels = 6, .conv2_channels = 10, .hidden = 12};
  expect_same_gradients(noise(20, {4, 4}, 2), 2, model, Normalization::unit, batch_of(20, 20));
  expect_same_gradients(noise(70, {36, 24}, 64), 64, model, Normalization::standardize,
                        batch_of(64, 70));
}

/// Noise in a window of 4 × 4 pixels, elsewhere in each image and partly outside of it, on
/// background; every fifth image is full.
ImageSet patches(std::int64_t count, ImageShape shape, std::int64_t classes) {
  ImageSet set = noise(count, shape, classes);
  const std::int64_t pixels = shape.rows * shape.columns;
  for (std::int64_t p = 0; p < count * pixels; ++p) {
    const std::int64_t image = p / pixels;
    const std::int64_t row = p % pixels / shape.columns - 5 * image % shape.rows;
    const std::int64_t column = p % shape.columns - 3 * image % shape.columns;
    const bool inside = row >= 0 && row < 4 && column >= 0 && column < 4;
    if (!inside && image % 5 != 0) set.pixels[static_cast<std::size_t>(p)] = 0;
  }
  return set;
}

TEST(NativeCnnGradients, AreLibTorchsForImagesOfAnySize) {
  const std::vector<ImageShape> shapes = {{4, 4},   {5, 5},   {6, 6},   {7, 7},  {14, 14}, {15, 15},
                                          {28, 28}, {30, 30}, {15, 21}, {5, 30}, {29, 6},  {4, 27}};
  for (const ImageShape& shape : shapes) {
    SCOPED_TRACE(testing::Message() << shape.rows << " × " << shape.columns);
    const ImageSet set = patches(64, shape, 7);
    for (const double p : {0.0, 0.3}) {
      const CnnConfig model{
          .conv1_channels = 6, .conv2_channels = 20, .hidden = 12, .dropout2d = p, .dropout = p};
      for (const std::int64_t batch : {1, 64}) {
        expect_same_gradients(set, 7, model, Normalization::standardize, batch_of(batch, 64));
      }
    }
  }
}

TEST(NativeCnn, GivesLibTorchsPredictions) {
  std::vector<std::int64_t> indices(2000);
  std::iota(indices.begin(), indices.end(), 0);
  const ImageSet set = select(mnist().test, indices);
  for (const auto& [normalization, name] : kNormalizations) {
    SCOPED_TRACE(name);
    Twins twins(CnnConfig{}, normalization, {}, 10);
    const native::Images images(set);
    const ImageTensors tensors = to_tensors(set, normalization, torch::kCPU, kTraining);
    const Predictions theirs = predict(twins.libtorch, tensors);
    const Predictions ours = native::predict(*twins.native, images);
    EXPECT_EQ(ours.classes, theirs.classes);
    EXPECT_NEAR(ours.loss, theirs.loss, 1e-6 * theirs.loss);

    const torch::NoGradGuard no_gradients;
    twins.libtorch->eval();
    const torch::Tensor logits = twins.libtorch->forward(tensors.images);
    const torch::Tensor difference =
        torch::tensor(twins.native->logits(images, 0, set.size()), torch::kFloat32)
            .reshape({set.size(), 10}) -
        logits;
    // Raw bytes make logits of hundreds.
    const double largest = logits.abs().max().item<double>();
    EXPECT_LT(difference.abs().max().item<double>(), 1e-4 * std::max(largest / 20, 1.0));
  }
}

}  // namespace
}  // namespace mnist_bench
