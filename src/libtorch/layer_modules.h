#pragma once

#include <torch/nn/modules/container/any.h>

#include <functional>
#include <string>
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

/// Takes a layer's full name ("block1.conv1") and its output [N, ..], which a later layer may
/// overwrite.
using OutputCallback = std::function<void(const std::string& name, const torch::Tensor& output)>;

/// The module's output for x. `see` gets that of each layer of a residual block, then the module's
/// own, which is called `name`.
torch::Tensor forward(const std::string& name, torch::nn::AnyModule& module, const torch::Tensor& x,
                      const OutputCallback& see);

}  // namespace mnist_bench
