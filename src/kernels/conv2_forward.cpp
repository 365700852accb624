#include "kernels/conv2_forward.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2_forward.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/multiply-inl.h"
#include "kernels/pool-inl.h"
#include "kernels/select-inl.h"
#include "kernels/winograd-inl.h"

#ifndef MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
#define MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
namespace mnist_bench::kernels {
namespace {

/// Tiles that are computed together. At each point, 64 tiles of the paper's CNN are 8 kB of v and
/// 16 kB of m, and the weights are 8 kB: together the 32 kB of a common first cache.
constexpr std::size_t kGroup = 64;

std::size_t group_size(const Conv2& conv) { return std::min(kGroup, conv.tiles()); }

/// For each pattern of four bits, which of the four outputs of Bᵀ depend on a set bit. The outputs
/// depend on bits 0 and 2, 1 and 2, 1 and 2, and 1 and 3.
constexpr auto kMixed = [] {
  std::array<std::uint32_t, 16> mixed{};
  for (std::uint32_t bits = 0; bits < 16; ++bits) {
    const std::uint32_t middle = (bits >> 1U | bits >> 2U) & 1U;
    mixed[bits] = ((bits | bits >> 2U) & 1U) | middle << 1U | middle << 2U |
                  ((bits >> 1U | bits >> 3U) & 1U) << 3U;
  }
  return mixed;
}();

/// Bit p, for each point p.
constexpr auto kPointBits = [] {
  std::array<std::uint32_t, kPoints> bits{};
  for (std::uint32_t p = 0; p < kPoints; ++p) bits[p] = 1U << p;
  return bits;
}();

/// Bit p is set where Bᵀ (x − background) B may differ from 0 at point p, for 4×4 values of x;
/// `mask` is where the nonzero mask of these begins. Counted over MNIST's 60,000 training
/// images, 27 % of the tiles have no such point, and 56 % of all points are computed.
inline std::uint32_t find_points(const std::uint8_t* mask, std::size_t stride) {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t rows[4];
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint32_t bytes = 0;  // each 0 or 1
    std::memcpy(&bytes, mask + i * stride, sizeof(bytes));
    rows[i] = bytes * 0x10204080U >> 28U;  // the lowest byte in the lowest bit
  }
  return kMixed[rows[0] | rows[2]] | kMixed[rows[1] | rows[2]] * 0x110U |
         kMixed[rows[1] | rows[3]] << 12U;
}

}  // namespace
}  // namespace mnist_bench::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

using Unsigned = hn::RebindToUnsigned<Floats>;

void transform_weights(const Conv2& conv, const float* weights, float* transformed) {
  const std::size_t ins = conv.input.channels;
  const std::size_t outs = conv.out_channels;
  for (std::size_t o = 0; o < outs; o += hn::Lanes(kFloats)) {
    for (std::size_t c = 0; c < ins; ++c) {
      transform_weights_at(weights + (c / kLine * outs + o) * 9 * kLine + c % kLine, ins * outs,
                           transformed + c * outs + o);
    }
  }
}

/// m[t][o] = Σ_c v[t][c] · u[c][o]. `multiply_in_blocks` as a function: its code is large, and two
/// functions call it.
HWY_NOINLINE void multiply_points(const float* v, const float* u, std::size_t tiles,
                                  std::size_t in_channels, std::size_t out_channels, float* m) {
  multiply_in_blocks({v, in_channels, 1}, {u, out_channels}, in_channels, {0, tiles},
                     {0, out_channels}, {}, {m, out_channels});
}

/// A tile that is not yet computed.
struct PendingTile {
  std::size_t tile;
  const float* x;            ///< the 4×4 values that it sees
  const float* background;   ///< the 4×4 values that it is computed as a difference from; null: 0
  const float* start;        ///< the outputs for those
  std::uint32_t v[kPoints];  ///< offset of its row in v, for each point
  std::uint32_t m[kPoints];  ///< offset of its row in m
};

