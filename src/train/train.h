#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <optional>

#include "config/experiment.h"
#include "model/inference.h"
#include "record/training.h"

namespace mnist_bench {

/// Paper, Algorithm 1: minibatch training of `network` by Adam on the cross-entropy, in a fresh
/// order each epoch, the last partial batch included. The network lies on the device of `set`.
/// Ends as `diverged` when the epoch's mean loss is no longer finite (looked at every 50 steps).
/// From `start`, if given, it goes on as if it had never stopped: the same numbers to the bit.
/// Throws Error(io) when `start` is of another network.
TrainOutcome train(torch::nn::Sequential& network, const ImageTensors& set,
                   const ExperimentConfig& config, const TrainCallbacks& callbacks,
                   const std::optional<TrainingState>& start = std::nullopt);

/// On a CPU, convolution weights in channels_last, which oneDNN's kernels work in; as they are
/// elsewhere. Call before the first step.
void choose_memory_format(torch::nn::Sequential& network);

}  // namespace mnist_bench
