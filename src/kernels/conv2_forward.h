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

/// For each of the `count` tiles t in `tiles`:
///   pooled[t][o] = max_q (bias[o] + Σ_c Σ_δ weights[c][o][δ] · x[c][2t + q + δ − 1]), q in 2×2
///   positions[t][o]: the first q (row by row, 0 to 3) that has the maximum
void conv2_forward(const Conv2& conv, const float* x, const float* transformed, const float* bias,
                   const std::uint32_t* tiles, std::size_t count, float* scratch, float* pooled,
                   std::uint32_t* positions);

}  // namespace mnist_bench::kernels
