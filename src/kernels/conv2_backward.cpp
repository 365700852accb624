#include "kernels/conv2_backward.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2_backward.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Adds one tile's gradient for one vector of input channels to the 4×4 values that it sees.
HWY_INLINE void backward_tile(const float* weights, std::size_t first_unit,
                              const std::uint32_t* index, std::uint32_t begin,
                              const std::uint32_t* ends, const float* gradient,
                              std::size_t row_stride, float* d_x) {
  Vector sums[16];
  unroll<16>([&](auto i) HWY_ATTR { sums[i] = hn::Zero(kFloats); });
  unroll<4>([&](auto q) HWY_ATTR {
    for (std::uint32_t i = q == 0 ? begin : ends[q - 1]; i < ends[q]; ++i) {
      const auto factor = hn::Set(kFloats, gradient[i]);
      const float* from = weights + (index[i] - first_unit) * 9 * kLine;
      unroll<9>([&](auto delta) HWY_ATTR {
        constexpr std::size_t at = (q / 2 + delta / 3) * 4 + q % 2 + delta % 3;
        sums[at] = hn::MulAdd(factor, hn::LoadU(kFloats, from + delta * kLine), sums[at]);
      });
    }
  });
  unroll<16>([&](auto i) HWY_ATTR {
    float* to = d_x + i / 4 * row_stride + i % 4 * kLine;
    hn::StoreU(hn::Add(hn::LoadU(kFloats, to), sums[i]), kFloats, to);
  });
}

void backward_data(const Conv2& conv, std::size_t block, const float* weights,
                   const LiveUnits& live, const float* gradient, float* d_x) {
  std::fill_n(d_x, conv.input.block_stride(), 0.0F);
  weights += block * conv.out_channels * 9 * kLine;
  for (std::size_t lane = 0; lane < kLine; lane += hn::Lanes(kFloats)) {
    std::uint32_t begin = 0;
    for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
      const std::uint32_t* ends = live.ends + 4 * tile;
      if (ends[3] == begin) continue;
      backward_tile(weights + lane, tile * conv.out_channels, live.index, begin, ends, gradient,
                    conv.input.row_stride(), d_x + conv.window(tile) + lane);
      begin = ends[3];
    }
  }
}

/// Adds what one output channel's live units give for one vector of input channels.
HWY_INLINE void backward_channel(const float* x, std::size_t row_stride,
                                 const std::uint32_t* windows, const float* gradients,
                                 std::uint32_t count, float* d_weights) {
  Vector sums[9];
  unroll<9>([&](auto delta)
                HWY_ATTR { sums[delta] = hn::LoadU(kFloats, d_weights + delta * kLine); });
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto factor = hn::Set(kFloats, gradients[i]);
    const float* from = x + windows[i];
    unroll<9>([&](auto delta) HWY_ATTR {
      const auto value = hn::LoadU(kFloats, from + delta / 3 * row_stride + delta % 3 * kLine);
      sums[delta] = hn::MulAdd(factor, value, sums[delta]);
    });
  }
  unroll<9>([&](auto delta)
                HWY_ATTR { hn::StoreU(sums[delta], kFloats, d_weights + delta * kLine); });
}

void backward_weights(const Conv2& conv, const float* x, const UnitsByChannel& units,
                      float* d_weights) {
  for (std::size_t c = 0; c < conv.input.channels; c += hn::Lanes(kFloats)) {
    const float* block = x + c / kLine * conv.input.block_stride() + c % kLine;
    float* to = d_weights + c / kLine * conv.out_channels * 9 * kLine + c % kLine;
    for (std::size_t o = 0; o < conv.out_channels; ++o) {
      if (units.counts[o] == 0) continue;
      backward_channel(block, conv.input.row_stride(), units.windows + o * conv.tiles(),
                       units.gradients + o * conv.tiles(), units.counts[o], to + o * 9 * kLine);
    }
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {
namespace {

HWY_EXPORT(backward_data);
HWY_EXPORT(backward_weights);

void sort_by_channel(const Conv2& conv, const LiveUnits& live, const float* gradient,
                     const UnitsByChannel& units, float* d_bias) {
  std::fill_n(units.counts, conv.out_channels, 0U);
  std::uint32_t i = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const std::size_t first_unit = tile * conv.out_channels;
    for (; i < live.ends[4 * tile + 3]; ++i) {
      const std::size_t channel = live.index[i] - first_unit;
      const std::size_t at = channel * conv.tiles() + units.counts[channel]++;
      const float value = gradient[i];
      units.windows[at] = live.window[i];
      units.gradients[at] = value;
      d_bias[channel] += value;
    }
  }
}

}  // namespace

void conv2_backward_data(const Conv2& conv, std::size_t block, const float* weights,
                         const LiveUnits& live, const float* gradient, float* d_x) {
  HWY_DYNAMIC_DISPATCH(backward_data)(conv, block, weights, live, gradient, d_x);
}

void conv2_backward_weights(const Conv2& conv, const float* x, const LiveUnits& live,
                            const float* gradient, const UnitsByChannel& scratch, float* d_weights,
                            float* d_bias) {
  sort_by_channel(conv, live, gradient, scratch, d_bias);
  HWY_DYNAMIC_DISPATCH(backward_weights)(conv, x, scratch, d_weights);
}

}  // namespace mnist_bench::kernels
#endif
