#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::native {

/// How the values of a layer lie in memory, for one image: position by position, row by row, the
/// channels of a position next to each other. A vector is a map of one position. The padding is 0.
struct MapShape {
  std::size_t channels = 1;
  std::size_t rows = 1;
  std::size_t columns = 1;
  std::size_t stride = 1;  ///< from one position to the next

  [[nodiscard]] std::size_t positions() const { return rows * columns; }
  /// Floats of an image.
  [[nodiscard]] std::size_t size() const {
    return kernels::round_up(positions() * stride, kernels::kLine);
  }
  /// Where position (row, column) begins.
  [[nodiscard]] std::size_t offset(std::size_t row, std::size_t column) const {
    return (row * columns + column) * stride;
  }
};

/// What moves over a map: a window of size × size, `stride` positions at a time, from `padding`
/// positions outside the map on.
struct Window {
  std::size_t size = 1;
  std::size_t stride = 1;
  std::size_t padding = 0;
};

// Each of the functions below takes one image: x is of the shape `in`, y of the shape `out`. Those
// backward add the gradient of x, dx, that follows from that of y, dy.

/// Row p of the patches is what a window sees at position p of `out`: [size, size, channels], 0
/// outside the map. Rows are `patch_stride(in, window)` floats apart.
void gather_patches(const MapShape& in, const float* x, const Window& window, const MapShape& out,
                    float* patches);
/// Adds the gradient of the patches, `d_patches`, to that of the map.
void scatter_patches(const MapShape& in, const Window& window, const MapShape& out,
                     const float* d_patches, float* dx);
/// Values of a patch, and from one patch to the next.
std::size_t patch_size(const MapShape& in, const Window& window);
std::size_t patch_stride(const MapShape& in, const Window& window);

/// The maxima of each channel in each window; `argmax` [out.size()] are their offsets in x. The
/// first of equals counts, and NaN before numbers, as in LibTorch.
void max_pool(const MapShape& in, const float* x, const Window& window, const MapShape& out,
              float* y, std::uint32_t* argmax);
void max_pool_backward(const MapShape& out, const float* dy, const std::uint32_t* argmax,
                       float* dx);

/// The means of each channel in each window. Outside the map are zeros, which count, as in
/// LibTorch.
void average_pool(const MapShape& in, const float* x, const Window& window, const MapShape& out,
                  float* y);
void average_pool_backward(const MapShape& in, const Window& window, const MapShape& out,
                           const float* dy, float* dx);

/// The mean of each channel: out is a vector of them.
void global_average_pool(const MapShape& in, const float* x, float* y);
void global_average_pool_backward(const MapShape& in, const float* dy, float* dx);

/// The map as a vector, in PyTorch's order: [channels, rows, columns].
void flatten(const MapShape& in, const float* x, float* y);
void flatten_backward(const MapShape& in, const float* dy, float* dx);

/// Every `step`-th row and column. The channels that `out` has more of are left alone.
void subsample(const MapShape& in, const float* x, std::size_t step, const MapShape& out, float* y);
void subsample_backward(const MapShape& in, std::size_t step, const MapShape& out, const float* dy,
                        float* dx);

}  // namespace mnist_bench::native
