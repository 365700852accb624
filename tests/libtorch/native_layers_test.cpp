// The native engine's network of any layers against LibTorch's, in float64: gradients, losses,
// predictions and batch norm's statistics.

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>

#include "base/random.h"
#include "kernels/targets.h"
#include "libtorch/native_twins.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

using Layers = std::vector<Layer>;

Layer of(layer::Kind kind) { return {{}, std::move(kind)}; }
Layer conv(std::int64_t channels, std::int64_t kernel, std::int64_t padding = 0,
           std::int64_t stride = 1, bool bias = true) {
  return of(layer::Conv2d{
      .channels = channels, .kernel = kernel, .stride = stride, .padding = padding, .bias = bias});
}
Layer max_pool(std::int64_t size, std::int64_t stride, std::int64_t padding = 0) {
  return of(layer::MaxPool2d{.size = size, .stride = stride, .padding = padding});
}
Layer average_pool(std::int64_t size, std::int64_t stride, std::int64_t padding = 0) {
  return of(layer::AvgPool2d{.size = size, .stride = stride, .padding = padding});
}
Layer residual(Layers layers, layer::Shortcut shortcut = layer::Shortcut::identity) {
  return of(layer::Residual{.layers = std::move(layers), .shortcut = shortcut});
}
Layer linear(std::optional<std::int64_t> units = std::nullopt) { return of(layer::Linear{units}); }
const Layer kFlatten = of(layer::Flatten{});
const Layer kRelu = of(layer::Relu{});
const Layer kTanh = of(layer::Tanh{});
const Layer kNorm = of(layer::BatchNorm2d{});
const Layer kMean = of(layer::GlobalAvgPool2d{});

/// Every kind of layer, each in places where its input and its output differ.
const std::vector<Layers> kLists = {
    // LeNet-5, as in configs/models, and as it was in 1998.
    {conv(6, 5, 2), kRelu, max_pool(2, 2), conv(16, 5), kRelu, max_pool(2, 2), kFlatten,
     linear(120), kRelu, linear(84), kRelu, linear()},
    {conv(6, 5, 2), kTanh, average_pool(2, 2), conv(16, 5), kTanh, average_pool(2, 2), kFlatten,
     linear(84), kTanh, linear()},
    // Pools that overlap, reach outside and leave a rest; strides; one convolution; none.
    {conv(20, 3, 1, 2), kRelu, max_pool(3, 2, 1), conv(33, 4, 2, 3, false), average_pool(3, 1, 1),
     kFlatten, linear()},
    {conv(3, 5), kRelu, max_pool(3, 3), kFlatten, linear()},
    {max_pool(3, 2, 1), average_pool(2, 3), kFlatten, kRelu, linear(20), kTanh, linear(), kRelu},
    // A mean of each channel as the last layer, which has ten.
    {conv(16, 3, 1), kRelu, conv(10, 1), kMean},
    // Batch norm, first of all, behind convolutions, and before a pool.
    {kNorm, conv(8, 3, 1, 1, false), kNorm, kRelu, max_pool(2, 2), kNorm, kFlatten, linear()},
    // Residual blocks with each shortcut, of one channel and of more, one in another.
    {residual({conv(1, 3, 1), kRelu}), conv(8, 3, 1, 1, false), kNorm, kRelu,
     residual({kRelu, conv(8, 3, 1, 1, false), kNorm, residual({conv(8, 1), kTanh})}),
     residual({conv(12, 3, 1, 2, false), kNorm}, layer::Shortcut::subsample), kRelu,
     residual({conv(18, 3, 1, 2), kRelu, conv(18, 3, 1)}, layer::Shortcut::projection), kMean,
     linear()},
};

