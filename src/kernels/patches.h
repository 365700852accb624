#pragma once

#include "kernels/channels_last.h"

namespace mnist_bench::kernels {

// A patch is what a window sees of a map `in` at a position of its output, `out`:
// [size, size, channels], 0 outside the map. The functions take the positions of some rows of the
// output, of one image.

/// Values of a patch.
std::size_t patch_size(const ChannelsLast& in, const Window& window);
/// Between the patches whose gradient `scatter_patches` takes.
std::size_t patch_stride(const ChannelsLast& in, const Window& window);
/// Floats that so many rows of patches take.
std::size_t patches_size(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                         std::size_t rows);

/// The patches as a matrix [positions][patch], in the memory at `patches`.
StridedMatrix gather_patches(const ChannelsLast& in, const float* x, const Window& window,
                             const ChannelsLast& out, Range rows, float* patches);

/// Adds the gradient of the patches, `d_patches`, to that of the map.
void scatter_patches(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                     Range rows, const float* d_patches, float* dx);

}  // namespace mnist_bench::kernels
