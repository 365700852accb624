#include "libtorch/layer_modules.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/conv.h>
#include <torch/nn/functional/loss.h>

#include "config/read.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

LayersConfig unnamed(std::vector<layer::Kind> kinds) {
  LayersConfig config;
  for (layer::Kind& kind : kinds) config.layers.push_back({{}, std::move(kind)});
  return config;
}

torch::Tensor random_input(std::vector<std::int64_t> shape) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(11U);
  return torch::randn(shape, generator, torch::kFloat32);
}

std::vector<std::int64_t> shape_of(const std::vector<NamedTensor>& tensors, std::size_t i) {
  return tensors.at(i).shape;
}

/// The description and the module that is built from it say the same.
void expect_as_described(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  const std::vector<PlacedLayer> layers =
      layers_of(require_network(model, "it has no layers"), image, classes);
  auto network = make_network(layers);
  network->eval();
  const torch::NoGradGuard no_gradients;
  torch::Tensor x = random_input({3, 1, image.rows, image.columns});
  std::size_t i = 0;
  for (auto& module : *network) {
    x = module.forward<torch::Tensor>(x);
    std::vector<std::int64_t> output = layers[i].output;
    output.insert(output.begin(), 3);
    EXPECT_EQ(x.sizes().vec(), output) << layers[i].name;
    EXPECT_EQ(network->named_children()[i].key(), layers[i].name);
    ++i;
  }
  const auto expect_tensors = [](const std::vector<NamedTensor>& found,
                                 const std::vector<TensorShape>& wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t t = 0; t < found.size(); ++t) {
      EXPECT_EQ(found[t].name, wanted[t].name);
      EXPECT_EQ(shape_of(found, t), wanted[t].shape) << found[t].name;
    }
  };
  expect_tensors(export_parameters(network), parameters_of(layers));
  expect_tensors(export_buffers(network), buffers_of(layers));
}

TEST(LayerModules, AreAsTheyAreDescribed) {
  expect_as_described(MlpConfig{}, {}, 10);
  expect_as_described(MlpConfig{.hidden = {5}, .dropout = 0}, {6, 7}, 3);
  expect_as_described(CnnConfig{}, {}, 10);
  expect_as_described(CnnConfig{.conv1_channels = 2, .conv2_channels = 3, .hidden = 4}, {9, 13},
                      62);
  for (const char* name : {"logistic", "lenet5", "alexnet", "resnet8", "resnet20"}) {
    const std::string file = std::string(MNIST_BENCH_SOURCE "/configs/models/") + name + ".json";
    expect_as_described(read_experiment(file).model, {}, 10);
  }
}

TEST(LayerModules, OfOddSizesAreAsTheyAreDescribed) {
  expect_as_described(
      unnamed({layer::Conv2d{.channels = 3, .kernel = 4, .stride = 3, .padding = 2, .bias = false},
               layer::Tanh{}, layer::AvgPool2d{.size = 3, .stride = 2, .padding = 1},
               layer::Dropout2d{}, layer::MaxPool2d{.size = 2, .stride = 1, .padding = 1},
               layer::BatchNorm2d{},
               layer::Residual{
                   .layers = unnamed({layer::Relu{},
                                      layer::Conv2d{
                                          .channels = 5, .kernel = 3, .stride = 2, .padding = 1}})
                                 .layers,
                   .shortcut = layer::Shortcut::projection},
               layer::Repeat{.times = 2, .layers = unnamed({layer::Relu{}}).layers},
               layer::GlobalAvgPool2d{}, layer::Linear{7}, layer::Dropout{}, layer::Linear{}}),
      {23, 31}, 4);
}

/// A block of one 3 × 3 convolution of 2 → 3 channels and stride 2 whose shortcut is `shortcut`,
/// with the network before and after left out.
void expect_block(
    layer::Shortcut shortcut,
    const std::function<torch::Tensor(const torch::Tensor&, torch::nn::Module&)>& by_hand) {
  const LayersConfig config = unnamed(
      {layer::Conv2d{.channels = 2, .kernel = 1},
       layer::Residual{
           .layers = unnamed({layer::Conv2d{.channels = 3, .kernel = 3, .stride = 2, .padding = 1}})
                         .layers,
           .shortcut = shortcut},
       layer::GlobalAvgPool2d{}, layer::Linear{}});
  auto network = make_network(config, {.rows = 7, .columns = 10}, 4);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor x = random_input({5, 2, 7, 10});
  const auto parameters = network->named_parameters();
  const torch::Tensor convolved =
      torch::nn::functional::conv2d(x, parameters["block1.conv1.weight"],
                                    torch::nn::functional::Conv2dFuncOptions()
                                        .bias(parameters["block1.conv1.bias"])
                                        .stride(2)
                                        .padding(1));
  auto block = std::next(network->begin());
  EXPECT_TRUE(
      torch::equal(block->forward<torch::Tensor>(x), convolved + by_hand(x, *block->ptr())));
}

TEST(ResidualBlock, AddsEverySecondRowAndColumnAndChannelsOfZeros) {
  expect_block(layer::Shortcut::subsample, [](const torch::Tensor& x, torch::nn::Module&) {
    torch::Tensor shortcut = torch::zeros({5, 3, 4, 5});
    for (std::int64_t row = 0; row < 4; ++row) {
      for (std::int64_t column = 0; column < 5; ++column) {
        for (std::int64_t channel = 0; channel < 2; ++channel) {
          shortcut.select(3, column).select(2, row).select(1, channel) =
              x.select(3, 2 * column).select(2, 2 * row).select(1, channel);
        }
      }
    }
    return shortcut;
  });
}

