#include "kernels/conv1.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv1.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

using Integers = hn::RebindToSigned<Floats>;
using Bytes = hn::Rebind<std::uint8_t, Floats>;

/// The 4×4 pixels under the 3×3 windows of a pooling window, row by row. Value q of the 2×2 sees
/// pixel q + δ at δ in 3×3.
constexpr std::size_t kPatch = 16;
constexpr std::size_t patch_index(std::size_t q, std::size_t delta) {
  return (q / 2 + delta / 3) * 4 + q % 2 + delta % 3;
}

HWY_INLINE void load_patch(const float* image, std::size_t row_stride, Vector* patch) {
  unroll<kPatch>([&](auto i) MNIST_BENCH_LAMBDA {
    patch[i] = hn::Set(kFloats, image[i / 4 * row_stride + i % 4]);
  });
}

/// One vector of channels of one value of the map.
HWY_INLINE void forward_at(const Vector* weights, Vector bias, const float* image,
                           std::size_t row_stride, float* value, std::uint8_t* position) {
  Vector patch[kPatch];
  load_patch(image, row_stride, patch);
  Vector sums[4];
  unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
    sums[q] = bias;
    unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA {
      sums[q] = hn::MulAdd(weights[delta], patch[patch_index(q, delta)], sums[q]);
    });
  });
  const Maximum best = first_maximum(sums);
  const auto inactive = hn::Le(best.value, hn::Zero(kFloats));
  hn::StoreU(hn::IfThenZeroElse(inactive, best.value), kFloats, value);
  hn::StoreU(hn::DemoteTo(Bytes(), best.position), Bytes(), position);
}

// Structs are passed by value: through a reference, the compiler would read each pointer again
// after each byte that is stored.

void forward(const Conv1& conv, ConvolutionParameters parameters, Conv1Saved background,
             Conv1Saved saved) {
  const MapShape shape = conv.output();
  const std::size_t stride = conv.columns + 2;
  for (std::size_t c = 0; c < conv.channels; c += hn::Lanes(kFloats)) {
    const std::size_t block = c / kLine;
    const std::size_t lane = c % kLine;
    Vector block_weights[9];
    unroll<9>([&](auto i) MNIST_BENCH_LAMBDA {
      block_weights[i] = hn::LoadU(kFloats, parameters.weights + (block * 9 + i) * kLine + lane);
    });
    const auto block_bias = hn::LoadU(kFloats, parameters.bias + c);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      for (std::size_t column = 0; column < shape.columns; ++column) {
        const std::size_t at =
            block * shape.block_stride() + shape.window(row + 1, column + 1) + lane;
        const std::size_t pixel = row * shape.columns + column;
        const std::size_t position_at = (block * shape.rows * shape.columns + pixel) * kLine + lane;
        if (saved.nonzero_mask != nullptr &&
            saved.nonzero_mask[shape.mask_index(row, column)] == 0) {
          hn::StoreU(hn::LoadU(kFloats, background.map + at), kFloats, saved.map + at);
        } else {
          forward_at(block_weights, block_bias, saved.image + 2 * row * stride + 2 * column, stride,
                     saved.map + at, saved.positions + position_at);
        }
      }
    }
  }
}

/// sums[δ] += gradient · the pixel that the maximum at `position` saw at δ.
HWY_INLINE void add_gradient(Vector gradient, const float* image, std::size_t row_stride,
                             const std::uint8_t* position, Vector* sums) {
  const Integers integers;
  const auto taken = hn::PromoteTo(integers, hn::LoadU(Bytes(), position));
#if HWY_CAP_GE512  // one vector holds the patch, and each lane takes its pixel from it
  const hn::Half<Floats> half;
  const hn::Half<decltype(half)> quarter;
  const auto patch = hn::Combine(
      kFloats,
      hn::Combine(half, hn::LoadU(quarter, image + 3 * row_stride),
                  hn::LoadU(quarter, image + 2 * row_stride)),
      hn::Combine(half, hn::LoadU(quarter, image + row_stride), hn::LoadU(quarter, image)));
  const auto corner = hn::Add(taken, hn::And(taken, hn::Set(integers, 2)));  // patch_index(q, 0)
  unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA {
    const auto lane =
        hn::Add(corner, hn::Set(integers, static_cast<std::int32_t>(patch_index(0, delta))));
    const auto pixel = hn::TableLookupLanes(patch, hn::IndicesFromVec(kFloats, lane));
    sums[delta] = hn::MulAdd(gradient, pixel, sums[delta]);
  });
