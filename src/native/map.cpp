#include "native/map.h"

#include <algorithm>
#include <cmath>

namespace mnist_bench::native {

using kernels::Range;

namespace {

/// The part of a window, 0 … size − 1, that lies on the map's side of `length` positions, where the
/// window is the one of position `index` of the output.
Range inside(const Window& window, std::size_t index, std::size_t length) {
  const std::size_t begin = index * window.stride;  // counted from `padding` before the map
  const std::size_t first = std::max(begin, window.padding);
  const std::size_t end = std::min(begin + window.size, window.padding + length);
  return end <= first ? Range{0, 0} : Range{first - begin, end - begin};
}

/// visit(offset in the map, offset in the patch, floats) for the contiguous parts of the window at
/// (row, column) of the output that lie on the map.
template <class Visit>
void for_each_run(const MapShape& in, const Window& window, std::size_t row, std::size_t column,
                  const Visit& visit) {
  const Range rows = inside(window, row, in.rows);
  const Range columns = inside(window, column, in.columns);
  if (rows.size() == 0 || columns.size() == 0) return;
  const bool is_dense = in.stride == in.channels;
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    const std::size_t map_row = row * window.stride + r - window.padding;
    const std::size_t map_column = column * window.stride + columns.begin - window.padding;
    const std::size_t from = in.offset(map_row, map_column);
    const std::size_t to = (r * window.size + columns.begin) * in.channels;
    if (is_dense) {
      visit(from, to, columns.size() * in.channels);
    } else {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        visit(from + c * in.stride, to + c * in.channels, in.channels);
      }
    }
  }
}

/// visit(row, column, index) for the positions of a map, in order.
template <class Visit>
void for_each_position(const MapShape& map, const Visit& visit) {
  for (std::size_t row = 0, index = 0; row < map.rows; ++row) {
    for (std::size_t column = 0; column < map.columns; ++column) visit(row, column, index++);
  }
}

/// visit(offset in the map) for the positions of the window at (row, column) of the output.
template <class Visit>
void for_each_inside(const MapShape& in, const Window& window, std::size_t row, std::size_t column,
                     const Visit& visit) {
  const Range rows = inside(window, row, in.rows);
  const Range columns = inside(window, column, in.columns);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t c = columns.begin; c < columns.end; ++c) {
      visit(in.offset(row * window.stride + r - window.padding,
                      column * window.stride + c - window.padding));
    }
  }
}

/// A run of a 5 × 5 window on an image is 20 bytes: a call of memmove would take longer than they
/// do.
void copy(const float* from, std::size_t size, float* to) {
  if (size >= kernels::kLine) {
    std::copy_n(from, size, to);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

void add(const float* from, std::size_t size, float* to) {
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

}  // namespace

std::size_t patch_size(const MapShape& in, const Window& window) {
  return window.size * window.size * in.channels;
}

std::size_t patch_stride(const MapShape& in, const Window& window) {
  return kernels::round_up(patch_size(in, window), kernels::kLine);
}

void gather_patches(const MapShape& in, const float* x, const Window& window, const MapShape& out,
                    float* patches) {
  const std::size_t size = patch_size(in, window);
  const std::size_t stride = patch_stride(in, window);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    float* const patch = patches + index * stride;
    const bool is_inside = inside(window, row, in.rows).size() == window.size &&
                           inside(window, column, in.columns).size() == window.size;
    if (!is_inside) std::fill_n(patch, size, 0.0F);
    for_each_run(in, window, row, column, [&](std::size_t from, std::size_t to, std::size_t count) {
      copy(x + from, count, patch + to);
    });
  });
}

void scatter_patches(const MapShape& in, const Window& window, const MapShape& out,
                     const float* d_patches, float* dx) {
  const std::size_t stride = patch_stride(in, window);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    const float* const patch = d_patches + index * stride;
    for_each_run(in, window, row, column, [&](std::size_t to, std::size_t from, std::size_t count) {
      add(patch + from, count, dx + to);
    });
  });
}

void max_pool(const MapShape& in, const float* x, const Window& window, const MapShape& out,
              float* y, std::uint32_t* argmax) {
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    float* const best = y + index * out.stride;
    std::uint32_t* const offsets = argmax + index * out.stride;
    bool is_first = true;
    for_each_inside(in, window, row, column, [&](std::size_t from) {
      for (std::size_t c = 0; c < in.stride; ++c) {  // whole vectors
        const float value = x[from + c];
        const bool is_better = is_first || value > best[c] || std::isnan(value);
        best[c] = is_better ? value : best[c];
        offsets[c] = is_better ? static_cast<std::uint32_t>(from + c) : offsets[c];
      }
      is_first = false;
    });
  });
}

void max_pool_backward(const MapShape& out, const float* dy, const std::uint32_t* argmax,
                       float* dx) {
  for (std::size_t p = 0; p < out.positions(); ++p) {
    for (std::size_t c = 0; c < out.channels; ++c) {
      dx[argmax[p * out.stride + c]] += dy[p * out.stride + c];
    }
  }
}

void average_pool(const MapShape& in, const float* x, const Window& window, const MapShape& out,
                  float* y) {
  const float factor = 1.0F / static_cast<float>(window.size * window.size);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    float* const sum = y + index * out.stride;
    std::fill_n(sum, out.channels, 0.0F);
    for_each_inside(in, window, row, column,
                    [&](std::size_t from) { add(x + from, in.channels, sum); });
    for (std::size_t c = 0; c < out.channels; ++c) sum[c] *= factor;
  });
}

void average_pool_backward(const MapShape& in, const Window& window, const MapShape& out,
                           const float* dy, float* dx) {
  const float factor = 1.0F / static_cast<float>(window.size * window.size);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    const float* const gradient = dy + index * out.stride;
    for_each_inside(in, window, row, column, [&](std::size_t to) {
      for (std::size_t c = 0; c < in.channels; ++c) dx[to + c] += factor * gradient[c];
    });
  });
}

void global_average_pool(const MapShape& in, const float* x, float* y) {
  std::fill_n(y, in.channels, 0.0F);
  for (std::size_t p = 0; p < in.positions(); ++p) add(x + p * in.stride, in.channels, y);
  const float factor = 1.0F / static_cast<float>(in.positions());
  for (std::size_t c = 0; c < in.channels; ++c) y[c] *= factor;
}

void global_average_pool_backward(const MapShape& in, const float* dy, float* dx) {
  const float factor = 1.0F / static_cast<float>(in.positions());
  for (std::size_t p = 0; p < in.positions(); ++p) {
    for (std::size_t c = 0; c < in.channels; ++c) dx[p * in.stride + c] += factor * dy[c];
  }
}

void flatten(const MapShape& in, const float* x, float* y) {
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (std::size_t p = 0; p < in.positions(); ++p) *y++ = x[p * in.stride + c];
  }
}

void flatten_backward(const MapShape& in, const float* dy, float* dx) {
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (std::size_t p = 0; p < in.positions(); ++p) dx[p * in.stride + c] += *dy++;
  }
}

void subsample(const MapShape& in, const float* x, std::size_t step, const MapShape& out,
               float* y) {
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    std::copy_n(x + in.offset(row * step, column * step), in.channels, y + index * out.stride);
  });
}

void subsample_backward(const MapShape& in, std::size_t step, const MapShape& out, const float* dy,
                        float* dx) {
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    add(dy + index * out.stride, in.channels, dx + in.offset(row * step, column * step));
  });
}

}  // namespace mnist_bench::native
