#pragma once

#include <cstddef>

#include "kernels/channels_last.h"

namespace mnist_bench::native {

using kernels::ChannelsLast;
using kernels::Window;

// Each of the functions below takes one image: x is of the shape `in`, y of the shape `out`. Those
// backward add the gradient of x, dx, that follows from that of y, dy. Convolutions and max
// pooling, which take longer, are in kernels/.

/// The means of each channel in each window. Outside the map are zeros, which count, as in
/// LibTorch.
void average_pool(const ChannelsLast& in, const float* x, const Window& window,
                  const ChannelsLast& out, float* y);
void average_pool_backward(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                           const float* dy, float* dx);

/// The mean of each channel: out is a vector of them.
void global_average_pool(const ChannelsLast& in, const float* x, float* y);
void global_average_pool_backward(const ChannelsLast& in, const float* dy, float* dx);

/// The map as a vector, in PyTorch's order: [channels, rows, columns].
void flatten(const ChannelsLast& in, const float* x, float* y);
void flatten_backward(const ChannelsLast& in, const float* dy, float* dx);

/// Every `step`-th row and column. The channels that `out` has more of are left alone.
void subsample(const ChannelsLast& in, const float* x, std::size_t step, const ChannelsLast& out,
               float* y);
void subsample_backward(const ChannelsLast& in, std::size_t step, const ChannelsLast& out,
                        const float* dy, float* dx);

}  // namespace mnist_bench::native
