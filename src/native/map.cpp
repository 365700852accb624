#include "native/map.h"

#include <algorithm>

namespace mnist_bench::native {

using kernels::Range;

namespace {

/// visit(row, column, index) for the positions of a map, in order.
template <class Visit>
void for_each_position(const ChannelsLast& map, const Visit& visit) {
  for (std::size_t row = 0, index = 0; row < map.rows; ++row) {
    for (std::size_t column = 0; column < map.columns; ++column) visit(row, column, index++);
  }
}

/// visit(offset in the map) for the positions of the window at (row, column) of the output.
template <class Visit>
void for_each_inside(const ChannelsLast& in, const Window& window, std::size_t row,
                     std::size_t column, const Visit& visit) {
  const Range rows = kernels::inside_map(window, row, in.rows);
  const Range columns = kernels::inside_map(window, column, in.columns);
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t c = columns.begin; c < columns.end; ++c) {
      visit(in.offset(row * window.stride + r - window.padding,
                      column * window.stride + c - window.padding));
    }
  }
}

void add(const float* from, std::size_t size, float* to) {
  for (std::size_t i = 0; i < size; ++i) to[i] += from[i];
}

}  // namespace

void average_pool(const ChannelsLast& in, const float* x, const Window& window,
                  const ChannelsLast& out, float* y) {
  const float factor = 1.0F / static_cast<float>(window.size * window.size);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    float* const sum = y + index * out.stride;
    std::fill_n(sum, out.channels, 0.0F);
    for_each_inside(in, window, row, column,
                    [&](std::size_t from) { add(x + from, in.channels, sum); });
    for (std::size_t c = 0; c < out.channels; ++c) sum[c] *= factor;
  });
}

void average_pool_backward(const ChannelsLast& in, const Window& window, const ChannelsLast& out,
                           const float* dy, float* dx) {
  const float factor = 1.0F / static_cast<float>(window.size * window.size);
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    const float* const gradient = dy + index * out.stride;
    for_each_inside(in, window, row, column, [&](std::size_t to) {
      for (std::size_t c = 0; c < in.channels; ++c) dx[to + c] += factor * gradient[c];
    });
  });
}

void global_average_pool(const ChannelsLast& in, const float* x, float* y) {
  std::fill_n(y, in.channels, 0.0F);
  for (std::size_t p = 0; p < in.positions(); ++p) add(x + p * in.stride, in.channels, y);
  const float factor = 1.0F / static_cast<float>(in.positions());
  for (std::size_t c = 0; c < in.channels; ++c) y[c] *= factor;
}

void global_average_pool_backward(const ChannelsLast& in, const float* dy, float* dx) {
  const float factor = 1.0F / static_cast<float>(in.positions());
  for (std::size_t p = 0; p < in.positions(); ++p) {
    for (std::size_t c = 0; c < in.channels; ++c) dx[p * in.stride + c] += factor * dy[c];
  }
}

void flatten(const ChannelsLast& in, const float* x, float* y) {
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (std::size_t p = 0; p < in.positions(); ++p) *y++ = x[p * in.stride + c];
  }
}

void flatten_backward(const ChannelsLast& in, const float* dy, float* dx) {
  for (std::size_t c = 0; c < in.channels; ++c) {
    for (std::size_t p = 0; p < in.positions(); ++p) dx[p * in.stride + c] += *dy++;
  }
}

void subsample(const ChannelsLast& in, const float* x, std::size_t step, const ChannelsLast& out,
               float* y) {
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    std::copy_n(x + in.offset(row * step, column * step), in.channels, y + index * out.stride);
  });
}

void subsample_backward(const ChannelsLast& in, std::size_t step, const ChannelsLast& out,
                        const float* dy, float* dx) {
  for_each_position(out, [&](std::size_t row, std::size_t column, std::size_t index) {
    add(dy + index * out.stride, in.channels, dx + in.offset(row * step, column * step));
  });
}

}  // namespace mnist_bench::native
