// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_SELECT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_SELECT_INL_H
#undef MNIST_BENCH_KERNELS_SELECT_INL_H
#else
#define MNIST_BENCH_KERNELS_SELECT_INL_H
#endif

#include <cstdint>

#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

// Rows of channels without those that are dropped, so that no vector of the rest is computed for
// nothing.

/// How many places the channels whose factor is not 0 need, in whole vectors, and which channel has
/// which: those within the places stay where they are, the others take the places of dropped ones.
/// What is left over stays with its dropped channel. `factors` in channels, place_factors in
/// places.
inline std::size_t place_channels(const float* factors, std::size_t channels,
                                  std::uint32_t* place_channel, float* place_factors) {
  std::size_t kept = 0;
  for (std::size_t c = 0; c < channels; ++c) kept += factors[c] != 0 ? 1 : 0;
  const std::size_t width = round_up(kept, hn::Lanes(kFloats));
  std::size_t mover = width;
  const auto next = [&] {
    while (mover < channels && factors[mover] == 0) ++mover;
    return mover < channels;
  };
  for (std::size_t place = 0; place < width; ++place) {
    const bool moves = factors[place] == 0 && next();
    const std::size_t channel = moves ? mover++ : place;
    place_channel[place] = static_cast<std::uint32_t>(channel);
    place_factors[place] = factors[channel];
  }
  return width;
}

/// to[r][place] = from[r][place_channel[place]] for `rows` rows of `channels`, and as many places.
template <class T>
HWY_INLINE void select_channels(const T* from, std::size_t rows, std::size_t channels,
                                const std::uint32_t* place_channel, std::size_t width, T* to) {
  const hn::Rebind<T, Floats> d;
  const hn::RebindToSigned<Floats> integers;
  const std::size_t lanes = hn::Lanes(kFloats);
  for (std::size_t place = 0; place < width; place += lanes) {
    const auto channel =
        hn::BitCast(integers, hn::LoadU(hn::RebindToUnsigned<Floats>(), place_channel + place));
    const auto lane = hn::And(channel, hn::Set(integers, static_cast<std::int32_t>(lanes - 1)));
    const auto indices = hn::IndicesFromVec(d, lane);
    for (std::size_t first = width; first < channels; first += lanes) {
      const auto moved = hn::RebindMask(
          d, hn::Eq(hn::Sub(channel, lane), hn::Set(integers, static_cast<std::int32_t>(first))));
      const T* base = first == width ? from : to;
      const std::size_t base_stride = first == width ? channels : width;
      for (std::size_t r = 0; r < rows; ++r) {
        const auto old = hn::LoadU(d, base + r * base_stride + place);
        const auto mover = hn::TableLookupLanes(hn::LoadU(d, from + r * channels + first), indices);
        hn::StoreU(hn::IfThenElse(moved, mover, old), d, to + r * width + place);
      }
    }
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
