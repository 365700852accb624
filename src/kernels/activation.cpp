#include "kernels/activation.h"

#include <cmath>

#include "base/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation.cpp"
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

void relu_all(ConstMatrix x, Range rows, Range columns, Matrix y) {
  const hn::CappedTag<float, kLine> d;
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    for (std::size_t c = columns.begin; c < columns.end; c += hn::Lanes(d)) {
      const auto v = hn::LoadU(d, x.row(i) + c);
      hn::StoreU(hn::IfThenZeroElse(hn::Lt(v, hn::Zero(d)), v), d, y.row(i) + c);
    }
  }
}

void relu_backward_all(ConstMatrix y, ConstMatrix dy, Range rows, Range columns,
                       Accumulate accumulate, Matrix dx) {
  const hn::CappedTag<float, kLine> d;
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    for (std::size_t c = columns.begin; c < columns.end; c += hn::Lanes(d)) {
      float* const to = dx.row(i) + c;
      const auto start = accumulate == Accumulate::yes ? hn::LoadU(d, to) : hn::Zero(d);
      const auto inactive = hn::Le(hn::LoadU(d, y.row(i) + c), hn::Zero(d));
      const auto gradient = hn::IfThenZeroElse(inactive, hn::LoadU(d, dy.row(i) + c));
      hn::StoreU(hn::Add(start, gradient), d, to);
    }
  }
}

void tanh_all(ConstMatrix x, Range rows, Range columns, Matrix y) {
  const hn::CappedTag<float, kLine> d;
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    for (std::size_t c = columns.begin; c < columns.end; c += hn::Lanes(d)) {
      const auto v = hn::LoadU(d, x.row(i) + c);
      hn::StoreU(hn::IfThenElse(hn::IsNaN(v), v, hn::Tanh(d, v)), d, y.row(i) + c);
    }
  }
}

/// Mixes 32 bits (the multipliers are Chris Wellons' lowbias32) with a key in between.
template <class D>
HWY_INLINE hn::Vec<D> mix(D d, hn::Vec<D> x, std::uint32_t key) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x7feb352dU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(hn::Add(x, hn::Set(d, key)), hn::Set(d, 0x846ca68bU));
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x9e3779b1U));
  return hn::Xor(x, hn::ShiftRight<15>(x));
}

/// Units of a row whose number is below `threshold` are dropped.
void drop_row(std::uint64_t key, std::uint32_t threshold, float scale, Range columns, float* row) {
  const hn::CappedTag<float, kLine> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto low = hn::Set(du, static_cast<std::uint32_t>(key));
  const auto first = hn::Iota(du, 0);  // outside the loop: Highway fills it number by number
  for (std::size_t c = columns.begin; c < columns.end; c += hn::Lanes(d)) {
    const auto counter = hn::Xor(hn::Add(first, hn::Set(du, static_cast<std::uint32_t>(c))), low);
    const auto number = mix(du, counter, static_cast<std::uint32_t>(key >> 32U));
    const auto dropped = hn::RebindMask(d, hn::Gt(hn::Set(du, threshold), number));
    const auto scaled = hn::Mul(hn::LoadU(d, row + c), hn::Set(d, scale));
    hn::StoreU(hn::IfThenZeroElse(dropped, scaled), d, row + c);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(relu_all);
HWY_EXPORT(relu_backward_all);
HWY_EXPORT(tanh_all);
HWY_EXPORT(drop_row);

void relu(ConstMatrix x, Range rows, Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(relu_all)(x, rows, columns, y);
}

void relu_backward(ConstMatrix y, ConstMatrix dy, Range rows, Range columns, Accumulate accumulate,
                   Matrix dx) {
  HWY_DYNAMIC_DISPATCH(relu_backward_all)(y, dy, rows, columns, accumulate, dx);
}

void tanh(ConstMatrix x, Range rows, Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(tanh_all)(x, rows, columns, y);
}

float dropout_scale(double probability) { return static_cast<float>(1 / (1 - probability)); }

void drop(const Dropout& dropout, Matrix x, Range rows, Range columns) {
  if (dropout.probability == 0) return;
  const auto threshold = static_cast<std::uint32_t>(std::ldexp(dropout.probability, 32));
  const std::uint64_t step_key = split_mix(dropout.seed + static_cast<std::uint64_t>(dropout.step));
  for (std::size_t i = rows.begin; i < rows.end; ++i) {
    HWY_DYNAMIC_DISPATCH(drop_row)
    (split_mix(step_key + i), threshold, dropout_scale(dropout.probability), columns, x.row(i));
  }
}

}  // namespace mnist_bench::kernels
#endif
