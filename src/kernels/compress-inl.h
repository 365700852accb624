// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_COMPRESS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_COMPRESS_INL_H
#undef MNIST_BENCH_KERNELS_COMPRESS_INL_H
#else
#define MNIST_BENCH_KERNELS_COMPRESS_INL_H
#endif

#include <array>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// For each mask of kLanes bits, the lanes whose bits are set, in order.
template <std::size_t kLanes>
constexpr auto selected_lanes() {
  std::array<std::uint32_t, (std::size_t{1} << kLanes) * kLanes> lanes{};
  for (std::size_t mask = 0; mask < std::size_t{1} << kLanes; ++mask) {
    std::size_t size = 0;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      if ((mask >> lane & 1U) != 0) lanes[mask * kLanes + size++] = lane;
    }
  }
  return lanes;
}

/// Writes the lanes of a vector of 32-bit numbers that are in `mask` one after the other to `to`,
/// and anything behind them up to a whole vector. Highway's own Compress is used only with 16
/// lanes, where it is an instruction. With fewer, GCC copies its table for each vector, which took
/// a third of the CNN's time on AVX2.
template <class D, class Mask>
HWY_INLINE void compress_store(D d, hn::Vec<D> vector, Mask mask, hn::TFromD<D>* to) {
  constexpr std::size_t kLanes = hn::MaxLanes(D());
  if constexpr (kLanes == 16) {
    hn::StoreU(hn::Compress(vector, mask), d, to);
  } else {
    static constexpr auto kSelected = selected_lanes<kLanes>();
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, mask, bits);
    const auto lanes = hn::SetTableIndices(d, kSelected.data() + bits[0] * kLanes);
    hn::StoreU(hn::TableLookupLanes(vector, lanes), d, to);
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
