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

/// For one vector of input channels, adds what a tile's active units give to the gradient of the
/// 4×4 values that the tile sees.
HWY_INLINE void backward_tile(const float* weights, std::size_t first_unit,
                              const std::uint32_t* index, std::uint32_t begin,
                              const std::uint32_t* ends, const float* gradient, Vector* sums) {
  unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
    for (std::uint32_t i = q == 0 ? begin : ends[q - 1]; i < ends[q]; ++i) {
      const auto factor = hn::Set(kFloats, gradient[i]);
      const float* from = weights + (index[i] - first_unit) * 9 * kLine;
      unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA {
        constexpr std::size_t at = (q / 2 + delta / 3) * 4 + q % 2 + delta % 3;
        sums[at] = hn::MulAdd(factor, hn::LoadU(kFloats, from + delta * kLine), sums[at]);
      });
    }
  });
}

/// A row of tiles for one vector of input channels; d_x begins at the window of its first tile.
/// The tiles see four rows of values. The upper two already hold what the row of tiles above gave,
/// unless this `is_first`; the lower two hold nothing yet.
template <bool is_first>
HWY_INLINE void backward_row(const Conv2& conv, const float* weights, std::size_t first_tile,
                             const ActiveUnits& active, const float* gradient, float* d_x) {
  const std::size_t row_stride = conv.input.row_stride();
  Vector sums[16];
  unroll<16>([&](auto i) MNIST_BENCH_LAMBDA { sums[i] = hn::Zero(kFloats); });
  const auto store_columns = [&](float* to) MNIST_BENCH_LAMBDA {
    unroll<8>([&](auto i) MNIST_BENCH_LAMBDA {
      constexpr std::size_t row = i / 2;
      float* const at = to + row * row_stride + i % 2 * kLine;
      auto sum = sums[row * 4 + i % 2];
      if constexpr (row < 2 && !is_first) sum = hn::Add(sum, hn::LoadU(kFloats, at));
      hn::StoreU(sum, kFloats, at);
    });
  };
  for (std::size_t column = 0; column < conv.tile_columns(); ++column) {
    const std::size_t tile = first_tile + column;
    const std::uint32_t* ends = active.ends + 4 * tile;
    backward_tile(weights, tile * conv.out_channels, active.index, tile == 0 ? 0 : ends[-1], ends,
                  gradient, sums);
    store_columns(d_x + 2 * column * kLine);
    // The two columns on the right are the two on the left of the next tile.
    unroll<8>([&](auto i) MNIST_BENCH_LAMBDA {
      constexpr std::size_t at = i / 2 * 4 + i % 2;
      sums[at] = sums[at + 2];
      sums[at + 2] = hn::Zero(kFloats);
    });
  }
  store_columns(d_x + 2 * conv.tile_columns() * kLine);
}

void backward_data(const Conv2& conv, std::size_t block, const float* weights,
                   const ActiveUnits& active, const float* gradient, float* d_x) {
  weights += block * conv.out_channels * 9 * kLine;
  for (std::size_t lane = 0; lane < kLine; lane += hn::Lanes(kFloats)) {
    backward_row<true>(conv, weights + lane, 0, active, gradient, d_x + lane);
    for (std::size_t row = 1; row < conv.tile_rows(); ++row) {
      backward_row<false>(conv, weights + lane, row * conv.tile_columns(), active, gradient,
                          d_x + conv.input.window(2 * row, 0) + lane);
    }
  }
}

/// Vectors of input channels that `backward_weights` takes at a time, with nine sums each: 18 of 32
/// registers, or 9 of 16.
constexpr std::size_t kInputs = kFewRegisters ? 1 : 2;