/// Tiles that are computed together, `outs` output channels each.
class TileGroup {
 public:
  TileGroup(const Conv2& conv, std::size_t outs, Conv2Scratch& scratch)
      : conv_(conv),
        ins_(static_cast<std::uint32_t>(conv.input.channels)),
        outs_(static_cast<std::uint32_t>(outs)),
        capacity_(group_size(conv)),
        v_(scratch.v.data()),
        m_(scratch.m.data()),
        v_stride_(static_cast<std::uint32_t>(padded_stride(capacity_ * ins_))),
        m_stride_(static_cast<std::uint32_t>(padded_stride(capacity_ * outs_))),
        zeros_(kPoints * m_stride_) {
    std::fill_n(m_ + zeros_, outs, 0.0F);
    clear();
  }

  [[nodiscard]] bool full() const { return size_ == capacity_; }

  /// points: bit p is set where the tile differs from its start.
  HWY_INLINE void add(std::size_t tile, const float* x, const float* background, const float* start,
                      std::uint32_t points) {
    PendingTile& added = tiles_[size_++];
    added.tile = tile;
    added.x = x;
    added.background = background;
    added.start = start;
    const Unsigned integers;
    for (std::size_t p = 0; p < kPoints; p += hn::Lanes(integers)) {
      const auto bits = hn::LoadU(integers, kPointBits.data() + p);
      const auto here = hn::TestBit(hn::Set(integers, points), bits);
      const auto v = hn::LoadU(integers, v_rows_ + p);
      const auto m = hn::LoadU(integers, m_rows_ + p);
      hn::StoreU(v, integers, added.v + p);  // always stored; a later tile overwrites an unused row
      hn::StoreU(hn::IfThenElse(here, m, hn::Set(integers, zeros_)), integers, added.m + p);
      hn::StoreU(hn::Add(v, hn::IfThenElseZero(here, hn::Set(integers, ins_))), integers,
                 v_rows_ + p);
      hn::StoreU(hn::Add(m, hn::IfThenElseZero(here, hn::Set(integers, outs_))), integers,
                 m_rows_ + p);
    }
  }

  /// Computes all tiles and empties the group. weights_of(p): u at point p. start_stride: between
  /// the outputs that a tile starts from. finish(tile, o, y): gets a vector of output channels,
  /// from o on, at the four positions.
  template <class WeightsOf, class Finish>
  HWY_INLINE void flush(const WeightsOf& weights_of, std::size_t start_stride,
                        const Finish& finish) {
    for (std::size_t c = 0; c < ins_; c += hn::Lanes(kFloats)) {
      const std::size_t at = c / kLine * conv_.input.block_stride() + c % kLine;
      for (std::size_t t = 0; t < size_; ++t) {
        const PendingTile& tile = tiles_[t];
        transform_input_at(tile.x + at, tile.background != nullptr ? tile.background + at : nullptr,
                           conv_.input.row_stride(), tile.v, v_ + c);
      }
    }
    for (std::size_t p = 0; p < kPoints; ++p) {
      const std::size_t rows = (v_rows_[p] - p * v_stride_) / ins_;
      multiply_points(v_ + p * v_stride_, weights_of(p), rows, ins_, outs_, m_ + p * m_stride_);
    }
    for (std::size_t t = 0; t < size_; ++t) {
      for (std::size_t o = 0; o < outs_; o += hn::Lanes(kFloats)) {
        Vector y[4];
        transform_output_at(m_ + o, tiles_[t].m, tiles_[t].start + o, start_stride, y);
        finish(tiles_[t].tile, o, y);
      }
    }
    clear();
  }

 private:
  HWY_INLINE void clear() {
    size_ = 0;
    for (std::uint32_t p = 0; p < kPoints; ++p) {
      v_rows_[p] = p * v_stride_;
      m_rows_[p] = p * m_stride_;
    }
  }

