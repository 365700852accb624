#pragma once

#include <cstdint>

#include "kernels/feature_map.h"

namespace mnist_bench::kernels {

/// conv1: 3×3, padding 1, from one channel to `channels`, then 2×2 max pooling and relu.
/// Pooling leaves out the last row or column of an odd number of them, as in PyTorch.
/// Weights: [channels / kLine][9][kLine], the nine of a channel row by row.
struct Conv1 {
  std::size_t rows = 0;     ///< of the image; at least 2
  std::size_t columns = 0;  ///< of the image; at least 2
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

/// What conv1 reads and writes for an image. The backward pass needs all of it again.
struct Conv1Saved {
  float* image = nullptr;                ///< [image_size()], see load_image
  std::uint8_t* nonzero_mask = nullptr;  ///< [output().mask_size()]; null for the background itself
  float* map = nullptr;                  ///< [output().size()]
  std::uint8_t* positions = nullptr;     ///< [positions_size()]
};

/// map[p][c] = max(0, max_q (bias[c] + Σ_δ weights[δ][c] · image[2p + q + δ − 1])), q over the four
/// pixels of pooling window p, and positions[c / kLine][p][c % kLine] the first q (row by row, 0 to
/// 3) that has the maximum. NaN stays NaN.
/// `background` is what this function makes of an image without nonzero pixels. Where the mask of
/// an image is 0, its map is copied from there, and its positions are not written. Counted over
/// MNIST's 60,000 training images, 19 % of the pixels are not 0, and 38 % of the map is computed.
void conv1_forward(const Conv1& conv, const ConvolutionParameters& parameters,
                   const Conv1Saved& background, const Conv1Saved& saved);

/// Adds the gradients of weights and bias of the kLine channels from block · kLine on, given d_map,
/// the gradient of these channels, one block of a map. The gradient passes only where map > 0:
///   gradients.weights[δ][c] += Σ_p d_map[p][c] · image[2p + q(p, c) + δ − 1]
///   gradients.bias[c] += Σ_p d_map[p][c]
/// Where the mask (not null here) is 0, image, map and positions are those of `background`.
void conv1_backward(const Conv1& conv, std::size_t block, const Conv1Saved& background,
                    const Conv1Saved& saved, const float* d_map,
                    const ConvolutionGradients& gradients);

}  // namespace mnist_bench::kernels
