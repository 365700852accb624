#include "kernels/patches.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/patches.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// A call of memmove would take longer than most of these copies.
HWY_INLINE void copy(const float* from, std::size_t size, float* to) {
  const std::size_t lanes = hn::Lanes(kFloats);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::LoadU(kFloats, from + i), kFloats, to + i);
  }
  for (; i < size; ++i) to[i] = from[i];
}

HWY_INLINE void add(const float* from, std::size_t size, float* to) {
  const std::size_t lanes = hn::Lanes(kFloats);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(kFloats, to + i), hn::LoadU(kFloats, from + i)), kFloats, to + i);
  }
  for (; i < size; ++i) to[i] += from[i];
}

/// The channels of a padded position, in whole vectors: what follows them in the patch is
/// overwritten with the padding's zeros.
HWY_INLINE void copy_padded(const float* from, std::size_t channels, float* to) {
  for (std::size_t c = 0; c < channels; c += hn::Lanes(kFloats)) {
    hn::StoreU(hn::LoadU(kFloats, from + c), kFloats, to + c);
  }
}

/// The same backward: the padding stays 0.
HWY_INLINE void add_padded(const float* from, std::size_t channels, float* to) {
  for (std::size_t c = 0; c < channels; c += hn::Lanes(kFloats)) {
    const auto added =
        hn::IfThenElseZero(hn::FirstN(kFloats, channels - c), hn::LoadU(kFloats, from + c));
    hn::StoreU(hn::Add(hn::LoadU(kFloats, to + c), added), kFloats, to + c);
  }
}

/// visit(offset in the map, offset in the patch, positions) for each row of the window at
/// (row, column) of the output, as far as it lies on the map.
template <class Visit>
HWY_INLINE void for_each_run(const ChannelsLast& in, const Window& window, std::size_t row,
                             std::size_t column, const Visit& visit) {
  const Range rows = inside_map(window, row, in.rows);
  const Range columns = inside_map(window, column, in.columns);
  if (columns.size() == 0) return;
  const std::size_t map_column = column * window.stride + columns.begin - window.padding;
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    visit(in.offset(row * window.stride + r - window.padding, map_column),
          (r * window.size + columns.begin) * in.channels, columns.size());
  }
}

/// Patch by patch.
void gather_by_position(const ChannelsLast& in, const float* x, const Window& window,
                        const ChannelsLast& out, Range rows, float* patches) {
  const std::size_t size = patch_size(in, window);
  const std::size_t stride = patch_stride(in, window);
  float* patch = patches;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column, patch += stride) {
      const bool is_inside = inside_map(window, row, in.rows).size() == window.size &&
                             inside_map(window, column, in.columns).size() == window.size;
      if (!is_inside) std::fill_n(patch, size, 0.0F);
      for_each_run(in, window, row, column,
                   [&](std::size_t from, std::size_t to, std::size_t positions) HWY_ATTR {
                     if (in.stride == in.channels) {
                       copy(x + from, positions * in.channels, patch + to);
                       return;
                     }
                     for (std::size_t p = 0; p < positions; ++p) {
                       copy_padded(x + from + p * in.stride, in.channels,
                                   patch + to + p * in.channels);
                     }
                   });
    }
  }
}

/// Of pixels: position by position of the window, since a patch has only short runs of them. What
/// a position of the window sees is `stride` floats from what the one before it sees.
void gather_by_pixel(const ChannelsLast& in, const float* x, const Window& window,
                     const ChannelsLast& out, Range rows, std::size_t stride, float* patches) {
  for (std::size_t r = 0; r < window.size; ++r) {
    for (std::size_t c = 0; c < window.size; ++c) {
      float* to = patches + (r * window.size + c) * stride;
      // The columns of the output first … end − 1 see pixels.
      const auto columns_until = [&](std::size_t bound) {
        return bound <= c ? 0
                          : std::min(out.columns, (bound - c + window.stride - 1) / window.stride);
      };
      const std::size_t first = columns_until(window.padding);
      const std::size_t end = columns_until(window.padding + in.columns);
      for (std::size_t row = rows.begin; row < rows.end; ++row, to += out.columns) {
        const Range seen = inside_map(window, row, in.rows);
        if (r < seen.begin || r >= seen.end || first >= end) {
          std::fill_n(to, out.columns, 0.0F);
          continue;
        }
        std::fill_n(to, first, 0.0F);
        const float* const from = x + in.offset(row * window.stride + r - window.padding,
                                                first * window.stride + c - window.padding);
        if (window.stride == 1) {
          copy(from, end - first, to + first);
        } else {
          for (std::size_t i = 0; i < end - first; ++i) to[first + i] = from[i * window.stride];
        }
        std::fill(to + end, to + out.columns, 0.0F);
      }
    }
  }
}

void scatter(const ChannelsLast& in, const Window& window, const ChannelsLast& out, Range rows,
             const float* d_patches, float* dx) {
  const std::size_t stride = patch_stride(in, window);
  const float* patch = d_patches;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column, patch += stride) {
      for_each_run(in, window, row, column,
                   [&](std::size_t to, std::size_t from, std::size_t positions) HWY_ATTR {
                     if (in.stride == in.channels) {
                       add(patch + from, positions * in.channels, dx + to);
                       return;
                     }
                     for (std::size_t p = 0; p < positions; ++p) {
                       add_padded(patch + from + p * in.channels, in.channels,
                                  dx + to + p * in.stride);
                     }
                   });
    }
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(gather_by_position);
HWY_EXPORT(gather_by_pixel);
HWY_EXPORT(scatter);

std::size_t patch_size(const ChannelsLast& in, const Window& window) {
  return window.size * window.size * in.channels;
}

std::size_t patch_stride(const ChannelsLast& in, const Window& window) {
  return round_up(patch_size(in, window), kLine);
}

/// The last patch may be written, and read, in vectors that reach beyond it.
std::size_t patches_size(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                         std::size_t rows) {
  const std::size_t positions = rows * out.columns;
  return std::max(positions * patch_stride(in, window) + kLine,
                  patch_size(in, window) * padded_stride(positions));
}

StridedMatrix gather_patches(const ChannelsLast& in, const float* x, const Window& window,
                             const ChannelsLast& out, Range rows, float* patches) {
  if (in.stride == 1) {
    const std::size_t stride = padded_stride(rows.size() * out.columns);
    HWY_DYNAMIC_DISPATCH(gather_by_pixel)(in, x, window, out, rows, stride, patches);
    return transposed(ConstMatrix{patches, stride});
  }
  HWY_DYNAMIC_DISPATCH(gather_by_position)(in, x, window, out, rows, patches);
  return strided({patches, patch_stride(in, window)});
}

void scatter_patches(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                     Range rows, const float* d_patches, float* dx) {
  HWY_DYNAMIC_DISPATCH(scatter)(in, window, out, rows, d_patches, dx);
}

}  // namespace mnist_bench::kernels
#endif