  const Conv2& conv_;
  std::uint32_t ins_;
  std::uint32_t outs_;
  std::size_t capacity_;
  float* v_;  ///< [kPoints][tiles][ins]; points are not a power of two apart, see padded_stride
  float* m_;  ///< [kPoints][tiles][outs], then a row of zeros
  std::uint32_t v_stride_;
  std::uint32_t m_stride_;
  std::uint32_t zeros_;
  std::uint32_t v_rows_[kPoints];  ///< offsets of the next tile's rows
  std::uint32_t m_rows_[kPoints];
  std::size_t size_ = 0;
  PendingTile tiles_[kGroup];
};

void forward_background(const Conv2& conv, const float* map, const float* transformed,
                        const float* bias, Conv2Scratch& scratch, BackgroundResponse& background) {
  background.map = map;
  const std::size_t outs = conv.out_channels;
  const auto weights_of = [&](std::size_t p) {
    return transformed + p * conv.input.channels * outs;
  };
  const auto finish = [&](std::size_t tile, std::size_t o, const Vector* y) MNIST_BENCH_LAMBDA {
    for (std::size_t q = 0; q < 4; ++q) {
      hn::StoreU(y[q], kFloats, background.outputs.data() + (tile * 4 + q) * outs + o);
    }
    const Maximum best = first_maximum(y);
    hn::StoreU(best.value, kFloats, background.pooled.data() + tile * outs + o);
    hn::StoreU(hn::BitCast(Unsigned(), best.position), Unsigned(),
               background.positions.data() + tile * outs + o);
  };
  constexpr std::uint32_t kAll = (1U << kPoints) - 1;
  TileGroup group(conv, outs, scratch);
  for (const std::size_t tile : background.tiles) {
    group.add(tile, map + conv.window(tile), nullptr, bias, kAll);
    if (group.full()) group.flush(weights_of, 0, finish);
  }
  group.flush(weights_of, 0, finish);
}

/// The background response of the channels that have a slot.
void select_background(const Conv2& conv, const BackgroundResponse& background,
                       const PooledMap& map, BackgroundResponse& selected) {
  const std::size_t outs = conv.out_channels;
  const auto select = [&](const auto& from, std::size_t row, std::size_t rows, auto& to) {
    select_channels(from.data() + row * outs, rows, outs, map.channels.data(), map.width,
                    to.data() + row * map.width);
  };
  for (const std::size_t tile : background.tiles) {
    select(background.outputs, 4 * tile, 4, selected.outputs);
    select(background.pooled, tile, 1, selected.pooled);
    select(background.positions, tile, 1, selected.positions);
  }
}

