#pragma once

#include "kernels/linear.h"

namespace mnist_bench::kernels {

// The last linear layer, which has few outputs, on x [batch][in]. Its weights are W [out][in], as
// in PyTorch, so that a vector holds neighbouring inputs. It is dense: with ten outputs, skipping
// zeros costs more than the products that it saves. Rows of x and W are padded with 0.

/// y[i][c] = bias[c] + Σₖ x[i][k] · W[c][k], for i in `images`, k below `in` and c below `out`.
void output_forward(ConstMatrix x, std::size_t in, ConstMatrix weights, const float* bias,
                    std::size_t out, Range images, Matrix y);

/// Backward through W and the optimizer's step on it, for k in `inputs`, whose bounds are multiples
/// of kLine:
///   dx[i][k] = scale · Σ_c W[c][k] · δ[i][c]   where x[i][k] ≠ 0 or not of_relu, else 0
///   dW[c][k] = Σᵢ x[i][k] · δ[i][c]            and with it the step on W[c][k]
/// If x is the output of a relu, dx is thus the gradient of the relu's input. Each number is summed
/// by one thread in a fixed order, whatever `inputs` is.
void output_backward_and_update(ConstMatrix x, std::size_t batch, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                Matrix dx);

}  // namespace mnist_bench::kernels
