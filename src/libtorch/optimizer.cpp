#include "libtorch/optimizer.h"

#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <limits>
#include <utility>

#include "base/overloaded.h"
#include "libtorch/network.h"

namespace mnist_bench {
namespace {

using torch::optim::AdamParamState;
using torch::optim::SGDParamState;

const std::vector<torch::Tensor>& parameters_of(const torch::optim::Optimizer& optimizer) {
  return optimizer.param_groups().front().params();
}

/// An optimizer's own memory of a parameter, in the parameter's dtype, device and memory format, as
/// the optimizer itself makes it at the first step.
torch::Tensor imported(const NamedTensor& from, const torch::Tensor& parameter) {
  torch::Tensor memory = torch::zeros_like(parameter, torch::MemoryFormat::Preserve);
  import_tensor(from, memory);
  return memory;
}

/// Infinite if no float holds value / divisor. LibTorch throws when a step needs such a number;
/// with an infinite one the run ends as diverged.
double float_or_infinity(double value, double divisor = 1) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return value / divisor > kLargest ? std::numeric_limits<double>::infinity() : value;
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                                        const OptimizerConfig& config) {
  return std::visit(
      Overloaded{
          [&](const AdamConfig& adam) -> std::unique_ptr<torch::optim::Optimizer> {
            // The first step is α / (1 − β₁) long.
            return std::make_unique<torch::optim::Adam>(
                std::move(parameters),
                torch::optim::AdamOptions(float_or_infinity(adam.learning_rate, 1 - adam.beta1))
                    .betas({adam.beta1, adam.beta2})
                    .eps(float_or_infinity(adam.epsilon))
                    .weight_decay(float_or_infinity(adam.weight_decay)));
          },
          [&](const SgdConfig& sgd) -> std::unique_ptr<torch::optim::Optimizer> {
            return std::make_unique<torch::optim::SGD>(
                std::move(parameters),
                torch::optim::SGDOptions(float_or_infinity(sgd.learning_rate))
                    .momentum(sgd.momentum)
                    .nesterov(sgd.nesterov)
                    .weight_decay(float_or_infinity(sgd.weight_decay)));
          }},
      config);
}

void export_optimizer(const OptimizerConfig& config, torch::optim::Optimizer& optimizer,
                      const std::vector<std::string>& names, TrainingState& state) {
  const std::vector<torch::Tensor>& parameters = parameters_of(optimizer);
  std::visit(
      Overloaded{[&](const AdamConfig&) {
                   for (std::size_t i = 0; i < parameters.size(); ++i) {
                     auto& kept = static_cast<AdamParamState&>(
                         *optimizer.state().at(parameters[i].unsafeGetTensorImpl()));
                     state.optimizer["exp_avg"].push_back(export_tensor(names[i], kept.exp_avg()));
                     state.optimizer["exp_avg_sq"].push_back(
                         export_tensor(names[i], kept.exp_avg_sq()));
                   }
                 },
                 [&](const SgdConfig& sgd) {
                   if (sgd.momentum == 0) return;
                   for (std::size_t i = 0; i < parameters.size(); ++i) {
                     auto& kept = static_cast<SGDParamState&>(
                         *optimizer.state().at(parameters[i].unsafeGetTensorImpl()));
                     state.optimizer["momentum_buffer"].push_back(
                         export_tensor(names[i], kept.momentum_buffer()));
                   }
                 }},
      config);
}

void import_optimizer(const OptimizerConfig& config, const TrainingState& state,
                      torch::optim::Optimizer& optimizer) {
  require_state_of(config, state);
  const std::vector<torch::Tensor>& parameters = parameters_of(optimizer);
  std::visit(
      Overloaded{[&](const AdamConfig&) {
                   for (std::size_t i = 0; i < parameters.size(); ++i) {
                     auto kept = std::make_unique<AdamParamState>();
                     kept->step(state.step);
                     kept->exp_avg(imported(state.optimizer.at("exp_avg")[i], parameters[i]));
                     kept->exp_avg_sq(imported(state.optimizer.at("exp_avg_sq")[i], parameters[i]));
                     optimizer.state()[parameters[i].unsafeGetTensorImpl()] = std::move(kept);
                   }
                 },
                 [&](const SgdConfig& sgd) {
                   if (sgd.momentum == 0) return;
                   const auto& buffers = state.optimizer.at("momentum_buffer");
                   for (std::size_t i = 0; i < parameters.size(); ++i) {
                     auto kept = std::make_unique<SGDParamState>();
                     kept->momentum_buffer(imported(buffers[i], parameters[i]));
                     optimizer.state()[parameters[i].unsafeGetTensorImpl()] = std::move(kept);
                   }
                 }},
      config);
}

}  // namespace mnist_bench
