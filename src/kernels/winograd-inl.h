// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_WINOGRAD_INL_H
#undef MNIST_BENCH_KERNELS_WINOGRAD_INL_H
#else
#define MNIST_BENCH_KERNELS_WINOGRAD_INL_H
#endif

#include <cstdint>

#include "kernels/conv2_forward.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

// Winograd's F(2×2, 3×3), one vector of channels at a time: y = Aᵀ (u ⊙ v) A with u = G g Gᵀ of the
// weights and v = Bᵀ x B of the input (Lavin and Gray 2016). Value p of the kPoints is at offset
// point_stride · p, or rows[p].

/// Weights of one input channel for a vector of output channels: u = G g Gᵀ with
/// G = (1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1).
HWY_INLINE void transform_weights_at(const float* weights, std::size_t point_stride, float* u) {
  const hn::RebindToSigned<Floats> integers;
  const auto outputs = hn::Mul(hn::Iota(integers, 0), hn::Set(integers, 9 * kLine));
  const auto half = hn::Set(kFloats, 0.5F);
  Vector rows[4 * 3];
  unroll<3>([&](auto j) MNIST_BENCH_LAMBDA {
    const auto g0 = hn::GatherIndex(kFloats, weights + j * kLine, outputs);
    const auto g1 = hn::GatherIndex(kFloats, weights + (3 + j) * kLine, outputs);
    const auto g2 = hn::GatherIndex(kFloats, weights + (6 + j) * kLine, outputs);
    const auto even = hn::Mul(half, hn::Add(g0, g2));
    rows[j] = g0;
    rows[3 + j] = hn::MulAdd(half, g1, even);
    rows[6 + j] = hn::NegMulAdd(half, g1, even);
    rows[9 + j] = g2;
  });
  unroll<4>([&](auto i) MNIST_BENCH_LAMBDA {
    const Vector* row = rows + 3 * i;
    float* to = u + 4 * i * point_stride;
    const auto even = hn::Mul(half, hn::Add(row[0], row[2]));
    hn::StoreU(row[0], kFloats, to);
    hn::StoreU(hn::MulAdd(half, row[1], even), kFloats, to + point_stride);
    hn::StoreU(hn::NegMulAdd(half, row[1], even), kFloats, to + 2 * point_stride);
    hn::StoreU(row[2], kFloats, to + 3 * point_stride);
  });
}

/// v = Bᵀ (x − background) B with B = (1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1)ᵀ, for the 4×4 values
/// that begin at x. A null background is 0.
HWY_INLINE void transform_input_at(const float* x, const float* background, std::size_t row_stride,
                                   const std::uint32_t* rows, float* v) {
  Vector columns[kPoints];
  unroll<4>([&](auto j) MNIST_BENCH_LAMBDA {
    const float* const to = x + j * kLine;
    auto d0 = hn::LoadU(kFloats, to);
    auto d1 = hn::LoadU(kFloats, to + row_stride);
    auto d2 = hn::LoadU(kFloats, to + 2 * row_stride);
    auto d3 = hn::LoadU(kFloats, to + 3 * row_stride);
    if (background != nullptr) {
      const float* const from = background + j * kLine;
      d0 = hn::Sub(d0, hn::LoadU(kFloats, from));
      d1 = hn::Sub(d1, hn::LoadU(kFloats, from + row_stride));
      d2 = hn::Sub(d2, hn::LoadU(kFloats, from + 2 * row_stride));
      d3 = hn::Sub(d3, hn::LoadU(kFloats, from + 3 * row_stride));
    }
    columns[j] = hn::Sub(d0, d2);
    columns[4 + j] = hn::Add(d1, d2);
    columns[8 + j] = hn::Sub(d2, d1);
    columns[12 + j] = hn::Sub(d1, d3);
  });
  unroll<4>([&](auto i) MNIST_BENCH_LAMBDA {
    const Vector* column = columns + 4 * i;
    const std::uint32_t* row = rows + 4 * i;
    hn::StoreU(hn::Sub(column[0], column[2]), kFloats, v + row[0]);
    hn::StoreU(hn::Add(column[1], column[2]), kFloats, v + row[1]);
    hn::StoreU(hn::Sub(column[2], column[1]), kFloats, v + row[2]);
    hn::StoreU(hn::Sub(column[1], column[3]), kFloats, v + row[3]);
  });
}

/// One vector of output channels of a tile: y = start + Aᵀ m A with A = (1 0; 1 1; 1 −1; 0 −1).
/// Value p of m is at m[rows[p]], value q of start at start[q · start_stride].
HWY_INLINE void transform_output_at(const float* m, const std::uint32_t* rows, const float* start,
                                    std::size_t start_stride, Vector* y) {
  Vector top[4];
  Vector bottom[4];
  unroll<4>([&](auto j) MNIST_BENCH_LAMBDA {
    const auto m0 = hn::LoadU(kFloats, m + rows[j]);
    const auto m1 = hn::LoadU(kFloats, m + rows[4 + j]);
    const auto m2 = hn::LoadU(kFloats, m + rows[8 + j]);
    const auto m3 = hn::LoadU(kFloats, m + rows[12 + j]);
    top[j] = hn::Add(hn::Add(m0, m1), m2);
    bottom[j] = hn::Sub(hn::Sub(m1, m2), m3);
  });
  y[0] = hn::Add(hn::Add(top[0], top[1]), top[2]);
  y[1] = hn::Sub(hn::Sub(top[1], top[2]), top[3]);
  y[2] = hn::Add(hn::Add(bottom[0], bottom[1]), bottom[2]);
  y[3] = hn::Sub(hn::Sub(bottom[1], bottom[2]), bottom[3]);
  unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
    y[q] = hn::Add(y[q], hn::LoadU(kFloats, start + q * start_stride));
  });
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
