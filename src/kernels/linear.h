#pragma once

#include "kernels/matrix.h"
#include "kernels/optimizer.h"
#include "kernels/sparse.h"

namespace mnist_bench::kernels {

// A linear layer on sparse input x [batch][in], with weights W [in][out]. Bounds of column ranges
// and all strides are multiples of kLine. Each number is summed by one thread in a fixed order,
// whatever the ranges are.

/// The weights of a layer and what the optimizer keeps for them: matrices [in][out].
struct Weights {
  ParameterArrays arrays;
  std::size_t stride = 0;

  [[nodiscard]] Matrix values() const { return {arrays.values, stride}; }
  [[nodiscard]] ParameterArrays at(std::size_t row, std::size_t column) const {
    return arrays.from(row * stride + column);
  }
};

/// The gradient of the loss by a layer's output, and the factor that dropout gives to that by its
/// input.
struct OutputGradient {
  ConstMatrix delta;    ///< δ [batch][out]
  std::size_t out = 0;  ///< its columns
  float scale = 1.0F;
  /// Whether the input is that of a relu, which lets a gradient through only where it is not 0.
  bool of_relu = true;
};

/// y[i][c] = start[c] + Σₖ x[i][k] · W[k][c], for i in `images` and c in `columns`. Row i of x is
/// image i; its entries lie in `inputs`. Without `start` (null), y[i][c] is what it starts from.
void linear_forward(const SparseRow* x, Range inputs, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y);
/// The same on pixels.
void linear_forward(const Pixels& x, Range inputs, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y);

/// Backward through W and the optimizer's step on it, for k in `inputs`. x holds columns: x[k]
/// lists the images in which input k is not 0.
///   dx[i][k] = scale · Σ_c W[k][c] · δ[i][c]   where x[i][k] ≠ 0, else dx[i][k] is not written
///   dW[k][c] = Σᵢ x[i][k] · δ[i][c]            and with it the step on W[k][c]
/// If x is the output of a relu and dx was 0 before, dx becomes the gradient of the relu's input.
void linear_backward_and_update(const SparseRow* x, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                Matrix dx);
/// The same with the entries of x in a list, and dx as a list in the same order: the gradient of
/// entry e is dx[e.value_index].
void linear_backward_and_update(const ListedColumns& x, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                float* dx);

/// The order in which a kernel takes the inputs; the result is the same.
enum class Direction { ascending, descending };

/// The optimizer's step on W[p][c] of a first layer, for p in 0 … inputs − 1 and c in `columns`,
/// with
///   dW[p][c] = start[c] + Σᵢ x[i][p] · δ[i][c]
/// x holds columns. Steps take the inputs in ascending and descending order in turn, so that each
/// begins with the weights that the step before left in the cache: the MLP's first layer and its
/// Adam's moments are 2.4 MB.
void pixel_backward_and_update(const Pixels& x, const float* start, ConstMatrix delta,
                               const Weights& weights, const OptimizerStep& step,
                               std::size_t inputs, Range columns, Direction direction);

/// sum[c] = start[c] + factor · Σ_r rows[r][c], for r in 0 … count − 1. Without `start` (null), it
/// starts from 0.
void column_sums(ConstMatrix rows, std::size_t count, float factor, const float* start,
                 Range columns, float* sum);

}  // namespace mnist_bench::kernels
