#pragma once

#include <random>

#include "kernels/matrix.h"
#include "kernels/optimizer.h"

namespace mnist_bench::kernels {

/// A padded matrix that owns its memory; the padding is 0.
struct Owned {
  std::size_t rows = 0;
  std::size_t columns = 0;
  AlignedVector<float> values;

  Owned(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), values(rows * padded_stride(columns), 0.0F) {}

  Matrix view() { return {values.data(), padded_stride(columns)}; }
  float& at(std::size_t row, std::size_t column) { return view().row(row)[column]; }
};

/// Standard normal values; a fraction of 1 − density of them is 0.
inline Owned random_matrix(std::size_t rows, std::size_t columns, std::mt19937& generator,
                           double density = 1.0) {
  std::normal_distribution<float> normal;
  std::bernoulli_distribution present(density);
  Owned matrix(rows, columns);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      if (present(generator)) matrix.at(r, c) = normal(generator);
    }
  }
  return matrix;
}

/// With β₁ = 0 the first moment after a step is the gradient itself.
inline OptimizerStep gradient_as_moment() { return adam_step(0.01, 0.0, 0.999, 1e-8, 0.0, 1); }

/// The weights after `update` alone. Its gradient is what a fused kernel left in the first
/// moments.
inline Owned stepped(const Owned& gradient, Owned weights) {
  Owned first(weights.rows, weights.columns);
  Owned second(weights.rows, weights.columns);
  update(gradient_as_moment(), gradient.values.data(),
         {weights.values.data(), {first.values.data(), second.values.data()}},
         weights.values.size());
  return weights;
}

}  // namespace mnist_bench::kernels
