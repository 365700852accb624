#pragma once

#include <cstddef>
#include <vector>

#include "kernels/matrix.h"
#include "model/layers.h"
#include "native/turn.h"

namespace mnist_bench::native {

/// The weights and the bias of a linear layer or a convolution, and their gradient.
class Product {
 public:
  /// Adds them to `parameters`. `tensors`: weight and, if there is one, bias. `parts`: in which the
  /// gradient is summed.
  Product(const std::vector<TensorShape>& tensors, std::size_t parts, Parameters& parameters);

  /// y = x · W + b, row by row.
  void multiply(Parameters& parameters, const kernels::StridedMatrix& x, kernels::Range rows,
                kernels::Matrix y) const;
  /// Prepares `multiply_back` for this step: each thread does its part.
  void transpose(const Turn& turn);
  /// dx = start + dy · Wᵀ, row by row; `start` as for kernels::multiply.
  void multiply_back(kernels::ConstMatrix dy, kernels::Range rows, kernels::ConstMatrix start,
                     kernels::Matrix dx) const;

  /// What `rows` rows of x and dy give to a part of the gradient: xᵀ · dy for these inputs, and the
  /// sums of dy for these units.
  void weights_gradient(std::size_t part, const kernels::StridedMatrix& x, kernels::ConstMatrix dy,
                        std::size_t rows, kernels::Range inputs, kernels::Accumulate accumulate);
  void bias_gradient(std::size_t part, kernels::ConstMatrix dy, std::size_t rows,
                     kernels::Range units, kernels::Accumulate accumulate);
  void clear_gradient(std::size_t part);
  /// The optimizer's step on this thread's part of the parameters, with the sum of all parts.
  void update(const Turn& turn);

  [[nodiscard]] std::size_t inputs() const { return inputs_; }
  [[nodiscard]] std::size_t units() const { return units_; }

 private:
  [[nodiscard]] std::size_t size() const { return (inputs_ + (has_bias_ ? 1 : 0)) * units_; }
  /// The bias is the row behind those of the weights.
  [[nodiscard]] kernels::Matrix gradient(std::size_t part) {
    return {gradient_.data() + part * size(), units_};
  }

  std::size_t inputs_ = 0;  ///< of a unit: a patch, for a convolution
  std::size_t units_ = 0;   ///< padded
  bool has_bias_ = false;
  std::size_t parts_ = 1;
  std::size_t begin_ = 0;                     ///< of the weights [inputs][units] and the bias
  kernels::AlignedVector<float> transposed_;  ///< [units][inputs, padded]
  kernels::AlignedVector<float> gradient_;    ///< [parts][size()]
};

}  // namespace mnist_bench::native
