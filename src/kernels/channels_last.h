#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// How the values of a layer lie in memory, for one image: position by position, row by row, the
/// channels of a position next to each other. A vector is a map of one position. Positions are 1
/// float apart, those of pixels, or a multiple of kLine. The padding is 0.
struct ChannelsLast {
  std::size_t channels = 1;
  std::size_t rows = 1;
  std::size_t columns = 1;
  std::size_t stride = 1;  ///< from one position to the next

  [[nodiscard]] std::size_t positions() const { return rows * columns; }
  /// Floats of an image.
  [[nodiscard]] std::size_t size() const { return round_up(positions() * stride, kLine); }
  /// Where position (row, column) begins.
  [[nodiscard]] std::size_t offset(std::size_t row, std::size_t column) const {
    return (row * columns + column) * stride;
  }
};

/// What moves over a map: a window of size × size, `stride` positions at a time, from `padding`
/// positions outside the map on.
struct Window {
  std::size_t size = 1;
  std::size_t stride = 1;
  std::size_t padding = 0;
};

/// The part of a window, 0 … size − 1, that lies on the map's side of `length` positions, where the
/// window is the one of position `index` of the output.
inline Range inside_map(const Window& window, std::size_t index, std::size_t length) {
  const std::size_t begin = index * window.stride;  // counted from `padding` before the map
  const std::size_t first = std::max(begin, window.padding);
  const std::size_t end = std::min(begin + window.size, window.padding + length);
  return end <= first ? Range{0, 0} : Range{first - begin, end - begin};
}

}  // namespace mnist_bench::kernels
