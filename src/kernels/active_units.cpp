#include "kernels/active_units.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/active_units.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/compress-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

// The code of an active unit of a tile is channel · 64 + position · 16. `code % 64` is thus the
// shift of its position among four counters of 16 bits, which share one register. 16 bits suffice:
// a config has at most 4,096 channels.
constexpr std::uint32_t kChannelStep = 64;
constexpr std::uint32_t kPositionStep = 16;
constexpr std::uint64_t kOne = 1;

/// Writes the codes and values of a tile's active units, in the order of their slots, and in
/// `counts` how many have each of the four positions. Returns how many there are; up to a vector
/// more is written.
HWY_INLINE std::size_t find_active(const PooledMap& map, std::size_t tile, std::uint32_t* codes,
                                   float* values, std::uint64_t& counts) {
  const hn::RebindToUnsigned<Floats> integers;
  const float* const from = map.values.data() + tile * map.width;
  const std::uint32_t* const positions = map.positions.data() + tile * map.width;
  std::size_t size = 0;
  counts = 0;
  for (std::size_t k = 0; k < map.width; k += hn::Lanes(kFloats)) {
    const auto position = hn::LoadU(integers, positions + k);
    const auto active = hn::Ne(position, hn::Set(integers, kInactive));
    const auto channel = hn::LoadU(integers, map.channels.data() + k);
    const auto code = hn::Or(hn::ShiftLeft<6>(channel), hn::ShiftLeft<4>(position));
    compress_store(integers, code, active, codes + size);
    compress_store(kFloats, hn::LoadU(kFloats, from + k), hn::RebindMask(kFloats, active),
                   values + size);
    unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
      const auto here = hn::Eq(position, hn::Set(integers, q));
      counts += std::uint64_t{hn::CountTrue(integers, here)} << (q * kPositionStep);
    });
    size += hn::CountTrue(integers, active);
  }
  return size;
}

void collect(const Conv2& conv, const PooledMap& map, const ActiveUnits& active) {
  // The units of one tile are written behind the list first.
  std::uint32_t* const codes = active.index + conv.units();
  float* const values = active.value + conv.units();
  std::uint32_t end = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const auto first = static_cast<std::uint32_t>(tile * conv.out_channels);
    std::uint64_t counts = 0;
    const std::size_t size = find_active(map, tile, codes, values, counts);
    // Counter q: the units of positions before q, then the slot of the next unit of position q.
    std::uint64_t next_slots = counts * (kOne << 16U | kOne << 32U | kOne << 48U);
    std::uint32_t windows[4];
    for (std::uint32_t q = 0; q < 4; ++q) {
      active.ends[4 * tile + q] =
          end + static_cast<std::uint32_t>((next_slots + counts) >> (q * kPositionStep) & 0xffffU);
      windows[q] = static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2));
    }
    for (std::size_t e = 0; e < size; ++e) {
      const std::uint32_t at = codes[e] % kChannelStep;
      const std::uint64_t slot = end + (next_slots >> at & 0xffffU);
      next_slots += kOne << at;
      active.index[slot] = first + codes[e] / kChannelStep;
      active.value[slot] = values[e];
      active.window[slot] = windows[at / kPositionStep];
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

// All units, then those of one tile; the last vector is stored whole.
std::size_t active_units_capacity(const Conv2& conv) {
  return conv.units() + conv.out_channels + kLine;
}

void collect_active_units(const Conv2& conv, const PooledMap& pooled, const ActiveUnits& active) {
  HWY_DYNAMIC_DISPATCH(collect)(conv, pooled, active);
}

}  // namespace mnist_bench::kernels
#endif
