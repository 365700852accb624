// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_UNROLL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_UNROLL_INL_H
#undef MNIST_BENCH_KERNELS_UNROLL_INL_H
#else
#define MNIST_BENCH_KERNELS_UNROLL_INL_H
#endif

#include <cstddef>
#include <utility>

/// Stands behind the parameters of a lambda that uses vectors. It compiles the lambda for the SIMD
/// target around it and always inlines it, because GCC keeps in memory what a call can see.
#undef MNIST_BENCH_LAMBDA
#define MNIST_BENCH_LAMBDA HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

template <std::size_t... I, class Body>
HWY_INLINE void unroll(std::index_sequence<I...> /*indices*/, const Body& body) {
  (body(std::integral_constant<std::size_t, I>()), ...);
}

/// Calls body(0), …, body(kCount − 1), each with its index as a constant. GCC keeps an array of
/// vectors in registers only when no loop over it is left.
template <std::size_t kCount, class Body>
HWY_INLINE void unroll(const Body& body) {
  unroll(std::make_index_sequence<kCount>(), body);
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
