// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_MULTIPLY_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#undef MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#else
#define MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#endif

#include <algorithm>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

/// A product of matrices keeps kSums sums, kColumns vectors of weights and one input in registers:
/// 29 of 32, or 15 of 16. So many sums keep two FMA units busy, which need 2 · 4 independent sums.
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 != 0 || HWY_TARGET <= HWY_AVX3;
inline constexpr std::size_t kSums = kManyRegisters ? 24 : 12;
inline constexpr std::size_t kColumns = kManyRegisters ? 4 : 2;

/// m[t][o] = Σ_c v[t][c] · u[c][o], for kRows tiles and kVectors vectors of output channels.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_block(const float* HWY_RESTRICT v, const float* HWY_RESTRICT u,
                               std::size_t in_channels, std::size_t out_channels,
                               float* HWY_RESTRICT m) {
  const std::size_t lanes = hn::Lanes(kFloats);
  Vector sums[kRows * kVectors];
  unroll<kRows * kVectors>([&](auto i) MNIST_BENCH_LAMBDA { sums[i] = hn::Zero(kFloats); });
  for (std::size_t c = 0; c < in_channels; ++c) {
    Vector weights[kVectors];
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      weights[j] = hn::LoadU(kFloats, u + c * out_channels + j * lanes);
    });
    unroll<kRows>([&](auto t) MNIST_BENCH_LAMBDA {
      const auto input = hn::Set(kFloats, v[t * in_channels + c]);
      unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
        sums[t * kVectors + j] = hn::MulAdd(input, weights[j], sums[t * kVectors + j]);
      });
    });
  }
  unroll<kRows>([&](auto t) MNIST_BENCH_LAMBDA {
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      hn::StoreU(sums[t * kVectors + j], kFloats, m + t * out_channels + j * lanes);
    });
  });
}

/// The same for all `tiles`: in blocks of kRows, and the rest in a smaller block.
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

/// The same for all output channels from `first` on.
template <std::size_t kVectors = kColumns>
HWY_INLINE void multiply(const float* v, const float* u, std::size_t tiles, std::size_t in_channels,
                         std::size_t out_channels, float* m, std::size_t first = 0) {
  constexpr std::size_t kRows = std::min(kSums / kVectors, std::size_t{12});
  const std::size_t width = kVectors * hn::Lanes(kFloats);
  for (; first + width <= out_channels; first += width) {
    multiply_tiles<kRows, kVectors>(v, u + first, tiles, in_channels, out_channels, m + first);
  }
  if constexpr (kVectors > 1) {
    multiply<kVectors - 1>(v, u, tiles, in_channels, out_channels, m, first);
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
