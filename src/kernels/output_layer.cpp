#include "kernels/output_layer.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/output_layer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/optimizer-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Outputs that are computed at a time: MNIST's ten classes, or half of them. `backward` needs two
/// registers for each, 20 of 32 or 10 of 16.
constexpr std::size_t kOutputs = kFewRegisters ? 5 : 10;

/// visit(number of outputs, as a constant; first output) for groups of kCount, then less, that
/// cover 0 … out − 1.
template <std::size_t kCount, class Visit>
HWY_INLINE void for_each_group(std::size_t first, std::size_t out, const Visit& visit) {
  for (; first + kCount <= out; first += kCount) {
    visit(std::integral_constant<std::size_t, kCount>(), first);
  }
  if constexpr (kCount > 1) for_each_group<kCount / 2>(first, out, visit);
}

void forward(ConstMatrix x, std::size_t in, ConstMatrix weights, const float* bias, std::size_t out,
             Range images, Matrix y) {
  for_each_group<kOutputs>(0, out, [&](auto count, std::size_t first) HWY_ATTR {
    for (std::size_t i = images.begin; i < images.end; ++i) {
      Vector sums[count()];
      unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA { sums[c] = hn::Zero(kFloats); });
      for (std::size_t k = 0; k < in; k += hn::Lanes(kFloats)) {
        const Vector values = hn::LoadU(kFloats, x.row(i) + k);
        unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA {
          sums[c] = hn::MulAdd(values, hn::LoadU(kFloats, weights.row(first + c) + k), sums[c]);
        });
      }
      unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA {
        y.row(i)[first + c] = bias[first + c] + hn::GetLane(hn::SumOfLanes(kFloats, sums[c]));
      });
    }
  });
}

template <bool of_relu, class Step>
void backward_with(const Step& step, ConstMatrix x, std::size_t batch,
                   const OutputGradient& of_output, const Weights& weights, Range inputs,
                   Matrix dx) {
  const ConstMatrix delta = of_output.delta;
  const float scale = of_output.scale;
  const std::size_t out = of_output.out;
  for (std::size_t k = inputs.begin; k < inputs.end; k += hn::Lanes(kFloats)) {
    for_each_group<kOutputs>(0, out, [&](auto count, std::size_t first) HWY_ATTR {
      Vector w[count()];
      Vector gradients[count()];
      unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA {
        w[c] = hn::LoadU(kFloats, weights.values().row(first + c) + k);
        gradients[c] = hn::Zero(kFloats);
      });
      for (std::size_t i = 0; i < batch; ++i) {
        const Vector values = hn::LoadU(kFloats, x.row(i) + k);
        Vector sum = hn::Zero(kFloats);
        unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA {
          const Vector d = hn::Set(kFloats, delta.row(i)[first + c]);
          gradients[c] = hn::MulAdd(values, d, gradients[c]);
          sum = hn::MulAdd(w[c], d, sum);
        });
        const Vector before = first == 0 ? hn::Zero(kFloats) : hn::LoadU(kFloats, dx.row(i) + k);
        Vector total = hn::MulAdd(hn::Set(kFloats, scale), sum, before);
        if constexpr (of_relu) {
          total = hn::IfThenElseZero(hn::Ne(values, hn::Zero(kFloats)), total);
        }
        hn::StoreU(total, kFloats, dx.row(i) + k);
      }
      unroll<count()>([&](auto c) MNIST_BENCH_LAMBDA {
        update_at(kFloats, step, gradients[c], weights.at(first + c, k));
      });
    });
  }
}

void backward(ConstMatrix x, std::size_t batch, const OutputGradient& gradient,
              const Weights& weights, const OptimizerStep& step, Range inputs, Matrix dx) {
  std::visit(
      [&](const auto& chosen) HWY_ATTR {
        if (gradient.of_relu) {
          backward_with<true>(chosen, x, batch, gradient, weights, inputs, dx);
        } else {
          backward_with<false>(chosen, x, batch, gradient, weights, inputs, dx);
        }
      },
      step);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

void output_forward(ConstMatrix x, std::size_t in, ConstMatrix weights, const float* bias,
                    std::size_t out, Range images, Matrix y) {
  HWY_DYNAMIC_DISPATCH(forward)(x, in, weights, bias, out, images, y);
}

void output_backward_and_update(ConstMatrix x, std::size_t batch, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                Matrix dx) {
  HWY_DYNAMIC_DISPATCH(backward)(x, batch, gradient, weights, step, inputs, dx);
}

}  // namespace mnist_bench::kernels
#endif
