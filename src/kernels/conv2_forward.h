#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv2.h"

namespace mnist_bench::kernels {

// Winograd's F(2×2, 3×3) (Lavin and Gray 2016) computes a tile of 2×2 outputs from 4×4 inputs with
// 16 multiplications for each pair of channels instead of 36.

/// The points of the transformed domain: multiplications for a tile and a pair of channels.
inline constexpr std::size_t kPoints = 16;

/// Floats of `transformed`: [kPoints][in_channels][out_channels].
std::size_t conv2_transformed_size(const Conv2& conv);

/// transformed = G g Gᵀ of the weights g between every input and every output channel.
void conv2_transform_weights(const Conv2& conv, const float* weights, float* transformed);

/// Conv2's output for conv1's map of the background. Only the tiles in `tiles` are filled in, at
/// most nine; they represent the others (see Conv2::representative_tile).
struct BackgroundResponse {
  BackgroundResponse() = default;
  explicit BackgroundResponse(const Conv2& conv);
  const float* map = nullptr;  ///< conv1's, owned by the caller
  std::vector<std::size_t> tiles;
  AlignedVector<float> outputs;  ///< [tiles][2×2][out_channels]: before the pooling
  AlignedVector<float> pooled;   ///< [tiles][out_channels]
  AlignedVector<std::uint32_t> positions;
};

/// The output of conv2, max pooling, dropout2d and relu for an image. Channels that dropout2d keeps
/// are packed to the front, in any order: channels[slot] is the channel in a slot. A slot of factor
/// 0 is padding up to a whole vector; channels without a slot are dropped.
struct PooledMap {
  PooledMap() = default;
  explicit PooledMap(const Conv2& conv);
  std::size_t width = 0;                   ///< at most out_channels
  AlignedVector<float> values;             ///< [tiles][width]
  AlignedVector<std::uint32_t> positions;  ///< [tiles][width]
  AlignedVector<std::uint32_t> channels;   ///< [width]
  AlignedVector<float> factors;            ///< [width]: dropout2d's
};
/// The position of an inactive unit, whose value is 0.
inline constexpr std::uint32_t kInactive = 4;

/// Scratch of `conv2_forward`, for a group of tiles and `width` output channels.
struct Conv2Scratch {
  Conv2Scratch() = default;
  explicit Conv2Scratch(const Conv2& conv);
  AlignedVector<float> v;        ///< [kPoints][tiles, padded][in_channels]
  AlignedVector<float> m;        ///< [kPoints][tiles, padded][width], then a row of zeros [width]
  AlignedVector<float> weights;  ///< [in_channels][width], of a point
  AlignedVector<std::uint32_t> relocated;  ///< channels that move to the slots of dropped ones
  BackgroundResponse background;           ///< with [width] for [out_channels]
};

/// Fills in `background` from conv1's `map` of the background, which must outlive it.
void conv2_forward_background(const Conv2& conv, const float* map, const float* transformed,
                              const float* bias, Conv2Scratch& scratch,
                              BackgroundResponse& background);

/// What conv2 reads of an image: conv1's map x, and where it differs from the background's.
struct Conv2Input {
  const float* map = nullptr;                  ///< [input.size()]
  const std::uint8_t* nonzero_mask = nullptr;  ///< [input.mask_size()]
};

/// For all tiles t and the channels o that have a slot (see PooledMap):
///   values[t][o] = max(0, factors[o] · max_q (bias[o] + Σ_c Σ_δ weights[c][o][δ] ·
///                                             x[c][2t + q + δ − 1])), q in 2×2
///   positions[t][o]: the first q (row by row, 0 to 3) that has the maximum, or kInactive
/// for factors [out_channels], dropout2d's: 0 or 1 / (1 − p). NaN stays NaN, and is active.
/// It is computed as the difference from the background response: where the mask is 0, x equals the
/// background's map, and multiplications that see no other values are skipped.
void conv2_forward(const Conv2& conv, const Conv2Input& input, const BackgroundResponse& background,
                   const float* transformed, const float* factors, Conv2Scratch& scratch,
                   PooledMap& pooled);

}  // namespace mnist_bench::kernels
