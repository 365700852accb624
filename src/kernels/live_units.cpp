#include "kernels/live_units.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/live_units.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/compress-inl.h"
#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// The live units of a tile in the order of their places: 4 · channel + position and value of each,
/// and in counts[q] how many have position q, but for the last. Returns how many there are; up to a
/// vector more is written.
HWY_INLINE std::size_t find_live(const PooledMap& map, std::size_t tile, std::uint32_t* codes,
                                 float* values, std::uint32_t* counts) {
  const hn::RebindToUnsigned<Floats> integers;
  const float* pooled = map.values.data() + tile * map.width;
  const std::uint32_t* positions = map.positions.data() + tile * map.width;
  std::size_t size = 0;
  for (std::size_t k = 0; k < map.width; k += hn::Lanes(kFloats)) {
    const auto value =
        hn::Mul(hn::LoadU(kFloats, pooled + k), hn::LoadU(kFloats, map.factors.data() + k));
    const auto position = hn::LoadU(integers, positions + k);
    const auto live = hn::Not(hn::RebindMask(integers, hn::Le(value, hn::Zero(kFloats))));
    const auto channel = hn::LoadU(integers, map.channels.data() + k);
    compress_store(integers, hn::Add(hn::ShiftLeft<2>(channel), position), live, codes + size);
    compress_store(kFloats, value, hn::RebindMask(kFloats, live), values + size);
    for (std::uint32_t q = 0; q < 3; ++q) {
      const auto here = hn::And(live, hn::Eq(position, hn::Set(integers, q)));
      counts[q] += static_cast<std::uint32_t>(hn::CountTrue(integers, here));
    }
    size += hn::CountTrue(integers, live);
  }
  return size;
}

void collect(const Conv2& conv, const PooledMap& pooled, const LiveUnits& live) {
  // What is found of a tile lies behind all that will be listed.
  std::uint32_t* const codes = live.index + conv.units();
  float* const values = live.value + conv.units();
  std::uint32_t end = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const std::size_t first = tile * conv.out_channels;
    std::uint32_t counts[3] = {};
    const std::size_t size = find_live(pooled, tile, codes, values, counts);
    const std::uint32_t tile_end = end + static_cast<std::uint32_t>(size);
    std::uint32_t places[4];
    std::uint32_t windows[4];
    for (std::size_t q = 0; q < 4; ++q) {
      places[q] = end;
      end = q < 3 ? end + counts[q] : tile_end;
      live.ends[4 * tile + q] = end;
      windows[q] = static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2));
    }
    for (std::size_t e = 0; e < size; ++e) {
      const std::uint32_t q = codes[e] % 4;
      const std::uint32_t place = places[q]++;
      live.index[place] = static_cast<std::uint32_t>(first) + codes[e] / 4;
      live.value[place] = values[e];
      live.window[place] = windows[q];
    }
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
