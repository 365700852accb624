// The native engine against LibTorch: gradients, Adam, losses, predictions, checkpoints.

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <bit>

#include "base/random.h"
#include "kernels/activation.h"
#include "libtorch/native_twins.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

ImageSet first_images(std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return select(mnist().train, indices);
}

ExperimentConfig config_for(ModelConfig model, Normalization normalization) {
  ExperimentConfig config;
  config.model = std::move(model);
  config.data.normalization = normalization;
  return config;
}

torch::nn::Sequential initialized(const ExperimentConfig& config, ImageShape shape = {},
                                  std::int64_t classes = 10) {
  auto network = make_network(config.model, shape, classes);
  initialize(network, derive_seed(config.seed, "initialization"));
  return network;
}

/// A native network with the same parameters.
std::unique_ptr<native::Network> native_twin(const torch::nn::Sequential& network,
                                             const ExperimentConfig& config, ImageShape shape = {},
                                             std::int64_t classes = 10) {
  auto twin = native::make_network(config, shape, classes, /*threads=*/2, kTraining);
  twin->parameters().import_values(export_parameters(network));
  return twin;
}

/// The dropout that the native engine applies behind `done` of `linear` linear layers. The last one
/// has the step's seed itself.
kernels::Dropout native_dropout(double p, std::uint64_t done, std::uint64_t linear,
                                bool drops_pixels) {
  const std::uint64_t layer = drops_pixels ? done : done - 1;
  return {.probability = p,
          .seed = done + 1 == linear || linear == 1
                      ? kDropoutSeed
                      : derive_seed(kDropoutSeed, "dropout of a layer", layer),
          .step = kStep};
}

/// The forward pass of `network`, which `layers` describe, with the native engine's dropout in the
/// place of its own.
torch::Tensor forward_with_dropout(torch::nn::Sequential& network,
                                   const std::vector<PlacedLayer>& layers, torch::Tensor x) {
  std::uint64_t linear = 0;
  bool drops_pixels = false;
  for (const PlacedLayer& layer : layers) {
    if (std::holds_alternative<layer::Linear>(layer.kind)) ++linear;
    if (std::holds_alternative<layer::Dropout>(layer.kind) && linear == 0) drops_pixels = true;
  }
  std::uint64_t done = 0;
  std::size_t index = 0;
  for (auto& module : *network) {
    const layer::Kind& kind = layers[index++].kind;
    if (const auto* dropout = std::get_if<layer::Dropout>(&kind)) {
      x = x * dropout_factors(native_dropout(dropout->p, done, linear, drops_pixels), x.size(0),
                              x[0].numel())
                  .reshape(x.sizes());
    } else {
      x = module.forward<torch::Tensor>(x);
    }
    if (std::holds_alternative<layer::Linear>(kind)) ++done;
  }
  return x;
}

/// One step of the native engine whose first moments are the gradients (β₁ = 0).
native::BatchStatistics step_for_gradients(native::Network& network, const native::Images& images,
                                           const std::vector<std::int64_t>& batch) {
  network.prepare(images, static_cast<std::int64_t>(batch.size()));
  return network.step(images, batch,
                      {.update = kernels::adam_step(1e-3, 0.0, 0.999, 1e-8, 0.0, 1),
                       .dropout_seed = kDropoutSeed,
                       .step = kStep});
}

/// Gradients of the whole network against LibTorch's in float64, dropout masks shared.
void expect_same_gradients(const ImageSet& set, std::int64_t classes, const ModelConfig& model,
                           Normalization normalization, const std::vector<std::int64_t>& batch) {
  const ExperimentConfig config = config_for(model, normalization);
  const ImageShape shape{.rows = set.rows, .columns = set.columns};
  auto network = initialized(config, shape, classes);
  const auto twin = native_twin(network, config, shape, classes);
  const native::BatchStatistics statistics = step_for_gradients(*twin, native::Images(set), batch);

  network->to(torch::kFloat64);
  const ImageTensors tensors = to_tensors(set, normalization, torch::kCPU, kTraining);
  const torch::Tensor chosen = torch::tensor(batch, torch::kInt64);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(
      forward_with_dropout(network, layers_of(require_network(model, ""), shape, classes),
                           tensors.images.index_select(0, chosen).to(torch::kFloat64)),
      tensors.labels.index_select(0, chosen));
  loss.backward();

  const auto count = static_cast<double>(batch.size());
  EXPECT_NEAR(statistics.loss_sum / count, loss.item<double>(), 1e-5 * loss.item<double>());
  const std::vector<NamedTensor> gradients =
      twin->parameters()
          .export_state(0, 1, optimizer_tensors(AdamConfig{}))
          .optimizer.at("exp_avg");
  const auto parameters = network->named_parameters();
  ASSERT_EQ(gradients.size(), parameters.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    EXPECT_EQ(gradients[i].name, parameters[i].key());
    EXPECT_LE(relative_error(gradients[i], parameters[i].value().grad()), 1e-5)
        << gradients[i].name;
  }
}

