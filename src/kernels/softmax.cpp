#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cpp"
// The order matters:
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// row[c] ← exp(row[c] − max) for c < classes, 0 in the padding; returns their sum.
float exponentials(float* row, std::size_t classes, float max) {
  const hn::CappedTag<float, kLine> d;
  auto sum = hn::Zero(d);
  for (std::size_t c = 0; c < round_up(classes, kLine); c += hn::Lanes(d)) {
    const auto real = hn::FirstN(d, classes > c ? classes - c : 0);
    const auto x = hn::Sub(hn::LoadU(d, row + c), hn::Set(d, max));
    const auto e = hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));  // Exp makes NaN 0
    const auto masked = hn::IfThenElseZero(real, e);
    hn::StoreU(masked, d, row + c);
    sum = hn::Add(sum, masked);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void cross_entropy(const std::uint8_t* labels, std::size_t classes, float inverse_batch,
                   Range images, Matrix logits, float* losses, std::uint8_t* predicted) {
  for (std::size_t i = images.begin; i < images.end; ++i) {
    float* const row = logits.row(i);
    const float* const largest = std::max_element(row, row + classes);
    predicted[i] = static_cast<std::uint8_t>(largest - row);
    const float max = *largest;
    const float true_logit = row[labels[i]];
    const float sum = exponentials(row, classes, max);
    losses[i] = std::log(sum) - (true_logit - max);
    const float factor = inverse_batch / sum;
    for (std::size_t c = 0; c < classes; ++c) row[c] *= factor;
    row[labels[i]] -= inverse_batch;
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(cross_entropy);

void softmax_cross_entropy(const std::uint8_t* labels, std::size_t classes, float inverse_batch,
                           Range images, Matrix logits, float* losses, std::uint8_t* predicted) {
  HWY_DYNAMIC_DISPATCH(cross_entropy)
  (labels, classes, inverse_batch, images, logits, losses, predicted);
}

}  // namespace mnist_bench::kernels
#endif
