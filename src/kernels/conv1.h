#pragma once

#include <cstdint>

#include "kernels/feature_map.h"

namespace mnist_bench::kernels {

/// conv1: 3×3, padding 1, from one channel to `channels`, then 2×2 max pooling and relu.
/// Weights: [channels / kLine][9][kLine], the nine of a channel row by row.
struct Conv1 {
  std::size_t rows = 0;     ///< of the image; even
  std::size_t columns = 0;  ///< of the image; even
  std::size_t channels = 0;

  [[nodiscard]] MapShape output() const { return {rows / 2, columns / 2, channels}; }
  [[nodiscard]] std::size_t image_size() const { return (rows + 2) * (columns + 2); }
  [[nodiscard]] std::size_t weights_size() const { return channels * 9; }
  /// One position of a maximum for each value of the output.
  [[nodiscard]] std::size_t positions_size() const { return rows / 2 * (columns / 2) * channels; }
};

/// [rows + 2][columns + 2]: factor · byte + offset, in a border of zeros.
void load_image(const Conv1& conv, const std::uint8_t* bytes, float factor, float offset,
                float* image);

/// The background, which is an image without nonzero pixels, and what `conv1_forward` without a
/// mask gives for it.
struct BackgroundMap {
  const float* image = nullptr;
  const float* map = nullptr;
  const std::uint8_t* positions = nullptr;
};

/// map[p][c] = max(0, max_q (bias[c] + Σ_δ weights[δ][c] · image[2p + q + δ − 1])), q over the four
/// pixels of pooling window p, and positions[c / kLine][p][c % kLine] the first q (row by row, 0 to
/// 3) that has the maximum. NaN stays NaN.
/// Where `nonzero_mask` is 0, the map is copied from `background`, whose positions hold there;
/// without a mask (null), nothing is copied.
void conv1_forward(const Conv1& conv, const float* weights, const float* bias, const float* image,
                   const std::uint8_t* nonzero_mask, const BackgroundMap& background, float* map,
                   std::uint8_t* positions);

/// Adds the gradients of weights and bias of the kLine channels from block · kLine on, given
/// d(loss)/d(map) of these, one block of a map; only where map > 0 does any pass:
///   d_weights[δ][c] += Σ_p d_map[p][c] · image[2p + q(p, c) + δ − 1],   d_bias[c] += Σ_p
///   d_map[p][c]
/// Where `nonzero_mask` (not null here) is 0, the map and the positions are those of `background`.
void conv1_backward(const Conv1& conv, std::size_t block, const float* image,
                    const std::uint8_t* nonzero_mask, const BackgroundMap& background,
                    const float* map, const std::uint8_t* positions, const float* d_map,
                    float* d_weights, float* d_bias);

}  // namespace mnist_bench::kernels