/// Sums what one output channel's active units give for some vectors of input channels, whose
/// values and weights begin at x[v] and d_weights[v]. Returns the sum of the units' gradients.
template <std::size_t kVectors>
HWY_INLINE float backward_channel(const float* const* x, std::size_t row_stride,
                                  const UnitsByChannel::Unit* units, std::uint32_t count,
                                  Accumulate accumulate, float* const* d_weights) {
  Vector sums[9 * kVectors];
  if (accumulate == Accumulate::yes) {
    unroll<9 * kVectors>([&](auto i) MNIST_BENCH_LAMBDA {
      sums[i] = hn::LoadU(kFloats, d_weights[i / 9] + i % 9 * kLine);
    });
  } else {
    unroll<9 * kVectors>([&](auto i) MNIST_BENCH_LAMBDA { sums[i] = hn::Zero(kFloats); });
  }
  auto total = hn::Zero(kFloats);
  for (std::uint32_t u = 0; u < count; ++u) {
    const auto factor = hn::Set(kFloats, units[u].gradient);
    total = hn::Add(total, factor);
    const std::size_t window = units[u].window;
    unroll<9 * kVectors>([&](auto i) MNIST_BENCH_LAMBDA {
      constexpr std::size_t delta = i % 9;
      const auto value =
          hn::LoadU(kFloats, x[i / 9] + window + delta / 3 * row_stride + delta % 3 * kLine);
      sums[i] = hn::MulAdd(factor, value, sums[i]);
    });
  }
  unroll<9 * kVectors>([&](auto i) MNIST_BENCH_LAMBDA {
    hn::StoreU(sums[i], kFloats, d_weights[i / 9] + i % 9 * kLine);
  });
  return hn::GetLane(total);
}

/// For all output channels, and the input channels from `c` on.
template <std::size_t kVectors>
HWY_INLINE void backward_inputs(const Conv2& conv, const float* x, const UnitsByChannel& units,
                                std::size_t c, Accumulate accumulate,
                                ConvolutionGradients gradients) {
  const bool is_first = c == 0;
  const float* inputs[kVectors];
  float* weights[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v, c += hn::Lanes(kFloats)) {
    inputs[v] = x + c / kLine * conv.input.block_stride() + c % kLine;
    weights[v] = gradients.weights + c / kLine * conv.out_channels * 9 * kLine + c % kLine;
  }
  for (std::size_t o = 0; o < conv.out_channels; ++o) {
    if (units.counts[o] > 0 || accumulate == Accumulate::no) {
      const float sum = backward_channel<kVectors>(inputs, conv.input.row_stride(),
                                                   units.units.data() + o * conv.tiles(),
                                                   units.counts[o], accumulate, weights);
      if (is_first) {
        float& d_bias = gradients.bias[o];
        d_bias = accumulate == Accumulate::yes ? d_bias + sum : sum;
      }
    }
    for (float*& weight : weights) weight += 9 * kLine;
  }
}

void backward_weights(const Conv2& conv, const float* x, const UnitsByChannel& units,
                      Accumulate accumulate, ConvolutionGradients gradients) {
  const std::size_t lanes = hn::Lanes(kFloats);
  std::size_t c = 0;
  for (; c + kInputs * lanes <= conv.input.channels; c += kInputs * lanes) {
    backward_inputs<kInputs>(conv, x, units, c, accumulate, gradients);
  }
  for (; c < conv.input.channels; c += lanes) {
    backward_inputs<1>(conv, x, units, c, accumulate, gradients);
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

void sort_by_channel(const Conv2& conv, const ActiveUnits& active, const float* gradient,
                     UnitsByChannel& by_channel) {
  UnitsByChannel::Unit* const units = by_channel.units.data();
  std::uint32_t* const counts = by_channel.counts.data();
  std::fill_n(counts, conv.out_channels, 0U);
  std::uint32_t i = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const std::size_t first_unit = tile * conv.out_channels;
    for (; i < active.ends[4 * tile + 3]; ++i) {
      const std::size_t channel = active.index[i] - first_unit;
      units[channel * conv.tiles() + counts[channel]++] = {active.window[i], gradient[i]};
    }
  }
}

}  // namespace

void conv2_backward_data(const Conv2& conv, std::size_t block, const float* weights,
                         const ActiveUnits& active, const float* gradient, float* d_x) {
  HWY_DYNAMIC_DISPATCH(backward_data)(conv, block, weights, active, gradient, d_x);
}

void conv2_backward_weights(const Conv2& conv, const float* x, const ActiveUnits& active,
                            const float* gradient, UnitsByChannel& scratch, Accumulate accumulate,
                            const ConvolutionGradients& gradients) {
  sort_by_channel(conv, active, gradient, scratch);
  HWY_DYNAMIC_DISPATCH(backward_weights)(conv, x, scratch, accumulate, gradients);
}

}  // namespace mnist_bench::kernels
#endif
