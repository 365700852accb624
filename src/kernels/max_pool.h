#pragma once

#include <cstdint>

#include "kernels/channels_last.h"

namespace mnist_bench::kernels {

/// The maxima of each channel in each window, of one image; `argmax` [out.size()] are their offsets
/// in x. `out` has the stride of `in`. The first of equals counts, and NaN before numbers, as in
/// LibTorch.
void max_pool(const ChannelsLast& in, const float* x, const Window& window, const ChannelsLast& out,
              float* y, std::uint32_t* argmax);

/// Adds the gradient of x, dx, that follows from that of y, dy.
void max_pool_backward(const ChannelsLast& out, const float* dy, const std::uint32_t* argmax,
                       float* dx);

}  // namespace mnist_bench::kernels