#else
  Vector patch[kPatch];
  load_patch(image, row_stride, patch);
  unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
    const auto here = hn::Eq(taken, hn::Set(integers, static_cast<std::int32_t>(q)));
    const auto part = hn::IfThenElseZero(hn::RebindMask(kFloats, here), gradient);
    unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA {
      sums[delta] = hn::MulAdd(part, patch[patch_index(q, delta)], sums[delta]);
    });
  });
#endif
}

void backward(const Conv1& conv, std::size_t block, Conv1Saved background, Conv1Saved saved,
              const float* d_map, ConvolutionGradients gradients) {
  const MapShape shape = conv.output();
  const std::size_t stride = conv.columns + 2;
  const std::size_t first_position = block * shape.rows * shape.columns * kLine;
  float* const d_weights = gradients.weights + block * 9 * kLine;
  float* const d_bias = gradients.bias + block * kLine;
  for (std::size_t lane = 0; lane < kLine; lane += hn::Lanes(kFloats)) {
    Vector sums[9];
    unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA { sums[delta] = hn::Zero(kFloats); });
    Vector total = hn::Zero(kFloats);
    const auto add = [&](const Conv1Saved& from, std::size_t row, std::size_t column,
                         Vector gradient) MNIST_BENCH_LAMBDA {
      const float* const value =
          from.map + block * shape.block_stride() + shape.window(row + 1, column + 1) + lane;
      gradient = hn::IfThenZeroElse(hn::Le(hn::LoadU(kFloats, value), hn::Zero(kFloats)), gradient);
      total = hn::Add(total, gradient);
      add_gradient(gradient, from.image + 2 * row * stride + 2 * column, stride,
                   from.positions + first_position + (row * shape.columns + column) * kLine + lane,
                   sums);
    };
    // All background of a border class sees the same pixels: its gradients are summed up first and
    // multiplied once.
    Vector background_sums[9];
    for (Vector& sum : background_sums) sum = hn::Zero(kFloats);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      Vector* const row_sums = background_sums + 3 * border_class(row, shape.rows);
      Vector inner = row_sums[1];
      for (std::size_t column = 0; column < shape.columns; ++column) {
        const auto gradient = hn::LoadU(kFloats, d_map + shape.window(row + 1, column + 1) + lane);
        if (saved.nonzero_mask[shape.mask_index(row, column)] != 0) {
          add(saved, row, column, gradient);
        } else if (const std::size_t at = border_class(column, shape.columns); at == 1) {
          inner = hn::Add(inner, gradient);
        } else {
          row_sums[at] = hn::Add(row_sums[at], gradient);
        }
      }
      row_sums[1] = inner;
    }
    for (std::size_t i = 0; i < 9; ++i) {
      add(background, first_of_class(i / 3, shape.rows), first_of_class(i % 3, shape.columns),
          background_sums[i]);
    }
    unroll<9>([&](auto delta) MNIST_BENCH_LAMBDA {
      float* const to = d_weights + delta * kLine + lane;
      hn::StoreU(hn::Add(hn::LoadU(kFloats, to), sums[delta]), kFloats, to);
    });
    hn::StoreU(hn::Add(hn::LoadU(kFloats, d_bias + lane), total), kFloats, d_bias + lane);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

void load_image(const Conv1& conv, const std::uint8_t* bytes, float factor, float offset,
                float* image) {
  const std::size_t stride = conv.columns + 2;
  std::fill_n(image, stride, 0.0F);
  for (std::size_t row = 0; row < conv.rows; ++row) {
    float* to = image + (row + 1) * stride;
    to[0] = 0;
    for (std::size_t column = 0; column < conv.columns; ++column) {
      to[column + 1] = factor * static_cast<float>(bytes[row * conv.columns + column]) + offset;
    }
    to[stride - 1] = 0;
  }
  std::fill_n(image + (conv.rows + 1) * stride, stride, 0.0F);
}

void conv1_forward(const Conv1& conv, const ConvolutionParameters& parameters,
                   const Conv1Saved& background, const Conv1Saved& saved) {
  HWY_DYNAMIC_DISPATCH(forward)(conv, parameters, background, saved);
}

void conv1_backward(const Conv1& conv, std::size_t block, const Conv1Saved& background,
                    const Conv1Saved& saved, const float* d_map,
                    const ConvolutionGradients& gradients) {
  HWY_DYNAMIC_DISPATCH(backward)(conv, block, background, saved, d_map, gradients);
}

}  // namespace mnist_bench::kernels
#endif