TEST(ResidualBlock, AddsAProjection) {
  expect_block(layer::Shortcut::projection, [](const torch::Tensor& x, torch::nn::Module& block) {
    return torch::nn::functional::conv2d(x, block.named_parameters()["shortcut.weight"],
                                         torch::nn::functional::Conv2dFuncOptions().stride(2));
  });
}

TEST(ResidualBlock, IsClonedWithParametersOfItsOwn) {
  const ModelConfig model =
      read_experiment(MNIST_BENCH_SOURCE "/configs/models/resnet8.json").model;
  auto network = make_network(model, {}, 10);
  initialize(network, 1);
  torch::nn::Sequential copy(
      std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network->clone()));
  const std::vector<NamedTensor> before = export_parameters(network);
  EXPECT_EQ(export_parameters(copy), before);
  const torch::NoGradGuard no_gradients;
  copy->train();
  copy->forward(random_input({4, 1, 28, 28}));
  for (torch::Tensor& parameter : copy->parameters()) parameter.add_(1);
  EXPECT_EQ(export_parameters(network), before);
  EXPECT_NE(export_buffers(copy), export_buffers(network));
}

/// Of float64 tensors LibTorch computes convolutions itself, of float32 ones in channels-last with
/// oneDNN.
TEST(Convolutions, HaveTheirGradientsInFloat64WithAnyKernelStridePaddingAndChannels) {
  const auto gradients = [](const LayersConfig& config, const torch::Tensor& x,
                            torch::ScalarType type) {
    auto network = make_network(config, {.rows = 9, .columns = 11}, 3);
    initialize(network, 1);
    if (type == torch::kFloat32) choose_memory_format(network);
    network->to(type);
    torch::nn::functional::cross_entropy(network->forward(x.to(type)), torch::tensor({0, 1, 2, 1}))
        .backward();
    std::vector<torch::Tensor> found;
    for (const torch::Tensor& parameter : network->parameters()) {
      found.push_back(parameter.grad().to(torch::kFloat64));
    }
    return found;
  };
  const torch::Tensor x = random_input({4, 1, 9, 11});
  for (const std::int64_t kernel : {1, 2, 3, 5}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t padding : {0, 1, 2}) {
        for (const std::int64_t channels : {1, 3, 8, 20}) {
          SCOPED_TRACE(testing::Message() << kernel << " × " << kernel << ", stride " << stride
                                          << ", padding " << padding << ", " << channels);
          const LayersConfig config = unnamed(
              {layer::Conv2d{.channels = channels, .kernel = 3, .padding = 1},
               layer::Conv2d{.channels = 5, .kernel = kernel, .stride = stride, .padding = padding},
               layer::Flatten{}, layer::Linear{}});
          const auto expected = gradients(config, x, torch::kFloat64);
          const auto found = gradients(config, x, torch::kFloat32);
          ASSERT_EQ(found.size(), expected.size());
          for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_LE((found[i] - expected[i]).norm().item<double>(),
                      1e-5 * expected[i].norm().item<double>() + 1e-6);
          }
        }
      }
    }
  }
}

/// Where relu may write in slot is a question of speed: neither its layer's input nor what a
/// backward pass needs is lost.
TEST(LayerModules, LeaveTheirInputAsItIs) {
  for (const LayersConfig& config :
       {unnamed({layer::Relu{}, layer::Flatten{}, layer::Linear{}}),
        unnamed({layer::Flatten{}, layer::Relu{}, layer::Linear{}}),
        unnamed({layer::Dropout{}, layer::Relu{}, layer::Flatten{}, layer::Linear{}}),
        unnamed({layer::Conv2d{.channels = 2}, layer::Tanh{}, layer::Relu{},
                 layer::Residual{.layers = unnamed({layer::Relu{}, layer::Tanh{}}).layers},
                 layer::Relu{}, layer::Flatten{}, layer::Linear{}})}) {
    auto network = make_network(config, {.rows = 4, .columns = 4}, 3);
    for (const bool training : {false, true}) {
      network->train(training);
      const torch::Tensor images = random_input({2, 1, 4, 4});
      const torch::Tensor before = images.clone();
      torch::nn::functional::cross_entropy(network->forward(images), torch::tensor({0, 1}))
          .backward();
      EXPECT_TRUE(torch::equal(images, before));
    }
  }
}

TEST(Initialization, LeavesBatchNormAsTheIdentity) {
  auto network = make_network(unnamed({layer::BatchNorm2d{}, layer::Flatten{}, layer::Linear{}}),
                              {.rows = 4, .columns = 4}, 3);
  initialize(network, 1);
  EXPECT_EQ(network->named_parameters()["bn1.weight"].item<float>(), 1.0F);
  EXPECT_EQ(network->named_parameters()["bn1.bias"].item<float>(), 0.0F);
  const std::vector<NamedTensor> buffers = export_buffers(network);
  ASSERT_EQ(buffers.size(), 2U);
  EXPECT_EQ(buffers[0].values, std::vector<float>{0.0F});
  EXPECT_EQ(buffers[1].values, std::vector<float>{1.0F});
}

}  // namespace
}  // namespace mnist_bench