struct Network {
  Network(const Layers& list, ImageShape image, std::int64_t classes)
      : layers(layers_of(require_network(LayersConfig{list}, ""), image, classes)),
        libtorch(make_network(layers)) {
    initialize(libtorch, /*seed=*/1);
    const torch::NoGradGuard no_gradients;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(2U);
    for (torch::Tensor& parameter : libtorch->parameters()) {
      if (parameter.dim() == 1) {
        parameter += torch::randn(parameter.sizes(), generator, torch::kFloat32) * 0.05;
      }
    }
  }
  [[nodiscard]] std::unique_ptr<native::Network> native(Normalization normalization,
                                                        std::int64_t threads) const {
    auto twin =
        native::make_network(layers, normalization_constants(normalization, kTraining), threads);
    twin->parameters().import_values(export_parameters(libtorch));
    return twin;
  }
  std::vector<PlacedLayer> layers;
  torch::nn::Sequential libtorch;
};

/// What the native engine's dropout of node `index` multiplies an activation [N, …] by. Where its
/// channels are padded, so are the numbers that it draws.
torch::Tensor factors_of(const PlacedLayer& layer, std::uint64_t index, const torch::Tensor& x) {
  if (const auto* dropout = std::get_if<layer::Dropout2d>(&layer.kind)) {
    return dropout_factors({.probability = dropout->p,
                            .seed = derive_seed(kDropoutSeed, "dropout2d of a layer", index),
                            .step = kStep},
                           x.size(0), x.size(1))
        .unsqueeze(2)
        .unsqueeze(3);
  }
  const kernels::Dropout drop{.probability = std::get<layer::Dropout>(layer.kind).p,
                              .seed = derive_seed(kDropoutSeed, "dropout of a layer", index),
                              .step = kStep};
  if (x.dim() == 2) return dropout_factors(drop, x.size(0), x.size(1));
  const auto stride = static_cast<std::int64_t>(
      kernels::round_up(static_cast<std::size_t>(x.size(1)), kernels::kLine));
  return dropout_factors(drop, x.size(0), x.size(2) * x.size(3) * stride)
      .reshape({x.size(0), x.size(2), x.size(3), stride})
      .narrow(3, 0, x.size(1))
      .permute({0, 3, 1, 2});
}

torch::Tensor forward_with_dropout(Network& network, torch::Tensor x) {
  std::uint64_t index = 0;
  for (auto& module : *network.libtorch) {
    const PlacedLayer& layer = network.layers[index];
    const bool drops = std::holds_alternative<layer::Dropout>(layer.kind) ||
                       std::holds_alternative<layer::Dropout2d>(layer.kind);
    x = drops ? x * factors_of(layer, index, x) : module.forward<torch::Tensor>(x);
    ++index;
  }
  return x;
}

/// Within 1e-4 of the tensor's norm, or next to 0. Batch norm of two images amplifies rounding, and
/// a bias before it has gradients that are 0 but for rounding.
void expect_close(const NamedTensor& ours, const std::string& name, const torch::Tensor& theirs) {
  EXPECT_EQ(ours.name, name);
  const torch::Tensor values =
      torch::tensor(ours.values, torch::kFloat32).to(torch::kFloat64).reshape(theirs.sizes());
  EXPECT_LE((values - theirs).norm().item<double>(), 1e-4 * theirs.norm().item<double>() + 1e-6)
      << name;
}

void expect_same_step(const ImageSet& set, std::int64_t classes, const Layers& list,
                      const std::vector<std::int64_t>& batch, std::int64_t threads = 2) {
  Network network(list, {.rows = set.rows, .columns = set.columns}, classes);
  const auto twin = network.native(Normalization::standardize, threads);
  const native::Images images(set);
  twin->prepare(images, static_cast<std::int64_t>(batch.size()));
  const native::BatchStatistics statistics =
      twin->step(images, batch,
                 {.update = kernels::adam_step(1e-3, 0.0, 0.999, 1e-8, 0.0, 1),
                  .dropout_seed = kDropoutSeed,
                  .step = kStep});

  network.libtorch->to(torch::kFloat64);
  const ImageTensors tensors =
      to_tensors(select(set, batch), Normalization::standardize, torch::kCPU, kTraining);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(
      forward_with_dropout(network, tensors.images.to(torch::kFloat64)), tensors.labels);
  loss.backward();

  EXPECT_NEAR(statistics.loss_sum / static_cast<double>(batch.size()), loss.item<double>(),
              1e-5 * loss.item<double>());
  const std::vector<NamedTensor> gradients =
      twin->parameters()
          .export_state(0, 1, optimizer_tensors(AdamConfig{}))
          .optimizer.at("exp_avg");
  const auto parameters = network.libtorch->named_parameters();
  ASSERT_EQ(gradients.size(), parameters.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    expect_close(gradients[i], parameters[i].key(), parameters[i].value().grad());
  }
  const std::vector<NamedTensor> ours = twin->buffers().export_values();
  std::vector<NamedTensor> theirs = export_buffers(network.libtorch);
  // In float64, the counts of batches look like statistics.
  std::erase_if(theirs, [](const NamedTensor& buffer) { return buffer.shape.empty(); });
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    expect_close(ours[i], theirs[i].name, torch::tensor(theirs[i].values, torch::kFloat64));
  }
}

