// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_SELECT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_SELECT_INL_H
#undef MNIST_BENCH_KERNELS_SELECT_INL_H
#else
#define MNIST_BENCH_KERNELS_SELECT_INL_H
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/compress-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

// Rows of channels without the dropped ones. Kept channels are packed into slots, so that a row of
// them is as few vectors as possible: with half of 64 channels dropped, two of AVX-512 instead
// of 4.

/// Packs the channels whose factor is not 0. Returns how many slots they need, in whole vectors.
/// Channels below that number keep their index as their slot; the others move to the slots of
/// dropped channels. A slot that is left over keeps its dropped channel.
/// factors: [channels]. slot_channel, slot_factors: [slots]. relocated: scratch [channels + kLine].
inline std::size_t pack_channels(const float* factors, std::size_t channels,
                                 std::uint32_t* slot_channel, float* slot_factors,
                                 std::uint32_t* relocated) {
  const hn::RebindToUnsigned<Floats> integers;
  const std::size_t lanes = hn::Lanes(kFloats);
  const auto is_kept = [&](std::size_t c) MNIST_BENCH_LAMBDA {
    return hn::Ne(hn::LoadU(kFloats, factors + c), hn::Zero(kFloats));
  };
  const auto iota = hn::Iota(integers, 0);
  const auto numbers = [&](std::size_t c) MNIST_BENCH_LAMBDA {
    return hn::Add(iota, hn::Set(integers, static_cast<std::uint32_t>(c)));
  };
  std::size_t kept = 0;
  for (std::size_t c = 0; c < channels; c += lanes) kept += hn::CountTrue(kFloats, is_kept(c));
  const std::size_t width = round_up(kept, lanes);
  std::size_t count = 0;
  for (std::size_t c = width; c < channels; c += lanes) {
    const auto kept_here = hn::RebindMask(integers, is_kept(c));
    compress_store(integers, numbers(c), kept_here, relocated + count);
    count += hn::CountTrue(integers, kept_here);
  }
  std::size_t moved = 0;
  for (std::size_t c = 0; c < width; c += lanes) {
    hn::StoreU(numbers(c), integers, slot_channel + c);
    hn::StoreU(hn::LoadU(kFloats, factors + c), kFloats, slot_factors + c);
    std::uint32_t dropped[kLine] = {};
    const auto dropped_here = hn::Not(hn::RebindMask(integers, is_kept(c)));
    compress_store(integers, numbers(c), dropped_here, dropped);
    const std::size_t filled = std::min(hn::CountTrue(integers, dropped_here), count - moved);
    for (std::size_t i = 0; i < filled; ++i, ++moved) {
      slot_channel[dropped[i]] = relocated[moved];
      slot_factors[dropped[i]] = factors[relocated[moved]];
    }
  }
  return width;
}

/// to[r][slot] = from[r][slot_channel[slot]] for `rows` rows of `channels`; `width` slots each.
template <class T>
HWY_INLINE void select_channels(const T* from, std::size_t rows, std::size_t channels,
                                const std::uint32_t* slot_channel, std::size_t width, T* to) {
  const hn::Rebind<T, Floats> d;
  const hn::RebindToSigned<Floats> integers;
  const std::size_t lanes = hn::Lanes(kFloats);
  for (std::size_t slot = 0; slot < width; slot += lanes) {
    const auto channel =
        hn::BitCast(integers, hn::LoadU(hn::RebindToUnsigned<Floats>(), slot_channel + slot));
    const auto lane = hn::And(channel, hn::Set(integers, static_cast<std::int32_t>(lanes - 1)));
    const auto indices = hn::IndicesFromVec(d, lane);
    for (std::size_t first = width; first < channels; first += lanes) {
      const auto moved = hn::RebindMask(
          d, hn::Eq(hn::Sub(channel, lane), hn::Set(integers, static_cast<std::int32_t>(first))));
      const T* base = first == width ? from : to;
      const std::size_t base_stride = first == width ? channels : width;
      for (std::size_t r = 0; r < rows; ++r) {
        const auto old = hn::LoadU(d, base + r * base_stride + slot);
        const auto relocated =
            hn::TableLookupLanes(hn::LoadU(d, from + r * channels + first), indices);
        hn::StoreU(hn::IfThenElse(moved, relocated, old), d, to + r * width + slot);
      }
    }
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
