#include "kernels/conv2_forward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2_forward.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

#ifndef MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
#define MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
namespace mnist_bench::kernels {
namespace {

constexpr std::size_t kPoints = 16;  ///< multiplications per tile and pair of channels
constexpr std::size_t kGroup = 64;   ///< tiles that are worked on together

}  // namespace
}  // namespace mnist_bench::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

using Unsigned = hn::RebindToUnsigned<Floats>;

/// What a product of matrices keeps in registers: kTiles × kColumns sums, kColumns weights and an
/// input.
constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 != 0 || HWY_TARGET <= HWY_AVX3;
constexpr std::size_t kTiles = 6;
constexpr std::size_t kColumns = kManyRegisters ? 4 : 2;

/// Weights of one input channel for a vector of output channels: u = G g Gᵀ with
/// G = (1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1).
HWY_INLINE void transform_weights_at(const float* weights, std::size_t point_stride, float* u) {
  const hn::RebindToSigned<Floats> integers;
  const auto outputs = hn::Mul(hn::Iota(integers, 0), hn::Set(integers, 9 * kLine));
  const auto half = hn::Set(kFloats, 0.5F);
  Vector rows[4 * 3];
  unroll<3>([&](auto j) HWY_ATTR {
    const auto g0 = hn::GatherIndex(kFloats, weights + j * kLine, outputs);
    const auto g1 = hn::GatherIndex(kFloats, weights + (3 + j) * kLine, outputs);
    const auto g2 = hn::GatherIndex(kFloats, weights + (6 + j) * kLine, outputs);
    const auto even = hn::Mul(half, hn::Add(g0, g2));
    rows[j] = g0;
    rows[3 + j] = hn::MulAdd(half, g1, even);
    rows[6 + j] = hn::NegMulAdd(half, g1, even);
    rows[9 + j] = g2;
  });
  unroll<4>([&](auto i) HWY_ATTR {
    const Vector* row = rows + 3 * i;
    float* to = u + 4 * i * point_stride;
    const auto even = hn::Mul(half, hn::Add(row[0], row[2]));
    hn::StoreU(row[0], kFloats, to);
    hn::StoreU(hn::MulAdd(half, row[1], even), kFloats, to + point_stride);
    hn::StoreU(hn::NegMulAdd(half, row[1], even), kFloats, to + 2 * point_stride);
    hn::StoreU(row[2], kFloats, to + 3 * point_stride);
  });
}

void transform_weights(const Conv2& conv, const float* weights, Range outputs, float* transformed) {
  const std::size_t ins = conv.input.channels;
  const std::size_t outs = conv.out_channels;
  for (std::size_t o = outputs.begin; o < outputs.end; o += hn::Lanes(kFloats)) {
    for (std::size_t c = 0; c < ins; ++c) {
      transform_weights_at(weights + (c / kLine * outs + o) * 9 * kLine + c % kLine, ins * outs,
                           transformed + c * outs + o);
    }
  }
}

/// One vector of channels of a tile: v = Bᵀ x B with B = (1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1)ᵀ.
HWY_INLINE void transform_input_at(const float* x, std::size_t row_stride, std::size_t point_stride,
                                   float* v) {
  Vector rows[kPoints];
  unroll<4>([&](auto j) HWY_ATTR {
    const auto x0 = hn::LoadU(kFloats, x + j * kLine);
    const auto x1 = hn::LoadU(kFloats, x + row_stride + j * kLine);
    const auto x2 = hn::LoadU(kFloats, x + 2 * row_stride + j * kLine);
    const auto x3 = hn::LoadU(kFloats, x + 3 * row_stride + j * kLine);
    rows[j] = hn::Sub(x0, x2);
    rows[4 + j] = hn::Add(x1, x2);
    rows[8 + j] = hn::Sub(x2, x1);
    rows[12 + j] = hn::Sub(x1, x3);
  });
  unroll<4>([&](auto i) HWY_ATTR {
    const Vector* row = rows + 4 * i;
    float* to = v + 4 * i * point_stride;
    hn::StoreU(hn::Sub(row[0], row[2]), kFloats, to);
    hn::StoreU(hn::Add(row[1], row[2]), kFloats, to + point_stride);
    hn::StoreU(hn::Sub(row[2], row[1]), kFloats, to + 2 * point_stride);
    hn::StoreU(hn::Sub(row[1], row[3]), kFloats, to + 3 * point_stride);
  });
}

/// m[t][o] = Σ_c v[t][c] · u[c][o] for kRows tiles and kVectors vectors of output channels.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_block(const float* HWY_RESTRICT v, const float* HWY_RESTRICT u,
                               std::size_t in_channels, std::size_t out_channels,
                               float* HWY_RESTRICT m) {
  const std::size_t lanes = hn::Lanes(kFloats);
  Vector sums[kRows * kVectors];
  unroll<kRows * kVectors>([&](auto i) HWY_ATTR { sums[i] = hn::Zero(kFloats); });
  for (std::size_t c = 0; c < in_channels; ++c) {
    Vector weights[kVectors];
    unroll<kVectors>([&](auto j) HWY_ATTR {
      weights[j] = hn::LoadU(kFloats, u + c * out_channels + j * lanes);
    });
    unroll<kRows>([&](auto t) HWY_ATTR {
      const auto input = hn::Set(kFloats, v[t * in_channels + c]);
      unroll<kVectors>([&](auto j) HWY_ATTR {
        sums[t * kVectors + j] = hn::MulAdd(input, weights[j], sums[t * kVectors + j]);
      });
    });
  }
  unroll<kRows>([&](auto t) HWY_ATTR {
    unroll<kVectors>([&](auto j) HWY_ATTR {
      hn::StoreU(sums[t * kVectors + j], kFloats, m + t * out_channels + j * lanes);
    });
  });
}

