#include "kernels/live_units.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/live_units.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/compress-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

// A code of a live unit of a tile: channel · 64 + position · 16, so that `code % 64` is how far its
// position's number lies in four numbers of 16 bits, which are counted in one register (a config
// has at most 4,096 channels).
constexpr std::uint32_t kChannelStep = 64;
constexpr std::uint32_t kPositionStep = 16;
constexpr std::uint64_t kOne = 1;

/// The codes and values of a tile's live units in the order of their places, and in `counts`, four
/// numbers, how many have each position. Returns how many there are; up to a vector more is
/// written.
HWY_INLINE std::size_t find_live(const PooledMap& map, std::size_t tile, std::uint32_t* codes,
                                 float* values, std::uint64_t& counts) {
  const hn::RebindToUnsigned<Floats> integers;
  const float* const from = map.values.data() + tile * map.width;
  const std::uint32_t* const positions = map.positions.data() + tile * map.width;
  std::size_t size = 0;
  counts = 0;
  for (std::size_t k = 0; k < map.width; k += hn::Lanes(kFloats)) {
    const auto position = hn::LoadU(integers, positions + k);
    const auto live = hn::Ne(position, hn::Set(integers, kDead));
    const auto channel = hn::LoadU(integers, map.channels.data() + k);
    const auto code = hn::Or(hn::ShiftLeft<6>(channel), hn::ShiftLeft<4>(position));
    compress_store(integers, code, live, codes + size);
    compress_store(kFloats, hn::LoadU(kFloats, from + k), hn::RebindMask(kFloats, live),
                   values + size);
    unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
      const auto here = hn::Eq(position, hn::Set(integers, q));
      counts += std::uint64_t{hn::CountTrue(integers, here)} << (q * kPositionStep);
    });
    size += hn::CountTrue(integers, live);
  }
  return size;
}

void collect(const Conv2& conv, const PooledMap& map, const LiveUnits& live) {
  // What is found of a tile lies behind all that will be listed.
  std::uint32_t* const codes = live.index + conv.units();
  float* const values = live.value + conv.units();
  std::uint32_t end = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const auto first = static_cast<std::uint32_t>(tile * conv.out_channels);
    std::uint64_t counts = 0;
    const std::size_t size = find_live(map, tile, codes, values, counts);
    // Number q: all that come before those of position q.
    std::uint64_t places = counts * (kOne << 16U | kOne << 32U | kOne << 48U);
    std::uint32_t windows[4];
    for (std::uint32_t q = 0; q < 4; ++q) {
      live.ends[4 * tile + q] =
          end + static_cast<std::uint32_t>((places + counts) >> (q * kPositionStep) & 0xffffU);
      windows[q] = static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2));
    }
    for (std::size_t e = 0; e < size; ++e) {
      const std::uint32_t at = codes[e] % kChannelStep;
      const std::uint64_t place = end + (places >> at & 0xffffU);
      places += kOne << at;
      live.index[place] = first + codes[e] / kChannelStep;
      live.value[place] = values[e];
      live.window[place] = windows[at / kPositionStep];
    }
    end += static_cast<std::uint32_t>(size);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(collect);

// Behind all units, those of one tile, the last vector of which is stored whole.
std::size_t live_units_capacity(const Conv2& conv) {
  return conv.units() + conv.out_channels + kLine;
}

void collect_live_units(const Conv2& conv, const PooledMap& pooled, const LiveUnits& live) {
  HWY_DYNAMIC_DISPATCH(collect)(conv, pooled, live);
}

}  // namespace mnist_bench::kernels
#endif
