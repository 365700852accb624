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

void collect(const Conv2& conv, const float* pooled, const std::uint32_t* positions,
             const float* factors, const LiveUnits& live) {
  const hn::RebindToUnsigned<Floats> integers;
  const auto lanes = hn::Iota(integers, 0);
  std::size_t size = 0;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    const std::size_t first = tile * conv.out_channels;
    for (std::uint32_t q = 0; q < 4; ++q) {
      const auto window =
          hn::Set(integers,
                  static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
      for (std::size_t o = 0; o < conv.out_channels; o += hn::Lanes(kFloats)) {
        const auto value =
            hn::Mul(hn::LoadU(kFloats, pooled + first + o), hn::LoadU(kFloats, factors + o));
        const auto position = hn::LoadU(integers, positions + first + o);
        const auto here = hn::AndNot(hn::RebindMask(integers, hn::Le(value, hn::Zero(kFloats))),
                                     hn::Eq(position, hn::Set(integers, q)));
        const auto index = hn::Add(lanes, hn::Set(integers, static_cast<std::uint32_t>(first + o)));
        compress_store(integers, index, here, live.index + size);
        hn::StoreU(window, integers, live.window + size);
        compress_store(kFloats, value, hn::RebindMask(kFloats, here), live.value + size);
        size += hn::CountTrue(integers, here);
      }
      live.ends[tile * 4 + q] = static_cast<std::uint32_t>(size);
    }
  }
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(collect);

// A compressed vector is stored whole.
std::size_t live_units_capacity(const Conv2& conv) { return conv.units() + kLine; }

void collect_live_units(const Conv2& conv, const float* pooled, const std::uint32_t* positions,
                        const float* factors, const LiveUnits& live) {
  HWY_DYNAMIC_DISPATCH(collect)(conv, pooled, positions, factors, live);
}

}  // namespace mnist_bench::kernels
#endif
