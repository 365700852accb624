// A rung of the ladder of equivalence: the losses of a hundred steps of both engines, side by side.

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "libtorch/inference.h"
#include "libtorch/native_twins.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kSteps = 100;
constexpr std::int64_t kBatch = 64;
/// Adam's ε where the engines are to agree on every start. With the default, 1e-8, many starts
/// agree to 1e-6 over all hundred steps, but not all: where a gradient is so near 0 that its
/// rounding decides its sign, Adam makes a whole step of it, one way or the other. LibTorch in
/// float32 leaves LibTorch in float64 by 1e-3 to 1e-2 on such starts, on some processors from the
/// fifth step on.
constexpr double kSmoothEpsilon = 1e-4;
/// Steps after which the native engine takes over LibTorch's state again.
constexpr std::int64_t kTogether = 10;
/// Starts that are trained with the default and without that.
constexpr std::uint64_t kFreeMlpStarts = 12;
constexpr std::uint64_t kFreeCnnStarts = 9;

/// LibTorch's side.
class Reference {
 public:
  explicit Reference(const ExperimentConfig& config, torch::Dtype type = torch::kFloat32)
      : type_(type),
        network_(make(config, type)),
        optimizer_(network_->parameters(), options(config)) {}

  [[nodiscard]] std::vector<NamedTensor> parameters() const { return export_parameters(network_); }

  /// A step on normalized images; the loss before it.
  double step(const ImageTensors& batch) {
    const torch::Tensor logits = network_->forward(batch.images.to(type_));
    const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, batch.labels);
    optimizer_.zero_grad();
    loss.backward();
    optimizer_.step();
    return loss.item<double>();
  }

  [[nodiscard]] TrainingState state(std::int64_t steps) {
    TrainingState state{
        .epoch = 1, .step = steps, .parameters = parameters(), .buffers = {}, .optimizer = {}};
    for (const auto& parameter : network_->named_parameters()) {
      auto& moments = static_cast<torch::optim::AdamParamState&>(
          *optimizer_.state().at(parameter.value().unsafeGetTensorImpl()));
      state.optimizer["exp_avg"].push_back(export_tensor(parameter.key(), moments.exp_avg()));
      state.optimizer["exp_avg_sq"].push_back(export_tensor(parameter.key(), moments.exp_avg_sq()));
    }
    return state;
  }

 private:
  static torch::nn::Sequential make(const ExperimentConfig& config, torch::Dtype type) {
    torch::nn::Sequential network = make_network(config.model, {}, 10);
    initialize(network, derive_seed(config.seed, "initialization"));
    network->to(type);
    return network;
  }

  static torch::optim::AdamOptions options(const ExperimentConfig& config) {
    return torch::optim::AdamOptions(1e-3).eps(std::get<AdamConfig>(config.optimizer).epsilon);
  }

  torch::Dtype type_;
  torch::nn::Sequential network_;
  torch::optim::Adam optimizer_;
};

/// The native engine's side.
class Native {
 public:
  Native(const ExperimentConfig& config, const native::Images& images)
      : images_(images),
        network_(native::make_network(config, {}, 10, /*threads=*/1)),
        epsilon_(std::get<AdamConfig>(config.optimizer).epsilon) {
    network_->prepare(images, kBatch);
  }
  native::Parameters& parameters() { return network_->parameters(); }
  double step(const std::vector<std::int64_t>& batch, std::int64_t number) {
    return network_
               ->step(images_, batch,
                      {.update = kernels::adam_step(1e-3, 0.9, 0.999, epsilon_, 0.0, number)})
               .loss_sum /
           static_cast<double>(batch.size());
  }

 private:
  const native::Images& images_;
  std::unique_ptr<native::Network> network_;
  double epsilon_;
};

/// What is allowed between two losses: 1e-4, of the loss where it is above 1, since Adam's first
/// steps throw it up to 5 on some starts.
double tolerance(double loss) { return 1e-4 * std::max(1.0, loss); }

/// The batches of an epoch's first hundred steps.
class Batches {
 public:
  explicit Batches(std::uint64_t seed)
      : order_(permutation(mnist().train.size(), derive_seed(seed, "shuffle", 1))) {}
  [[nodiscard]] std::vector<std::int64_t> indices(std::int64_t step) const {
    return {order_.begin() + step * kBatch, order_.begin() + (step + 1) * kBatch};
  }
  [[nodiscard]] ImageTensors tensors(std::int64_t step) const {
    return to_tensors(select(mnist().train, indices(step)), DataConfig().normalization,
                      torch::kCPU);
  }

 private:
  std::vector<std::int64_t> order_;
};

