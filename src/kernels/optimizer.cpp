#include "kernels/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/optimizer-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

template <class Step>
void update_each(const Step& step, const float* gradient, const ParameterArrays& arrays,
                 std::size_t size) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    update_at(d, step, hn::LoadU(d, gradient + i), arrays.from(i));
  }
  for (; i < size; ++i) {
    update_at(d1, step, hn::LoadU(d1, gradient + i), arrays.from(i));
  }
}

void update_all(const OptimizerStep& step, const float* gradient, const ParameterArrays& arrays,
                std::size_t size) {
  std::visit([&](const auto& chosen) HWY_ATTR { update_each(chosen, gradient, arrays, size); },
             step);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(update_all);

AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon,
                   double weight_decay, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return {.beta1 = static_cast<float>(beta1),
          .one_minus_beta1 = static_cast<float>(1 - beta1),
          .beta2 = static_cast<float>(beta2),
          .one_minus_beta2 = static_cast<float>(1 - beta2),
          // Subnormal numbers count as 0 here, and 0 / 0 is not a number.
          .epsilon = std::max(static_cast<float>(epsilon), std::numeric_limits<float>::min()),
          .weight_decay = static_cast<float>(weight_decay),
          .step_size = static_cast<float>(learning_rate / (1 - std::pow(beta1, t))),
          .inverse_root_correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, t)))};
}

void update(const OptimizerStep& step, const float* gradient, const ParameterArrays& arrays,
            std::size_t size) {
  HWY_DYNAMIC_DISPATCH(update_all)(step, gradient, arrays, size);
}

}  // namespace mnist_bench::kernels
#endif
