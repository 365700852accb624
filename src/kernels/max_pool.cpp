#include "kernels/max_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/max_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void pool(D d, const ChannelsLast& in, const float* x, const Window& window,
                     const ChannelsLast& out, float* y, std::uint32_t* argmax) {
  const hn::RebindToUnsigned<D> du;
  const auto lane = hn::Iota(du, 0);
  for (std::size_t row = 0; row < out.rows; ++row) {
    const Range rows = inside_map(window, row, in.rows);
    for (std::size_t column = 0; column < out.columns; ++column) {
      const Range columns = inside_map(window, column, in.columns);
      if (rows.size() == 0 || columns.size() == 0) continue;
      const std::size_t first = in.offset(row * window.stride + rows.begin - window.padding,
                                          column * window.stride + columns.begin - window.padding);
      for (std::size_t c = 0; c < in.stride; c += hn::Lanes(d)) {
        auto best = hn::LoadU(d, x + first + c);
        auto best_offset = hn::Set(du, static_cast<std::uint32_t>(first + c));
        for (std::size_t r = 0; r < rows.size(); ++r) {
          for (std::size_t k = 0; k < columns.size(); ++k) {
            const std::size_t offset = first + in.offset(r, k) + c;
            const auto value = hn::LoadU(d, x + offset);
            const auto is_better = hn::Or(hn::Gt(value, best), hn::IsNaN(value));
            best = hn::IfThenElse(is_better, value, best);
            best_offset =
                hn::IfThenElse(hn::RebindMask(du, is_better),
                               hn::Set(du, static_cast<std::uint32_t>(offset)), best_offset);
          }
        }
        const std::size_t to = out.offset(row, column) + c;
        hn::StoreU(best, d, y + to);
        hn::StoreU(hn::Add(best_offset, lane), du, argmax + to);
      }
    }
  }
}

void pool_any(const ChannelsLast& in, const float* x, const Window& window, const ChannelsLast& out,
              float* y, std::uint32_t* argmax) {
  if (in.stride == 1) {
    pool(hn::CappedTag<float, 1>(), in, x, window, out, y, argmax);
  } else {
    pool(hn::CappedTag<float, kLine>(), in, x, window, out, y, argmax);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(pool_any);

void max_pool(const ChannelsLast& in, const float* x, const Window& window, const ChannelsLast& out,
              float* y, std::uint32_t* argmax) {
  HWY_DYNAMIC_DISPATCH(pool_any)(in, x, window, out, y, argmax);
}

void max_pool_backward(const ChannelsLast& out, const float* dy, const std::uint32_t* argmax,
                       float* dx) {
  for (std::size_t p = 0; p < out.positions(); ++p) {
    for (std::size_t c = 0; c < out.channels; ++c) {
      dx[argmax[p * out.stride + c]] += dy[p * out.stride + c];
    }
  }
}

}  // namespace mnist_bench::kernels
#endif
