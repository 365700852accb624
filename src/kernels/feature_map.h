#pragma once

#include <algorithm>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// Conv1's output of an image: rows × columns × channels, the channels a multiple of
/// kLine (padded with channels that stay 0), stored as
///   [channels / kLine][rows + 2][columns + 2][kLine]
/// with a border of zeros, so that every 3×3 window is computed alike. Row r and column c of the
/// map are at (r + 1, c + 1); the window around them begins at `window(r, c)`.
struct MapShape {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t channels = 0;

  [[nodiscard]] std::size_t row_stride() const { return (columns + 2) * kLine; }
  [[nodiscard]] std::size_t block_stride() const { return (rows + 2) * row_stride(); }
  [[nodiscard]] std::size_t size() const { return channels / kLine * block_stride(); }
  [[nodiscard]] std::size_t window(std::size_t row, std::size_t column) const {
    return row * row_stride() + column * kLine;
  }
  /// A nonzero mask (see make_nonzero_mask) is [rows + 2][columns + 2].
  [[nodiscard]] std::size_t mask_stride() const { return columns + 2; }
  [[nodiscard]] std::size_t mask_size() const { return (rows + 2) * mask_stride(); }
  [[nodiscard]] std::size_t mask_index(std::size_t row, std::size_t column) const {
    return (row + 1) * mask_stride() + column + 1;
  }
};

/// Weights and bias of a convolution, in the layout that its struct documents.
struct ConvolutionParameters {
  const float* weights = nullptr;
  const float* bias = nullptr;
};
/// Their gradients, in the same layout.
struct ConvolutionGradients {
  float* weights = nullptr;
  float* bias = nullptr;
};

// What is made of the background varies at its borders only. The border class of a row (column)
// among `size` is 0 for the first, 2 for the last and 1 between; rows of a class are the same.

constexpr std::size_t border_class(std::size_t i, std::size_t size) {
  return i == 0 ? 0 : i + 1 == size ? 2 : 1;
}
/// The first row of a border class; any row if there is none.
constexpr std::size_t first_of_class(std::size_t border, std::size_t size) {
  return border == 2 ? size - 1 : std::min(border, size - 1);
}

}  // namespace mnist_bench::kernels
