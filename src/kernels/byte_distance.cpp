#include "kernels/byte_distance.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/byte_distance.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Queries and rows whose products are summed at a time. On ARM each sum takes two registers.
constexpr std::size_t kQueries = kFewRegisters || HWY_ARCH_ARM_A64 ? 2 : 4;
constexpr std::size_t kRows = 4;

/// ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b, for kTall queries from `q` and kWide rows from `r`. The sums of
/// products stay below 2³¹, and unsigned arithmetic is exact modulo 2³².
template <std::size_t kTall, std::size_t kWide>
HWY_INLINE void block(const WideRows& queries, std::size_t q, const WideRows& rows, std::size_t r,
                      std::uint32_t* distances) {
#if HWY_TARGET == HWY_SCALAR
  std::uint32_t dots[kTall * kWide] = {};
  for (std::size_t i = 0; i < rows.stride; ++i) {
    for (std::size_t s = 0; s < kTall * kWide; ++s) {
      dots[s] +=
          static_cast<std::uint32_t>(queries.row(q + s / kWide)[i] * rows.row(r + s % kWide)[i]);
    }
  }
#else
  const hn::CappedTag<std::int16_t, 2 * kLine> narrow;
  const hn::RepartitionToWide<decltype(narrow)> wide;
  using Narrow = hn::Vec<decltype(narrow)>;
  using Wide = hn::Vec<decltype(wide)>;
  Wide low[kTall * kWide];
  Wide high[kTall * kWide];  // unused where one instruction adds up pairs of products
  unroll<kTall * kWide>([&](auto s) MNIST_BENCH_LAMBDA {
    low[s] = hn::Zero(wide);
    high[s] = hn::Zero(wide);
  });
  for (std::size_t i = 0; i < rows.stride; i += hn::Lanes(narrow)) {
    Narrow right[kWide];
    unroll<kWide>([&](auto w)
                      MNIST_BENCH_LAMBDA { right[w] = hn::Load(narrow, rows.row(r + w) + i); });
    unroll<kTall>([&](auto t) MNIST_BENCH_LAMBDA {
      const Narrow left = hn::Load(narrow, queries.row(q + t) + i);
      unroll<kWide>([&](auto w) MNIST_BENCH_LAMBDA {
        constexpr std::size_t kSum = t() * kWide + w();
        low[kSum] = hn::ReorderWidenMulAccumulate(wide, left, right[w], low[kSum], high[kSum]);
      });
    });
  }
  std::uint32_t dots[kTall * kWide];
  unroll<kTall * kWide>([&](auto s) MNIST_BENCH_LAMBDA {
    const Wide sum = hn::SumOfLanes(wide, hn::Add(low[s], high[s]));
    dots[s] = static_cast<std::uint32_t>(hn::GetLane(sum));
  });
#endif
  for (std::size_t s = 0; s < kTall * kWide; ++s) {
    const std::size_t query = q + s / kWide;
    const std::size_t row = r + s % kWide;
    distances[query * rows.size() + row] = queries.squares[query] + rows.squares[row] - 2 * dots[s];
  }
}

template <std::size_t kTall>
HWY_INLINE void all_rows(const WideRows& queries, std::size_t q, const WideRows& rows,
                         std::uint32_t* distances) {
  std::size_t r = 0;
  for (; r + kRows <= rows.size(); r += kRows) {
    block<kTall, kRows>(queries, q, rows, r, distances);
  }
  for (; r < rows.size(); ++r) block<kTall, 1>(queries, q, rows, r, distances);
}

void all_distances(const WideRows& queries, const WideRows& rows, std::uint32_t* distances) {
  std::size_t q = 0;
  for (; q + kQueries <= queries.size(); q += kQueries) {
    all_rows<kQueries>(queries, q, rows, distances);
  }
  for (; q < queries.size(); ++q) all_rows<1>(queries, q, rows, distances);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(all_distances);

void widen(const std::uint8_t* bytes, std::size_t count, std::size_t width, WideRows& wide) {
  wide.stride = round_up(width, 2 * kLine);
  wide.values.assign(count * wide.stride, 0);
  wide.squares.resize(count);
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint8_t* const from = bytes + row * width;
    std::int16_t* const to = wide.values.data() + row * wide.stride;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < width; ++i) {
      to[i] = from[i];
      sum += std::uint32_t{from[i]} * from[i];
    }
    wide.squares[row] = sum;
  }
}

void squared_distances(const WideRows& queries, const WideRows& rows, std::uint32_t* distances) {
  HWY_DYNAMIC_DISPATCH(all_distances)(queries, rows, distances);
}

}  // namespace mnist_bench::kernels
#endif