void forward(const Conv2& conv, Conv2Input input, const BackgroundResponse& background_response,
             const float* transformed, const float* factors, Conv2Scratch& scratch,
             PooledMap& pooled) {
  const std::size_t ins = conv.input.channels;
  const std::size_t outs = conv.out_channels;
  pooled.width = pack_channels(factors, outs, pooled.channels.data(), pooled.factors.data(),
                               scratch.relocated.data());
  const std::size_t width = pooled.width;
  const bool all = width == outs;
  if (!all) select_background(conv, background_response, pooled, scratch.background);
  const BackgroundResponse& background = all ? background_response : scratch.background;
  const float* const background_map = background_response.map;

  const auto weights_of = [&](std::size_t p) MNIST_BENCH_LAMBDA -> const float* {
    const float* weights = transformed + p * ins * outs;
    if (all) return weights;
    select_channels(weights, ins, outs, pooled.channels.data(), width, scratch.weights.data());
    return scratch.weights.data();
  };
  // dropout2d and relu of a pooled value.
  const auto activate = [&](std::size_t tile, std::size_t o, Vector maximum,
                            hn::Vec<Unsigned> position) MNIST_BENCH_LAMBDA {
    const Unsigned integers;
    const auto value = hn::Mul(maximum, hn::LoadU(kFloats, pooled.factors.data() + o));
    const auto inactive = hn::Le(value, hn::Zero(kFloats));
    hn::StoreU(hn::IfThenZeroElse(inactive, value), kFloats,
               pooled.values.data() + tile * width + o);
    hn::StoreU(
        hn::IfThenElse(hn::RebindMask(integers, inactive), hn::Set(integers, kInactive), position),
        integers, pooled.positions.data() + tile * width + o);
  };
  const auto finish = [&](std::size_t tile, std::size_t o, const Vector* y) MNIST_BENCH_LAMBDA {
    const Maximum best = first_maximum(y);
    activate(tile, o, best.value, hn::BitCast(Unsigned(), best.position));
  };
  const std::size_t mask_stride = conv.input.mask_stride();
  TileGroup group(conv, width, scratch);
  for (std::size_t row = 0; row < conv.tile_rows(); ++row) {
    for (std::size_t column = 0; column < conv.tile_columns(); ++column) {
      const std::size_t tile = row * conv.tile_columns() + column;
      const std::size_t representative = conv.representative_tile(row, column);
      const std::uint32_t points =
          find_points(input.nonzero_mask + 2 * row * mask_stride + 2 * column, mask_stride);
      if (points != 0) {
        group.add(tile, input.map + conv.input.window(2 * row, 2 * column),
                  background_map + conv.window(representative),
                  background.outputs.data() + representative * 4 * width, points);
        if (group.full()) group.flush(weights_of, width, finish);
      } else {
        for (std::size_t o = 0; o < width; o += hn::Lanes(kFloats)) {
          activate(tile, o,
                   hn::LoadU(kFloats, background.pooled.data() + representative * width + o),
                   hn::LoadU(Unsigned(), background.positions.data() + representative * width + o));
        }
      }
    }
  }
  group.flush(weights_of, width, finish);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(transform_weights);
HWY_EXPORT(forward_background);
HWY_EXPORT(forward);

std::size_t conv2_transformed_size(const Conv2& conv) {
  return kPoints * conv.input.channels * conv.out_channels;
}

void conv2_transform_weights(const Conv2& conv, const float* weights, float* transformed) {
  HWY_DYNAMIC_DISPATCH(transform_weights)(conv, weights, transformed);
}

BackgroundResponse::BackgroundResponse(const Conv2& conv)
    : outputs(4 * conv.units()), pooled(conv.units()), positions(conv.units()) {
  for (std::size_t row = 0; row < conv.tile_rows(); ++row) {
    for (std::size_t column = 0; column < conv.tile_columns(); ++column) {
      const std::size_t tile = row * conv.tile_columns() + column;
      if (conv.representative_tile(row, column) == tile) tiles.push_back(tile);
    }
  }
}

PooledMap::PooledMap(const Conv2& conv)
    : values(conv.units()),
      positions(conv.units()),
      channels(conv.out_channels),
      factors(conv.out_channels) {}

Conv2Scratch::Conv2Scratch(const Conv2& conv)
    : v(kPoints * padded_stride(group_size(conv) * conv.input.channels)),
      m(kPoints * padded_stride(group_size(conv) * conv.out_channels) + conv.out_channels),
      weights(conv.input.channels * conv.out_channels),
      relocated(conv.out_channels + kLine),
      background(conv) {}

void conv2_forward_background(const Conv2& conv, const float* map, const float* transformed,
                              const float* bias, Conv2Scratch& scratch,
                              BackgroundResponse& background) {
  HWY_DYNAMIC_DISPATCH(forward_background)(conv, map, transformed, bias, scratch, background);
}

void conv2_forward(const Conv2& conv, const Conv2Input& input, const BackgroundResponse& background,
                   const float* transformed, const float* factors, Conv2Scratch& scratch,
                   PooledMap& pooled) {
  HWY_DYNAMIC_DISPATCH(forward)
  (conv, input, background, transformed, factors, scratch, pooled);
}

}  // namespace mnist_bench::kernels
#endif
