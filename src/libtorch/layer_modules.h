#pragma once

#include <torch/nn/modules/container/any.h>

#include <vector>

#include "model/layers.h"

namespace mnist_bench {

/// A layer as a torch::nn module, and what its parent calls it.
struct NamedModule {
  std::string name;  ///< without its blocks': "conv1" of "block1.conv1"
  torch::nn::AnyModule module;
};

/// The modules of a list of layers, in its order, with parameters as PyTorch initializes them.
std::vector<NamedModule> make_modules(const std::vector<PlacedLayer>& layers);

}  // namespace mnist_bench
