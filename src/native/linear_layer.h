#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/linear.h"
#include "native/parameters.h"

namespace mnist_bench::native {

/// Where the parameters of a linear layer lie.
struct LinearLayer {
  std::size_t out = 0;
  std::size_t padded_out = 0;  ///< to a multiple of kLine
  std::size_t stride = 0;      ///< of the weights' rows, and of what has a value per output
  std::size_t weight_begin = 0;
  std::size_t bias_begin = 0;
  // Once the parameters are allocated.
  kernels::Weights weights;
  float* bias = nullptr;
  kernels::AlignedVector<float> bias_gradient;
};

/// Adds "`name`.weight" and "`name`.bias" to `parameters` and fills in the layer. It reads `in`
/// values, of which input_places[i] is PyTorch's input i; the others are padding.
void add_linear(LinearLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out, const std::vector<std::size_t>& input_places);

/// 0 … size − 1: inputs in PyTorch's own order.
std::vector<std::size_t> in_order(std::size_t size);

/// To be called once `parameters` are allocated.
void locate(LinearLayer& layer, Parameters& parameters);

/// Adam's step on the biases of the outputs `units`, by the gradient `delta` [batch][out] of the
/// layer's output.
void descend_bias(LinearLayer& layer, Parameters& parameters, kernels::ConstMatrix delta,
                  std::size_t batch, kernels::Range units, const kernels::AdamStep& step);

}  // namespace mnist_bench::native
