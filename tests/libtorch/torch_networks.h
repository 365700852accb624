#pragma once

#include "libtorch/learner.h"
#include "libtorch/network.h"
#include "native/native_networks.h"
#include "train/train.h"

namespace mnist_bench {

inline torch::nn::Sequential make_network(const ModelConfig& model, ImageShape image,
                                          std::int64_t classes) {
  return make_network(layers_of(require_network(model, "it has no layers"), image, classes));
}

/// Trains `network` on `set`, which it is evaluated on, too.
inline TrainOutcome train(torch::nn::Sequential& network, const ImageTensors& set,
                          const ExperimentConfig& config, const TrainCallbacks& callbacks) {
  LibtorchLearner learner(network, set, set, config);
  return train(learner, config, callbacks);
}

}  // namespace mnist_bench
