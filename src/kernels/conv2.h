#pragma once

#include "kernels/feature_map.h"

namespace mnist_bench::kernels {

/// conv2: 3×3, padding 1, from the channels of `input` to `out_channels` (a multiple of kLine),
/// then 2×2 max pooling. The windows of the pooling are called tiles; they leave out the last row
/// or column of an odd number of them.
struct Conv2 {
  MapShape input;
  std::size_t out_channels = 0;

  [[nodiscard]] std::size_t tile_rows() const { return input.rows / 2; }
  [[nodiscard]] std::size_t tile_columns() const { return input.columns / 2; }
  [[nodiscard]] std::size_t tiles() const { return tile_rows() * tile_columns(); }
  /// Values after the pooling, [tiles][out_channels].
  [[nodiscard]] std::size_t units() const { return tiles() * out_channels; }
  /// The offset of the 4×4 values of the input that a tile sees.
  [[nodiscard]] std::size_t window(std::size_t tile) const {
    return input.window(tile / tile_columns() * 2, tile % tile_columns() * 2);
  }
  /// The first tile of the background that equals its tile (row, column): nine tiles represent all
  /// of them, since the background's maps vary only at the borders.
  [[nodiscard]] std::size_t representative_tile(std::size_t row, std::size_t column) const {
    return first_of_class(border_class(row, tile_rows()), tile_rows()) * tile_columns() +
           first_of_class(border_class(column, tile_columns()), tile_columns());
  }
  /// Weights are [in_channels / kLine][out_channels][9][kLine]: the nine weights row by row, each
  /// for kLine input channels.
  [[nodiscard]] std::size_t weights_size() const { return input.channels * out_channels * 9; }
};

}  // namespace mnist_bench::kernels
