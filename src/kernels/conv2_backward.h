#pragma once

#include "kernels/active_units.h"
#include "kernels/conv2.h"

namespace mnist_bench::kernels {

// Backward through conv2 and its pooling. Only active units u have a gradient, and only at the
// position q(u) of the maximum in their tile t(u), so most of the map has none: at least three of
// four positions. Both kernels therefore go through the list of active units, not through the map.
// gradient: d(loss)/d(value before dropout2d) of the active units, in their order.

/// For the kLine input channels c from block · kLine on:
///   d_x[c][2t + q + δ − 1] = Σ over active u of weights[c][o(u)][δ] · gradient[u]
/// d_x is one block of a map; what is written to its border has no meaning.
void conv2_backward_data(const Conv2& conv, std::size_t block, const float* weights,
                         const ActiveUnits& active, const float* gradient, float* d_x);

/// Scratch of `conv2_backward_weights`: the active units of an image by channel.
struct UnitsByChannel {
  struct Unit {
    std::uint32_t window;  ///< as in ActiveUnits
    float gradient;
  };
  UnitsByChannel() = default;
  explicit UnitsByChannel(const Conv2& conv) : units(conv.units()), counts(conv.out_channels) {}
  AlignedVector<Unit> units;            ///< [out_channels][tiles]
  AlignedVector<std::uint32_t> counts;  ///< [out_channels]
};

/// gradients.weights[c][o][δ] = Σ over active u of o: gradient[u] · x[c][2t + q + δ − 1]
/// gradients.bias[o] = Σ over active u of o: gradient[u]
void conv2_backward_weights(const Conv2& conv, const float* x, const ActiveUnits& active,
                            const float* gradient, UnitsByChannel& scratch, Accumulate accumulate,
                            const ConvolutionGradients& gradients);

}  // namespace mnist_bench::kernels
