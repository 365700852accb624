#pragma once

#include <optional>
#include <random>
#include <vector>

#include "kernels/channels_last.h"

namespace mnist_bench::kernels {

/// A map of this shape, its output and a window, for the tests of what moves over maps.
struct WindowCase {
  ChannelsLast in;
  Window window;
  [[nodiscard]] ChannelsLast out() const {
    const auto side = [&](std::size_t length) {
      return (length + 2 * window.padding - window.size) / window.stride + 1;
    };
    return {in.channels, side(in.rows), side(in.columns), in.stride};
  }
  /// Where the window of output (row, column) has its position (r, c) in the map.
  [[nodiscard]] std::optional<std::size_t> offset(std::size_t row, std::size_t column,
                                                  std::size_t r, std::size_t c) const {
    const std::size_t map_row = row * window.stride + r;
    const std::size_t map_column = column * window.stride + c;
    if (map_row < window.padding || map_column < window.padding) return {};
    if (map_row - window.padding >= in.rows || map_column - window.padding >= in.columns) return {};
    return in.offset(map_row - window.padding, map_column - window.padding);
  }
};

/// Pixels, padded channels and whole lines of them; windows that reach beyond the map and not.
inline std::vector<WindowCase> window_cases() {
  std::vector<WindowCase> cases;
  for (const Window& window : {Window{5, 1, 2}, Window{5, 1, 0}, Window{3, 2, 1}, Window{2, 2, 0},
                               Window{1, 2, 0}, Window{4, 3, 2}}) {
    for (const auto& [channels, stride] : {std::pair<std::size_t, std::size_t>{1, 1},
                                           {1, 16},
                                           {6, 16},
                                           {16, 16},
                                           {20, 32},
                                           {32, 32}}) {
      cases.push_back({{channels, 7, 9, stride}, window});
    }
  }
  return cases;
}

/// Normal values, and 0 in the padding.
inline AlignedVector<float> random_map(const ChannelsLast& shape, std::mt19937& generator) {
  std::normal_distribution<float> normal;
  AlignedVector<float> values(shape.size(), 0.0F);
  for (std::size_t p = 0; p < shape.positions(); ++p) {
    for (std::size_t c = 0; c < shape.channels; ++c)
      values[p * shape.stride + c] = normal(generator);
  }
  return values;
}

}  // namespace mnist_bench::kernels
