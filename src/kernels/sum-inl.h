// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_SUM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_SUM_INL_H
#undef MNIST_BENCH_KERNELS_SUM_INL_H
#else
#define MNIST_BENCH_KERNELS_SUM_INL_H
#endif

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

/// sums[i] = factor · the sum of the lanes of vectors[i], for four vectors.
HWY_INLINE void four_sums(const Vector* vectors, float factor, float* sums) {
  for (std::size_t i = 0; i < 4; ++i) sums[i] = factor * hn::GetLane(vectors[i]);
}

#else

/// Adds the upper half to the lower half until four lanes are left.
template <class D>
HWY_INLINE auto fold_to_four(D /*d*/, hn::Vec<D> vector) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return vector;
  } else {
    const hn::Half<D> half;
    return fold_to_four(half, hn::Add(hn::LowerHalf(half, vector), hn::UpperHalf(half, vector)));
  }
}

/// sums[i] = factor · the sum of the lanes of vectors[i], for four vectors. Together they take a
/// third of the instructions that they take one by one.
HWY_INLINE void four_sums(const Vector* vectors, float factor, float* sums) {
  const hn::RepartitionToWide<Floats> pairs;
  const hn::CappedTag<float, 4> four;
  const auto interleave = [&](Vector a, Vector b) MNIST_BENCH_LAMBDA {
    return hn::Add(hn::InterleaveLower(kFloats, a, b), hn::InterleaveUpper(kFloats, a, b));
  };
  const auto first = hn::BitCast(pairs, interleave(vectors[0], vectors[1]));
  const auto second = hn::BitCast(pairs, interleave(vectors[2], vectors[3]));
  const auto all = hn::Add(hn::BitCast(kFloats, hn::InterleaveLower(pairs, first, second)),
                           hn::BitCast(kFloats, hn::InterleaveUpper(pairs, first, second)));
  hn::StoreU(hn::Mul(fold_to_four(kFloats, all), hn::Set(four, factor)), four, sums);
}

#endif

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
