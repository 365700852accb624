#include "native/learner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "base/random.h"
#include "kernels/simd.h"

namespace mnist_bench::native {
namespace {

/// Step `t` of an optimizer, from 1. This engine trains with each optimizer that has an overload.
kernels::OptimizerStep step_of(const AdamConfig& adam, std::int64_t t) {
  return kernels::adam_step(adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon,
                            adam.weight_decay, t);
}

kernels::OptimizerStep step_of(const SgdConfig& sgd, std::int64_t /*t*/) {
  return kernels::SgdStep{.learning_rate = static_cast<float>(sgd.learning_rate),
                          .momentum = static_cast<float>(sgd.momentum),
                          .weight_decay = static_cast<float>(sgd.weight_decay),
                          .nesterov = sgd.nesterov};
}

/// Throws Error(usage) for an optimizer without a `step_of`.
kernels::OptimizerStep optimizer_step(const OptimizerConfig& optimizer, std::int64_t t) {
  return std::visit(
      [t]<class Config>(const Config& config) -> kernels::OptimizerStep {
        if constexpr (requires { step_of(config, t); }) {
          return step_of(config, t);
        } else {
          throw Error(
              ExitCode::usage,
              fmt::format("the native engine does not train with optimizer '{}'", Config::kType),
              "use training.engine=libtorch");
        }
      },
      optimizer);
}

/// Adds a network's prediction for one image: the class of the largest logit (the first of equals)
/// and the softmax. Returns the cross-entropy.
double add_prediction(std::span<const float> logits, std::size_t label, Predictions& predictions) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - *largest));
  predictions.classes.push_back(largest - logits.begin());
  predictions.probabilities.push_back(static_cast<float>(1 / sum));
  for (const float logit : logits) {
    const double power = std::exp(static_cast<double>(logit - *largest));
    predictions.class_probabilities.push_back(static_cast<float>(power / sum));
  }
  return std::log(sum) - static_cast<double>(logits[label] - *largest);
}

}  // namespace

void check_device(const std::string& device) {
  if (device == "auto" || device == "cpu") return;
  throw Error(ExitCode::usage,
              fmt::format("the native engine computes on the CPU, not on device '{}'", device),
              "use device=cpu, or training.engine=libtorch");
}

void check_supported(const ExperimentConfig& config) {
  optimizer_step(config.optimizer, /*t=*/1);  // throws if there is none
  check_device(config.device);
}

void import_stored(Network& network, const std::vector<NamedTensor>& tensors) {
  const std::size_t parameters = std::min(network.parameters().count(), tensors.size());
  const auto buffers = tensors.begin() + static_cast<std::ptrdiff_t>(parameters);
  network.parameters().import_values({tensors.begin(), buffers});
  network.buffers().import_values({buffers, tensors.end()});
}

Predictions predict(Network& network, const Images& set) {
  Predictions predictions;
  const std::vector<float> logits = network.logits(set, 0, set.size());
  const std::size_t classes = logits.size() / static_cast<std::size_t>(set.size());
  double loss_sum = 0;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const float* const row = logits.data() + static_cast<std::size_t>(i) * classes;
    loss_sum += add_prediction({row, classes}, set.label(i), predictions);
  }
  predictions.loss = loss_sum / static_cast<double>(set.size());
  return predictions;
}

NativeLearner::NativeLearner(std::unique_ptr<Network> network, const Images& train,
                             const Images& test, const ExperimentConfig& config,
                             const Images* validation, std::unique_ptr<AugmentedSet> augmented)
    : network_(std::move(network)),
      train_(train),
      test_(test),
      validation_(validation),
      config_(config),
      augmented_(std::move(augmented)) {}

std::string NativeLearner::simd() const { return kernels::simd_target(); }

void NativeLearner::restore(const TrainingState& state) {
  require_state_of(config_.optimizer, state);
  network_->parameters().import_state(state, optimizer_tensors(config_.optimizer));
  network_->buffers().import_values(state.buffers);
  epoch_ = state.epoch;
  steps_done_ = state.step;
}

void NativeLearner::prepare() { network_->prepare(train_, config_.training.batch_size); }

void NativeLearner::begin_epoch(std::int64_t epoch, std::vector<std::int64_t> order) {
  epoch_ = epoch;
  step_of_epoch_ = 0;
  dropout_seed_ = derive_seed(config_.seed, "dropout", static_cast<std::uint64_t>(epoch));
  order_ = std::move(order);
  sums_ = {};
  if (!augmented_) return;
  epoch_images_.emplace(augmented_->of(epoch), augmented_->threads());
  network_->prepare(*epoch_images_, config_.training.batch_size);
}

void NativeLearner::step(std::int64_t first, std::int64_t count, PhaseClock* clock) {
  const StepSettings settings{.update = optimizer_step(config_.optimizer, ++steps_done_),
                              .dropout_seed = dropout_seed_,
                              .step = step_of_epoch_++,
                              .clock = clock};
  const auto batch =
      std::span(order_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
  const BatchStatistics statistics = network_->step(images(), batch, settings);
  sums_.loss += statistics.loss_sum;
  sums_.correct += statistics.correct;
}

Predictions NativeLearner::predict(Split split) {
  return native::predict(*network_, split == Split::test ? test_ : *validation_);
}

TrainingState NativeLearner::state() const {
  TrainingState state = network_->parameters().export_state(epoch_, steps_done_,
                                                            optimizer_tensors(config_.optimizer));
  state.buffers = network_->buffers().export_values();
  return state;
}

void NativeLearner::set_parameters(const std::vector<NamedTensor>& parameters) {
  network_->parameters().import_values(parameters);
}

}  // namespace mnist_bench::native
