// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_POOL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_POOL_INL_H
#undef MNIST_BENCH_KERNELS_POOL_INL_H
#else
#define MNIST_BENCH_KERNELS_POOL_INL_H
#endif

#include <cstdint>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

/// The output of 2×2 max pooling for four values, lane by lane.
struct Maximum {
  Vector value;
  hn::Vec<hn::RebindToSigned<Floats>> position;  ///< 0 to 3: the first that has it
};

HWY_INLINE Maximum first_maximum(const Vector* values) {
  const hn::RebindToSigned<Floats> integers;
  Vector best = values[0];
  auto first = hn::Zero(integers);
  unroll<3>([&](auto i) MNIST_BENCH_LAMBDA {
    const auto better = hn::Gt(values[i + 1], best);
    best = hn::IfThenElse(better, values[i + 1], best);
    first = hn::IfThenElse(hn::RebindMask(integers, better),
                           hn::Set(integers, static_cast<std::int32_t>(i + 1)), first);
  });
  return {best, first};
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
