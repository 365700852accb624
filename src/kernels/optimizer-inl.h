// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_OPTIMIZER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_OPTIMIZER_INL_H
#undef MNIST_BENCH_KERNELS_OPTIMIZER_INL_H
#else
#define MNIST_BENCH_KERNELS_OPTIMIZER_INL_H
#endif

#include "kernels/optimizer.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// `update` (see optimizer.h) for one vector of parameters. Rounds where LibTorch's Adam rounds,
/// because a difference in v lasts for 1 / (1 − β₂) steps, 1,000 with the usual β₂: parameters stay
/// within 2 ulp over 1,000 steps.
template <class D>
HWY_INLINE void update_at(D d, const AdamStep& step, hn::Vec<D> gradient,
                          const ParameterArrays& arrays) {
  float* parameter = arrays.values;
  const auto [first_moment, second_moment] = arrays.kept;
  const auto old = hn::LoadU(d, parameter);
  const auto g = hn::MulAdd(hn::Set(d, step.weight_decay), old, gradient);
  const auto m = hn::MulAdd(hn::Set(d, step.one_minus_beta1), g,
                            hn::Mul(hn::Set(d, step.beta1), hn::LoadU(d, first_moment)));
  const auto v = hn::MulAdd(hn::Mul(hn::Set(d, step.one_minus_beta2), g), g,
                            hn::Mul(hn::Set(d, step.beta2), hn::LoadU(d, second_moment)));
  const auto root = hn::Add(hn::Mul(hn::Sqrt(v), hn::Set(d, step.inverse_root_correction2)),
                            hn::Set(d, step.epsilon));
  hn::StoreU(m, d, first_moment);
  hn::StoreU(v, d, second_moment);
  hn::StoreU(hn::Sub(old, hn::Div(hn::Mul(hn::Set(d, step.step_size), m), root)), d, parameter);
}

/// Rounds where LibTorch's SGD rounds.
template <class D>
HWY_INLINE void update_at(D d, const SgdStep& step, hn::Vec<D> gradient,
                          const ParameterArrays& arrays) {
  float* parameter = arrays.values;
  const auto old = hn::LoadU(d, parameter);
  auto direction = hn::MulAdd(hn::Set(d, step.weight_decay), old, gradient);
  if (step.momentum > 0) {
    float* kept = arrays.kept[0];
    const auto momentum = hn::Set(d, step.momentum);
    const auto b = hn::Add(hn::Mul(momentum, hn::LoadU(d, kept)), direction);
    hn::StoreU(b, d, kept);
    direction = step.nesterov ? hn::MulAdd(momentum, b, direction) : b;
  }
  hn::StoreU(hn::NegMulAdd(hn::Set(d, step.learning_rate), direction, old), d, parameter);
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
