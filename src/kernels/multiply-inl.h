// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_MULTIPLY_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#undef MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#else
#define MNIST_BENCH_KERNELS_MULTIPLY_INL_H
#endif

#include <algorithm>

#include "kernels/matrix.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

/// A product of matrices keeps kSums sums, kColumns vectors of weights and one input in registers:
/// 29 of 32, or 15 of 16. So many sums keep two FMA units busy, which need 2 · 4 independent sums.
inline constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 != 0 || HWY_TARGET <= HWY_AVX3;
inline constexpr std::size_t kSums = kManyRegisters ? 24 : 12;
inline constexpr std::size_t kColumns = kManyRegisters ? 4 : 2;

/// c[i][j] = start[i][j] + Σₖ a(i, k) · b[k][j] for k in 0 … depth − 1, kRows rows and kVectors
/// vectors of columns. Without `start` (null), it starts from 0.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_block(const StridedMatrix& a, ConstMatrix b, std::size_t depth,
                               ConstMatrix start, Matrix c) {
  const std::size_t lanes = hn::Lanes(kFloats);
  Vector sums[kRows * kVectors];
  unroll<kRows>([&](auto i) MNIST_BENCH_LAMBDA {
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      sums[i * kVectors + j] =
          start.data == nullptr ? hn::Zero(kFloats) : hn::LoadU(kFloats, start.row(i) + j * lanes);
    });
  });
  for (std::size_t k = 0; k < depth; ++k) {
    Vector weights[kVectors];
    unroll<kVectors>(
        [&](auto j) MNIST_BENCH_LAMBDA { weights[j] = hn::LoadU(kFloats, b.row(k) + j * lanes); });
    unroll<kRows>([&](auto i) MNIST_BENCH_LAMBDA {
      const auto input = hn::Set(kFloats, a.at(i, k));
      unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
        sums[i * kVectors + j] = hn::MulAdd(input, weights[j], sums[i * kVectors + j]);
      });
    });
  }
  unroll<kRows>([&](auto i) MNIST_BENCH_LAMBDA {
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      hn::StoreU(sums[i * kVectors + j], kFloats, c.row(i) + j * lanes);
    });
  });
}

/// The same for all rows in `rows`: in blocks of kRows, and the rest in a smaller block.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_rows(const StridedMatrix& a, ConstMatrix b, std::size_t depth, Range rows,
                              ConstMatrix start, Matrix c) {
  std::size_t i = rows.begin;
  for (; i + kRows <= rows.end; i += kRows) {
    multiply_block<kRows, kVectors>(a.from_row(i), b, depth, start.from(i, 0), c.from(i, 0));
  }
  if constexpr (kRows > 1) {
    if (i < rows.end) {
      multiply_rows<kRows - 1, kVectors>(a, b, depth, {i, rows.end}, start, c);
    }
  }
}

/// The same for all columns in `columns`, whose bounds are multiples of kLine.
template <std::size_t kVectors = kColumns>
HWY_INLINE void multiply_in_blocks(const StridedMatrix& a, ConstMatrix b, std::size_t depth,
                                   Range rows, Range columns, ConstMatrix start, Matrix c) {
  constexpr std::size_t kRows = std::min(kSums / kVectors, std::size_t{12});
  const std::size_t width = kVectors * hn::Lanes(kFloats);
  std::size_t first = columns.begin;
  for (; first + width <= columns.end; first += width) {
    multiply_rows<kRows, kVectors>(a, b.from(0, first), depth, rows, start.from(0, first),
                                   c.from(0, first));
  }
  if constexpr (kVectors > 1) {
    multiply_in_blocks<kVectors - 1>(a, b, depth, rows, {first, columns.end}, start, c);
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
