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

ExperimentConfig config_for(MlpConfig model, Normalization normalization) {
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

/// The forward pass of `network` with the native engine's dropout in the slot of its own.
torch::Tensor forward_with(torch::nn::Sequential& network, torch::Tensor x,
                           const kernels::Dropout& dropout) {
  const auto names = network->named_children();
  std::size_t index = 0;
  for (auto& layer : *network) {
    if (names[index++].key() == "dropout") {
      x = x * dropout_factors(dropout, x.size(0), x.size(1));
    } else {
      x = layer.forward<torch::Tensor>(x);
    }
  }
  return x;
}

/// One step of the native engine whose first moments are the gradients (β₁ = 0).
native::BatchStatistics step_for_gradients(native::Network& network, const native::Images& images,
                                           const std::vector<std::int64_t>& batch,
                                           const kernels::Dropout& dropout) {
  network.prepare(images, static_cast<std::int64_t>(batch.size()));
  return network.step(images, batch,
                      {.update = kernels::adam_step(1e-3, 0.0, 0.999, 1e-8, 0.0, 1),
                       .dropout_seed = dropout.seed,
                       .step = dropout.step});
}

/// Gradients of the whole network against LibTorch's in float64, dropout masks shared.
void expect_same_gradients(const ImageSet& set, std::int64_t classes, const MlpConfig& model,
                           Normalization normalization, const std::vector<std::int64_t>& batch) {
  const ExperimentConfig config = config_for(model, normalization);
  const ImageShape shape{.rows = set.rows, .columns = set.columns};
  auto network = initialized(config, shape, classes);
  const auto twin = native_twin(network, config, shape, classes);
  const kernels::Dropout dropout{.probability = model.dropout, .seed = 17, .step = 4};

  const native::BatchStatistics statistics =
      step_for_gradients(*twin, native::Images(set), batch, dropout);

  network->to(torch::kFloat64);
  const ImageTensors tensors = to_tensors(set, normalization, torch::kCPU, kTraining);
  const torch::Tensor chosen = torch::tensor(batch, torch::kInt64);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(
      forward_with(network, tensors.images.index_select(0, chosen).to(torch::kFloat64), dropout),
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