TEST(NativeLayers, HaveLibTorchsGradients) {
  for (const Layers& list : kLists) {
    SCOPED_TRACE(testing::Message() << "list " << &list - kLists.data());
    for (const std::int64_t size : {2, 30}) {
      expect_same_step(mnist().train, 10, list, batch_of(size, 60'000));
    }
    expect_same_step(noise(40, {28, 32}, 10), 10, list, batch_of(23, 40), /*threads=*/3);
  }
}

TEST(NativeLayers, HaveLibTorchsGradientsWithEverySimdTarget) {
  kernels::on_every_target([] {
    for (const Layers& list : kLists) {
      SCOPED_TRACE(testing::Message() << "list " << &list - kLists.data());
      expect_same_step(mnist().train, 10, list, batch_of(9, 60'000));
    }
  });
}

TEST(NativeLayers, HaveLibTorchsGradientsForOtherNumbersOfClasses) {
  const Layers list = {conv(7, 3), kTanh, average_pool(2, 2), kFlatten, linear(19), linear()};
  expect_same_step(noise(50, {7, 9}, 2), 2, list, batch_of(50, 50));
  expect_same_step(noise(50, {7, 9}, 40), 40, list, batch_of(50, 50));
}

TEST(NativeLayers, DropUnitsAndChannelsAsTheirDropoutSays) {
  const Layer dropout = of(layer::Dropout{0.3});
  const Layer dropout2d = of(layer::Dropout2d{0.4});
  for (const Layers& list : std::vector<Layers>{
           {conv(5, 3), kTanh, dropout, conv(20, 3), dropout2d, max_pool(2, 2), kFlatten, dropout,
            linear(30), dropout, kTanh, dropout, linear()},
           {conv(20, 5), dropout2d, kRelu, dropout, kMean, dropout, linear(12), kTanh, linear()}}) {
    expect_same_step(mnist().train, 10, list, batch_of(30, 60'000));
  }
}

TEST(NativeLayers, GiveLibTorchsPredictions) {
  const ImageSet set = select(mnist().test, batch_of(300, 10'000));
  const native::Images images(set);
  for (const Layers& list : kLists) {
    SCOPED_TRACE(testing::Message() << "list " << &list - kLists.data());
    Network network(list, {}, 10);
    // Running statistics of their own, as training leaves them.
    network.libtorch->forward(
        to_tensors(set, Normalization::standardize, torch::kCPU, kTraining).images);
    const auto twin = network.native(Normalization::standardize, /*threads=*/2);
    twin->buffers().import_values(export_buffers(network.libtorch));
    const torch::NoGradGuard no_gradients;
    network.libtorch->eval();
    const torch::Tensor logits = network.libtorch->forward(
        to_tensors(set, Normalization::standardize, torch::kCPU, kTraining).images);
    const torch::Tensor ours =
        torch::tensor(twin->logits(images, 0, set.size()), torch::kFloat32).reshape_as(logits);
    EXPECT_LE((ours - logits).abs().max().item<double>(),
              1e-5 * std::max(1.0, logits.abs().max().item<double>()));
  }
}

}  // namespace
}  // namespace mnist_bench
