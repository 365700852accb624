#pragma once

#include <torch/optim/optimizer.h>

#include <memory>
#include <vector>

#include "config/experiment.h"
#include "record/checkpoint.h"

namespace mnist_bench {

/// torch::optim's optimizer of these settings.
std::unique_ptr<torch::optim::Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                                        const OptimizerConfig& config);

/// What the optimizer keeps of each parameter, after at least one step: fills in `optimizer` of
/// `state`. `names` are the parameters'.
void export_optimizer(const OptimizerConfig& config, torch::optim::Optimizer& optimizer,
                      const std::vector<std::string>& names, TrainingState& state);

/// The reverse. Throws Error(io) when a shape is not its parameter's.
void import_optimizer(const OptimizerConfig& config, const TrainingState& state,
                      torch::optim::Optimizer& optimizer);

}  // namespace mnist_bench
