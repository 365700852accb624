#pragma once

#include <cstdint>

#include "kernels/conv2.h"

namespace mnist_bench::kernels {

// Winograd's F(2×2, 3×3) (Lavin and Gray 2016): a tile of 2×2 outputs from 4×4 inputs in 16
// multiplications for each pair of channels instead of 36.

/// Floats of `transformed`: [16][in_channels][out_channels].
std::size_t conv2_transformed_size(const Conv2& conv);

/// transformed = G g Gᵀ of the weights g between every input channel and the output channels in
/// `outputs`, whose bounds are multiples of kLine.
void conv2_transform_weights(const Conv2& conv, const float* weights, Range outputs,
                             float* transformed);

/// Floats of `scratch` for `conv2_forward`.
std::size_t conv2_forward_scratch(const Conv2& conv);

/// What conv2 makes of the map of an image without ink. Most of its tiles see the same; only the
/// tiles t with conv.like(t) == t are filled in.
struct BlankTiles {
  const float* map = nullptr;  ///< of conv1
  float* outputs = nullptr;    ///< [tiles][2×2][out_channels]: before the pooling
  float* pooled = nullptr;     ///< [tiles][out_channels]
  std::uint32_t* positions = nullptr;
};

/// Fills in `blank`, as `conv2_forward` would, from its map.
void conv2_forward_blank(const Conv2& conv, const float* transformed, const float* bias,
                         float* scratch, const BlankTiles& blank);

/// For all tiles t:
///   pooled[t][o] = max_q (bias[o] + Σ_c Σ_δ weights[c][o][δ] · x[c][2t + q + δ − 1]), q in 2×2
///   positions[t][o]: the first q (row by row, 0 to 3) that has the maximum
/// computed as the difference from `blank`: multiplications that see none of the `ink` of the image
/// (see find_ink), where x is as in `blank`, are left out.
void conv2_forward(const Conv2& conv, const float* x, const std::uint8_t* ink,
                   const BlankTiles& blank, const float* transformed, float* scratch, float* pooled,
                   std::uint32_t* positions);

}  // namespace mnist_bench::kernels