void expect_same_losses(ModelConfig model) {
  at::set_num_threads(1);
  ExperimentConfig config;
  config.model = std::move(model);
  config.optimizer = AdamConfig{.epsilon = kSmoothEpsilon};
  const native::Images images(mnist().train);
  for (config.seed = 1; config.seed <= 3; ++config.seed) {
    SCOPED_TRACE(config.seed);
    Reference libtorch(config);
    Native native(config, images);
    native.parameters().import_values(libtorch.parameters());
    const Batches batches(config.seed);
    for (std::int64_t step = 0; step < kSteps; ++step) {
      if (step > 0 && step % kTogether == 0) {
        native.parameters().import_state(libtorch.state(step), optimizer_tensors(AdamConfig{}));
      }
      const double loss = libtorch.step(batches.tensors(step));
      ASSERT_NEAR(native.step(batches.indices(step), step + 1), loss, tolerance(loss))
          << "step " << step;
    }
  }
}

/// How many steps from its beginning each start's losses agree between LibTorch and another, which
/// takes over nothing but the parameters of the start. make_other(config, parameters) is a function
/// of a number of a step and the batches.
template <class MakeOther>
std::vector<std::int64_t> count_agreeing_steps(ModelConfig model, std::uint64_t starts,
                                               const MakeOther& make_other) {
  at::set_num_threads(1);
  ExperimentConfig config;
  config.model = std::move(model);
  std::vector<std::int64_t> agreeing;
  double largest = 0;
  for (config.seed = 1; config.seed <= starts; ++config.seed) {
    Reference libtorch(config);
    auto other = make_other(config, libtorch.parameters());
    const Batches batches(config.seed);
    double difference = 0;  // the largest, in tolerances
    std::int64_t step = 0;
    for (; step < kSteps; ++step) {
      const double loss = libtorch.step(batches.tensors(step));
      const double here = std::abs(other(step, batches) - loss) / tolerance(loss);
      if (!(here <= 1)) break;
      difference = std::max(difference, here);
    }
    agreeing.push_back(step);
    if (step == kSteps) largest = std::max(largest, difference);
  }
  std::cout << std::count(agreeing.begin(), agreeing.end(), kSteps) << " of " << starts
            << " starts agree over all steps, to " << 1e-4 * largest << " · max(1, loss); steps:";
  for (const std::int64_t steps : agreeing) std::cout << ' ' << steps;
  std::cout << '\n';
  return agreeing;
}

/// Most or some of all steps agree: how many depends on rounding, and so on the machine.
void expect_agreement(const std::vector<std::int64_t>& steps, double fraction_of_steps) {
  EXPECT_GE(static_cast<double>(std::accumulate(steps.begin(), steps.end(), std::int64_t{0})),
            fraction_of_steps * static_cast<double>(kSteps) * static_cast<double>(steps.size()));
}

std::vector<std::int64_t> steps_that_agree_with_native(ModelConfig model, std::uint64_t starts) {
  const native::Images images(mnist().train);
  return count_agreeing_steps(std::move(model), starts,
                              [&](const ExperimentConfig& config, const auto& parameters) {
                                auto native = std::make_shared<Native>(config, images);
                                native->parameters().import_values(parameters);
                                return [native](std::int64_t step, const Batches& batches) {
                                  return native->step(batches.indices(step), step + 1);
                                };
                              });
}

std::vector<std::int64_t> steps_that_agree_with_float64(ModelConfig model, std::uint64_t starts) {
  return count_agreeing_steps(std::move(model), starts,
                              [](const ExperimentConfig& config, const auto& /*parameters*/) {
                                auto exact = std::make_shared<Reference>(config, torch::kFloat64);
                                return [exact](std::int64_t step, const Batches& batches) {
                                  return exact->step(batches.tensors(step));
                                };
                              });
}

const MlpConfig kMlp{.dropout = 0};
const CnnConfig kCnn{.dropout2d = 0, .dropout = 0};

TEST(Losses, OfAHundredStepsOfTheMlpAreLibTorchs) { expect_same_losses(kMlp); }

TEST(Losses, OfAHundredStepsOfTheCnnAreLibTorchs) { expect_same_losses(kCnn); }

// The bounds are below what was measured (configs/equivalence/README.md).
TEST(FreeLosses, OfTheMlpAreLibTorchsInMostSteps) {
  expect_agreement(steps_that_agree_with_native(kMlp, kFreeMlpStarts), 0.75);
}

TEST(FreeLosses, OfTheCnnAreLibTorchsInHalfOfTheSteps) {
  expect_agreement(steps_that_agree_with_native(kCnn, kFreeCnnStarts), 0.5);
}

// What there is to compare the above with; LibTorch's CNN takes minutes in float64.
TEST(FreeLosses, DISABLED_OfTheMlpInFloat64) {
  steps_that_agree_with_float64(kMlp, kFreeMlpStarts);
}

TEST(FreeLosses, DISABLED_OfTheCnnInFloat64) {
  steps_that_agree_with_float64(kCnn, kFreeCnnStarts);
}

}  // namespace
}  // namespace mnist_bench
