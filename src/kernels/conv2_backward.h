#pragma once

#include "kernels/conv2.h"
#include "kernels/live_units.h"

namespace mnist_bench::kernels {

// Backward through conv2 and its pooling. Only live units have a gradient, and each of them only
// at the position q(u) in its tile t(u) that had the maximum: some 6 % of the map.
// gradient: d(loss)/d(value before dropout2d) of the live units, in their order.

/// For the kLine input channels c from block · kLine on:
///   d_x[c][2t + q + δ − 1] = Σ over live u of weights[c][o(u)][δ] · gradient[u]
/// d_x is one block of a map; its border is written, but means nothing.
void conv2_backward_data(const Conv2& conv, std::size_t block, const float* weights,
                         const LiveUnits& live, const float* gradient, float* d_x);

/// Room for `conv2_backward_weights`.
struct UnitsByChannel {
  std::uint32_t* windows = nullptr;  ///< [out_channels][tiles]
  float* gradients = nullptr;        ///< [out_channels][tiles]
  std::uint32_t* counts = nullptr;   ///< [out_channels]
};

/// d_weights[c][o][δ] += Σ over live u of o: gradient[u] · x[c][2t + q + δ − 1]
/// d_bias[o] += Σ over live u of o: gradient[u]
void conv2_backward_weights(const Conv2& conv, const float* x, const LiveUnits& live,
                            const float* gradient, const UnitsByChannel& scratch, float* d_weights,
                            float* d_bias);

}  // namespace mnist_bench::kernels
