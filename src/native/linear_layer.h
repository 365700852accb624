#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/linear.h"
#include "native/parameters.h"

namespace mnist_bench::native {

/// The weights of neighbouring outputs, stored as one matrix.
struct Panel {
  kernels::Range outputs;
  std::size_t begin = 0;   ///< in the flat buffers
  std::size_t stride = 0;  ///< between rows of the matrix
  kernels::Weights weights;
};

/// A linear layer, and where its parameters are.
struct LinearLayer {
  std::size_t in = 0;
  std::size_t out = 0;
  std::size_t padded_out = 0;  ///< to a multiple of kLine
  std::size_t stride = 0;      ///< between rows that have a value per output
  std::size_t bias_begin = 0;
  std::vector<Panel> panels;
  /// Set by `bind`, as are the panels' `weights`.
  float* bias = nullptr;
  kernels::AlignedVector<float> bias_gradient;

  /// The outputs, padding included, that one of `threads` threads takes.
  [[nodiscard]] kernels::Range partition_of(std::size_t thread, std::size_t threads) const {
    return kernels::partition(padded_out, kernels::kLine, thread, threads);
  }
  /// The weights of a layer that is one panel.
  [[nodiscard]] const kernels::Weights& weights() const { return panels.front().weights; }
};

/// The last layer.
struct OutputLayer : LinearLayer {
  kernels::AlignedVector<float> logits;  ///< [batch][out]; then the gradient of the loss by them
};

/// Fills in the sizes of a layer.
void set_sizes(LinearLayer& layer, std::size_t in, std::size_t out);

/// Adds "`name`.weight" and "`name`.bias" to `parameters` and fills in the layer. It reads `in`
/// values: value input_rows[i] is PyTorch's input i, and the others are padding. `panels` cover the
/// padded outputs; without any, the layer is one panel. Weights: [in][outputs of a panel].
void add_linear(LinearLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out, const std::vector<std::size_t>& input_rows,
                std::vector<kernels::Range> panels = {});
/// The same for the last layer, all of whose inputs are PyTorch's. Weights: [out][in, padded].
void add_output(OutputLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out);

/// 0 … size − 1: inputs in PyTorch's order.
std::vector<std::size_t> in_order(std::size_t size);

/// Points the layer at its parameters. Call it once `parameters` are allocated.
void bind(LinearLayer& layer, Parameters& parameters);

/// The optimizer's step on the biases of the outputs `units`, given the gradient `delta`
/// [batch][out] of the layer's output.
void update_bias(LinearLayer& layer, Parameters& parameters, kernels::ConstMatrix delta,
                 std::size_t batch, kernels::Range units, const kernels::OptimizerStep& step);

}  // namespace mnist_bench::native
