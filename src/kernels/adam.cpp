#include "kernels/adam.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/adam.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void adam_at(D d, const AdamStep& step, const float* gradient, float* first_moment,
                        float* second_moment, float* parameter) {
  const auto old = hn::LoadU(d, parameter);
  const auto g = hn::MulAdd(hn::Set(d, step.weight_decay), old, hn::LoadU(d, gradient));
  const auto m0 = hn::LoadU(d, first_moment);
  const auto v0 = hn::LoadU(d, second_moment);
  const auto m = hn::MulAdd(hn::Set(d, 1 - step.beta1), hn::Sub(g, m0), m0);
  const auto v =
      hn::MulAdd(hn::Mul(hn::Set(d, 1 - step.beta2), g), g, hn::Mul(hn::Set(d, step.beta2), v0));
  const auto root =
      hn::MulAdd(hn::Sqrt(v), hn::Set(d, step.inverse_root_correction2), hn::Set(d, step.epsilon));
  hn::StoreU(m, d, first_moment);
  hn::StoreU(v, d, second_moment);
  hn::StoreU(hn::NegMulAdd(hn::Set(d, step.step_size), hn::Div(m, root), old), d, parameter);
}

void adam_all(const AdamStep& step, const float* gradient, float* first_moment,
              float* second_moment, float* parameter, std::size_t size) {
  const hn::ScalableTag<float> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    adam_at(d, step, gradient + i, first_moment + i, second_moment + i, parameter + i);
  }
  for (; i < size; ++i) {
    adam_at(hn::CappedTag<float, 1>(), step, gradient + i, first_moment + i, second_moment + i,
            parameter + i);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(adam_all);

AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon,
                   double weight_decay, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return {.beta1 = static_cast<float>(beta1),
          .beta2 = static_cast<float>(beta2),
          .epsilon = static_cast<float>(epsilon),
          .weight_decay = static_cast<float>(weight_decay),
          .step_size = static_cast<float>(learning_rate / (1 - std::pow(beta1, t))),
          .inverse_root_correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, t)))};
}

void adam(const AdamStep& step, const float* gradient, float* first_moment, float* second_moment,
          float* parameter, std::size_t size) {
  HWY_DYNAMIC_DISPATCH(adam_all)(step, gradient, first_moment, second_moment, parameter, size);
}

}  // namespace mnist_bench::kernels
#endif