TEST(NativeGradients, AreLibTorchsOnRealBatches) {
  for (const auto& [normalization, name] : kNormalizations) {
    SCOPED_TRACE(name);
    for (const double dropout : {0.0, 0.2}) {
      expect_same_gradients(mnist().train, 10, MlpConfig{.hidden = {256, 128}, .dropout = dropout},
                            normalization, batch_of(64, 60'000));
    }
  }
}

TEST(NativeGradients, AreLibTorchsForAnySizes) {
  for (const auto& hidden :
       std::vector<std::vector<std::int64_t>>{{40}, {300, 7, 33}, {16, 16, 16, 16}, {1000}}) {
    for (const std::int64_t batch : {1, 32, 300}) {
      expect_same_gradients(mnist().train, 10, MlpConfig{.hidden = hidden, .dropout = 0.3},
                            Normalization::standardize, batch_of(batch, 60'000));
    }
  }
}

TEST(NativeGradients, AreLibTorchsForOtherImagesAndNumbersOfClasses) {
  const MlpConfig model{.hidden = {50, 20}, .dropout = 0.2};
  expect_same_gradients(noise(80, {5, 9}, 2), 2, model, Normalization::unit, batch_of(64, 80));
  expect_same_gradients(noise(80, {64, 64}, 64), 64, model, Normalization::standardize,
                        batch_of(64, 80));
}

TEST(NativeGradients, AreLibTorchsForLinearLayersWithAnythingBetween) {
  const Layer flatten{{}, layer::Flatten{}};
  const Layer relu{{}, layer::Relu{}};
  const auto linear = [](std::optional<std::int64_t> units = std::nullopt) {
    return Layer{{}, layer::Linear{units}};
  };
  const auto dropout = [](double p) { return Layer{{}, layer::Dropout{p}}; };
  const std::vector<std::vector<Layer>> lists = {
      {flatten, linear()},
      {flatten, dropout(0.2), linear()},
      {flatten, linear(40), linear()},
      {flatten, linear(40), dropout(0.4), linear()},
      {flatten, linear(40), dropout(0.4), relu, linear(20), relu, linear()},
      {dropout(0.1), flatten, linear(33), relu, dropout(0.3), linear(20), dropout(0.5), linear()},
      {flatten, linear(17), linear(25), relu, dropout(0.3), linear(30), linear()},
  };
  for (const auto& layers : lists) {
    SCOPED_TRACE(testing::Message() << "list " << &layers - lists.data());
    for (const std::int64_t batch : {1, 64}) {
      expect_same_gradients(mnist().train, 10, LayersConfig{layers}, Normalization::standardize,
                            batch_of(batch, 60'000));
      expect_same_gradients(noise(70, {5, 9}, 30), 30, LayersConfig{layers}, Normalization::unit,
                            batch_of(batch, 70));
    }
  }
}

/// With weights of 0, units are 0 though no relu made them so: their gradients pass.
TEST(NativeGradients, AreLibTorchsWhereLinearUnitsAreZero) {
  const std::vector<Layer> layers = {{{}, layer::Flatten{}},
                                     {{}, layer::Linear{20}},
                                     {{}, layer::Linear{30}},
                                     {{}, layer::Linear{}}};
  ExperimentConfig config = config_for(LayersConfig{layers}, Normalization::unit);
  auto network = initialized(config);
  const torch::NoGradGuard no_gradients;
  for (auto& parameter : network->named_parameters()) {
    if (parameter.key() != "fc3.weight" && parameter.key() != "fc2.weight") {
      parameter.value().zero_();
    }
  }
  const auto twin = native_twin(network, config);
  const ImageSet set = first_images(32);
  step_for_gradients(*twin, native::Images(set), batch_of(32, 32));
  const ImageTensors tensors = to_tensors(set, Normalization::unit, torch::kCPU, kTraining);
  {
    const torch::AutoGradMode gradients(true);
    torch::nn::functional::cross_entropy(network->forward(tensors.images), tensors.labels)
        .backward();
  }
  const std::vector<NamedTensor> gradients =
      twin->parameters()
          .export_state(0, 1, optimizer_tensors(AdamConfig{}))
          .optimizer.at("exp_avg");
  EXPECT_GT(network->named_parameters()["fc1.weight"].grad().abs().max().item<double>(), 0);
  EXPECT_EQ(gradients[0].name, "fc1.weight");
  EXPECT_LE(relative_error(gradients[0],
                           network->named_parameters()["fc1.weight"].grad().to(torch::kFloat64)),
            1e-5);
}

/// Numbers between two floats of the same sign, counting one of them.
std::int64_t ulps(float a, float b) {
  return std::abs(static_cast<std::int64_t>(std::bit_cast<std::int32_t>(a)) -
                  std::bit_cast<std::int32_t>(b));
}

TEST(NativeAdam, IsWithinTwoUlpOfLibTorchsOverAThousandSteps) {
  constexpr std::int64_t kSize = 1000;
  for (const double weight_decay : {0.0, 0.01}) {
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(5U);
    torch::Tensor theta = torch::randn({kSize}, generator, torch::kFloat32).requires_grad_(true);
    torch::optim::Adam optimizer(std::vector<torch::Tensor>{theta},
                                 torch::optim::AdamOptions(1e-3).weight_decay(weight_decay));
    const float* start = theta.const_data_ptr<float>();
    std::vector<float> parameter(start, start + kSize);
    std::vector<float> m(kSize, 0.0F);
    std::vector<float> v(kSize, 0.0F);
    const torch::Tensor scale = torch::randn({kSize}, generator, torch::kFloat32).exp();
    for (int t = 1; t <= 1000; ++t) {
      // Of one sign, so that θ stays away from 0, where an ulp is as small as one likes.
      const torch::Tensor gradient =
          -theta.detach().sign() * scale * torch::rand({kSize}, generator, torch::kFloat32);
      theta.mutable_grad() = gradient;
      optimizer.step();
      kernels::update(kernels::adam_step(1e-3, 0.9, 0.999, 1e-8, weight_decay, t),
                      gradient.const_data_ptr<float>(), {parameter.data(), {m.data(), v.data()}},
                      kSize);
    }
    const auto& state = static_cast<torch::optim::AdamParamState&>(
        *optimizer.state().at(theta.unsafeGetTensorImpl()));
    const auto largest = [](const std::vector<float>& ours, const torch::Tensor& theirs) {
      std::int64_t most = 0;
      for (std::size_t i = 0; i < ours.size(); ++i) {
        most = std::max(most, ulps(ours[i], theirs.const_data_ptr<float>()[i]));
      }
      return most;
    };
    EXPECT_LE(largest(parameter, theta), 2);
    EXPECT_LE(largest(m, state.exp_avg()), 2);
    EXPECT_LE(largest(v, state.exp_avg_sq()), 2);
  }
}

struct Trained {
  std::vector<EpochStatistics> epochs;
  std::vector<TrainingState> states;
};

Trained trained(Learner& learner, const ExperimentConfig& config,
                const std::optional<TrainingState>& start = std::nullopt) {
  Trained result;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics& epoch) {
    result.epochs.push_back(epoch);
    result.states.push_back(learner.state());
  };
  train(learner, config, callbacks, start);
  return result;
}

TEST(NativeTraining, SeesTheImagesInLibTorchsOrderAndGoesOnFromItsCheckpoint) {
  const ImageSet set = first_images(2000);
  ExperimentConfig config =
      config_for(MlpConfig{.hidden = {64, 32}, .dropout = 0.0}, Normalization::standardize);
  config.training.epochs = 2;
  const auto network = initialized(config);
  const native::Images images(set);
  native::NativeLearner twin(native_twin(network, config), images, images, config);
  const ImageTensors tensors = to_tensors(set, Normalization::standardize, torch::kCPU);
  LibtorchLearner learner(network, tensors, tensors, config);
  const Trained torch_run = trained(learner, config);
  const Trained native_run = trained(twin, config);
  for (std::size_t e = 0; e < 2; ++e) {
    EXPECT_NEAR(native_run.epochs[e].loss, torch_run.epochs[e].loss, 1e-4);
    EXPECT_NEAR(native_run.epochs[e].accuracy, torch_run.epochs[e].accuracy, 0.002);
  }

  const Trained native_after_torch = trained(twin, config, torch_run.states[0]);
  EXPECT_NEAR(native_after_torch.epochs.at(0).loss, torch_run.epochs[1].loss, 1e-5);
  EXPECT_EQ(native_after_torch.states[0].step, torch_run.states[1].step);
  const Trained torch_after_native = trained(learner, config, native_run.states[0]);
  EXPECT_NEAR(torch_after_native.epochs.at(0).loss, native_run.epochs[1].loss, 1e-5);
}

TEST(NativePredict, GivesLibTorchsPredictions) {
  for (const auto& [normalization, name] : kNormalizations) {
    SCOPED_TRACE(name);
    const ExperimentConfig config =
        config_for(MlpConfig{.hidden = {256, 128}, .dropout = 0.2}, normalization);
    auto network = initialized(config);
    const auto twin = native_twin(network, config);
    const ImageSet& set = mnist().test;
    const native::Images images(set);
    const ImageTensors tensors = to_tensors(set, normalization, torch::kCPU, kTraining);
    const Predictions theirs = predict(network, tensors);
    const Predictions ours = native::predict(*twin, images);
    EXPECT_EQ(ours.classes, theirs.classes);
    EXPECT_NEAR(ours.loss, theirs.loss, 1e-6 * theirs.loss);

    const torch::NoGradGuard no_gradients;
    network->eval();
    const std::vector<float> logits = twin->logits(images, 0, set.size());
    const torch::Tensor difference =
        torch::tensor(logits, torch::kFloat32).reshape({set.size(), 10}) -
        network->forward(tensors.images);
    // Raw bytes make logits of hundreds.
    const double largest = network->forward(tensors.images).abs().max().item<double>();
    EXPECT_LT(difference.abs().max().item<double>(), 1e-4 * std::max(largest / 20, 1.0));
  }
}

}  // namespace
}  // namespace mnist_bench