/// The same for all `tiles`: blocks of kRows, the rest in a smaller one.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_tiles(const float* v, const float* u, std::size_t tiles,
                               std::size_t in_channels, std::size_t out_channels, float* m) {
  std::size_t t = 0;
  for (; t + kRows <= tiles; t += kRows) {
    multiply_block<kRows, kVectors>(v + t * in_channels, u, in_channels, out_channels,
                                    m + t * out_channels);
  }
  if constexpr (kRows > 1) {
    if (t < tiles) {
      multiply_tiles<kRows - 1, kVectors>(v + t * in_channels, u, tiles - t, in_channels,
                                          out_channels, m + t * out_channels);
    }
  }
}

/// The same for all output channels.
template <std::size_t kVectors>
HWY_INLINE void multiply(const float* v, const float* u, std::size_t tiles, std::size_t in_channels,
                         std::size_t out_channels, std::size_t first, float* m) {
  const std::size_t width = kVectors * hn::Lanes(kFloats);
  for (; first + width <= out_channels; first += width) {
    multiply_tiles<kTiles, kVectors>(v, u + first, tiles, in_channels, out_channels, m + first);
  }
  if constexpr (kVectors > 1) {
    multiply<kVectors / 2>(v, u, tiles, in_channels, out_channels, first, m);
  }
}

/// One vector of output channels of a tile: y = Aᵀ m A with A = (1 0; 1 1; 1 −1; 0 −1), and its
/// maximum.
HWY_INLINE void pool_at(const float* m, std::size_t point_stride, const float* bias, float* pooled,
                        std::uint32_t* position) {
  const Unsigned integers;
  Vector top[4];
  Vector bottom[4];
  unroll<4>([&](auto j) HWY_ATTR {
    const auto m0 = hn::LoadU(kFloats, m + j * point_stride);
    const auto m1 = hn::LoadU(kFloats, m + (4 + j) * point_stride);
    const auto m2 = hn::LoadU(kFloats, m + (8 + j) * point_stride);
    const auto m3 = hn::LoadU(kFloats, m + (12 + j) * point_stride);
    top[j] = hn::Add(hn::Add(m0, m1), m2);
    bottom[j] = hn::Sub(hn::Sub(m1, m2), m3);
  });
  const Vector y[4] = {hn::Add(hn::Add(top[0], top[1]), top[2]),
                       hn::Sub(hn::Sub(top[1], top[2]), top[3]),
                       hn::Add(hn::Add(bottom[0], bottom[1]), bottom[2]),
                       hn::Sub(hn::Sub(bottom[1], bottom[2]), bottom[3])};
  Vector best = y[0];
  auto first = hn::Zero(integers);
  unroll<3>([&](auto i) HWY_ATTR {
    const auto better = hn::Gt(y[i + 1], best);
    best = hn::IfThenElse(better, y[i + 1], best);
    first = hn::IfThenElse(hn::RebindMask(integers, better),
                           hn::Set(integers, static_cast<std::uint32_t>(i + 1)), first);
  });
  hn::StoreU(hn::Add(best, hn::LoadU(kFloats, bias)), kFloats, pooled);
  hn::StoreU(first, integers, position);
}

void forward(const Conv2& conv, const float* x, const float* transformed, const float* bias,
             const std::uint32_t* tiles, std::size_t count, float* scratch, float* pooled,
             std::uint32_t* positions) {
  const std::size_t ins = conv.input.channels;
  const std::size_t outs = conv.out_channels;
  float* v = scratch;
  float* m = scratch + kPoints * HWY_MIN(kGroup, conv.tiles()) * ins;
  for (std::size_t first = 0; first < count; first += kGroup) {
    const std::size_t group = HWY_MIN(kGroup, count - first);
    for (std::size_t t = 0; t < group; ++t) {
      for (std::size_t c = 0; c < ins; c += hn::Lanes(kFloats)) {
        transform_input_at(
            x + c / kLine * conv.input.block_stride() + conv.window(tiles[first + t]) + c % kLine,
            conv.input.row_stride(), group * ins, v + t * ins + c);
      }
    }
    for (std::size_t point = 0; point < kPoints; ++point) {
      multiply<kColumns>(v + point * group * ins, transformed + point * ins * outs, group, ins,
                         outs, 0, m + point * group * outs);
    }
    for (std::size_t t = 0; t < group; ++t) {
      const std::size_t unit = tiles[first + t] * outs;
      for (std::size_t o = 0; o < outs; o += hn::Lanes(kFloats)) {
        pool_at(m + t * outs + o, group * outs, bias + o, pooled + unit + o, positions + unit + o);
      }
    }
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(transform_weights);
HWY_EXPORT(forward);

std::size_t conv2_transformed_size(const Conv2& conv) {
  return kPoints * conv.input.channels * conv.out_channels;
}

void conv2_transform_weights(const Conv2& conv, const float* weights, Range outputs,
                             float* transformed) {
  HWY_DYNAMIC_DISPATCH(transform_weights)(conv, weights, outputs, transformed);
}

std::size_t conv2_forward_scratch(const Conv2& conv) {
  return kPoints * std::min(kGroup, conv.tiles()) * (conv.input.channels + conv.out_channels);
}

void conv2_forward(const Conv2& conv, const float* x, const float* transformed, const float* bias,
                   const std::uint32_t* tiles, std::size_t count, float* scratch, float* pooled,
                   std::uint32_t* positions) {
  HWY_DYNAMIC_DISPATCH(forward)
  (conv, x, transformed, bias, tiles, count, scratch, pooled, positions);
}

}  // namespace mnist_bench::kernels
#endif
