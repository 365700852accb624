#include "kernels/conv2_forward.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2_forward.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

#ifndef MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
#define MNIST_BENCH_KERNELS_CONV2_FORWARD_ONCE
namespace mnist_bench::kernels {
namespace {

constexpr std::size_t kPoints = 16;  ///< multiplications per tile and pair of channels
constexpr std::size_t kGroup = 64;   ///< tiles that are worked on together

/// How `scratch` is laid out: v [kPoints][group][in_channels], m [kPoints][group][out_channels], a
/// row of zeros. The points do not lie a power of two apart.
struct Scratch {
  explicit Scratch(const Conv2& conv)
      : group(std::min(kGroup, conv.tiles())),
        v_stride(padded_stride(group * conv.input.channels)),
        m_stride(padded_stride(group * conv.out_channels)),
        size(kPoints * (v_stride + m_stride) + conv.out_channels) {}
  std::size_t group;
  std::size_t v_stride;
  std::size_t m_stride;
  std::size_t size;
};

/// Ors the bytes c0 … c3 of `cells`, lowest first, as Bᵀ adds up: (c0 | c2, c1 | c2, c1 | c2,
/// c1 | c3).
std::uint32_t mix(std::uint32_t cells) {
  const std::uint32_t middle = (cells | cells >> 8U) & 0xff00U;
  return ((cells | cells >> 16U) & 0xffU) | middle | middle << 8U |
         ((cells | cells << 16U) & 0xff000000U);
}

/// points[p] = 1 where Bᵀ (x − blank) B may differ from 0 at p, for the 4×4 values of x whose ink
/// begins at `ink`, and 0 elsewhere. False if that is everywhere.
bool find_points(const std::uint8_t* ink, std::size_t stride, std::uint8_t* points) {
  std::uint32_t rows[4];
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(&rows[i], ink + i * stride, 4);
  const std::uint32_t middle = mix(rows[1] | rows[2]);
  const std::uint32_t mixed[4] = {mix(rows[0] | rows[2]), middle, middle, mix(rows[1] | rows[3])};
  std::memcpy(points, mixed, sizeof(mixed));
  return (mixed[0] | mixed[1] | mixed[3]) != 0;
}

}  // namespace
}  // namespace mnist_bench::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

using Unsigned = hn::RebindToUnsigned<Floats>;

/// What a product of matrices keeps in registers: kTiles × kColumns sums, kColumns weights and an
/// input.
constexpr bool kManyRegisters = HWY_ARCH_ARM_A64 != 0 || HWY_TARGET <= HWY_AVX3;
constexpr std::size_t kTiles = 6;
constexpr std::size_t kColumns = kManyRegisters ? 4 : 2;

/// Weights of one input channel for a vector of output channels: u = G g Gᵀ with
/// G = (1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1).
HWY_INLINE void transform_weights_at(const float* weights, std::size_t point_stride, float* u) {
  const hn::RebindToSigned<Floats> integers;
  const auto outputs = hn::Mul(hn::Iota(integers, 0), hn::Set(integers, 9 * kLine));
  const auto half = hn::Set(kFloats, 0.5F);
  Vector rows[4 * 3];
  unroll<3>([&](auto j) MNIST_BENCH_LAMBDA {
    const auto g0 = hn::GatherIndex(kFloats, weights + j * kLine, outputs);
    const auto g1 = hn::GatherIndex(kFloats, weights + (3 + j) * kLine, outputs);
    const auto g2 = hn::GatherIndex(kFloats, weights + (6 + j) * kLine, outputs);
    const auto even = hn::Mul(half, hn::Add(g0, g2));
    rows[j] = g0;
    rows[3 + j] = hn::MulAdd(half, g1, even);
    rows[6 + j] = hn::NegMulAdd(half, g1, even);
    rows[9 + j] = g2;
  });
  unroll<4>([&](auto i) MNIST_BENCH_LAMBDA {
    const Vector* row = rows + 3 * i;
    float* to = u + 4 * i * point_stride;
    const auto even = hn::Mul(half, hn::Add(row[0], row[2]));
    hn::StoreU(row[0], kFloats, to);
    hn::StoreU(hn::MulAdd(half, row[1], even), kFloats, to + point_stride);
    hn::StoreU(hn::NegMulAdd(half, row[1], even), kFloats, to + 2 * point_stride);
    hn::StoreU(row[2], kFloats, to + 3 * point_stride);
  });
}

void transform_weights(const Conv2& conv, const float* weights, Range outputs, float* transformed) {
  const std::size_t ins = conv.input.channels;
  const std::size_t outs = conv.out_channels;
  for (std::size_t o = outputs.begin; o < outputs.end; o += hn::Lanes(kFloats)) {
    for (std::size_t c = 0; c < ins; ++c) {
      transform_weights_at(weights + (c / kLine * outs + o) * 9 * kLine + c % kLine, ins * outs,
                           transformed + c * outs + o);
    }
  }
}

/// One vector of channels of a tile: v = Bᵀ (x − blank) B with
/// B = (1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1)ᵀ. Value p goes to v[rows[p]].
HWY_INLINE void transform_input_at(const float* x, const float* blank, std::size_t row_stride,
                                   const std::uint32_t* rows, float* v) {
  Vector columns[kPoints];
  unroll<4>([&](auto j) MNIST_BENCH_LAMBDA {
    const float* const to = x + j * kLine;
    const float* const from = blank + j * kLine;
    const auto d0 = hn::Sub(hn::LoadU(kFloats, to), hn::LoadU(kFloats, from));
    const auto d1 =
        hn::Sub(hn::LoadU(kFloats, to + row_stride), hn::LoadU(kFloats, from + row_stride));
    const auto d2 =
        hn::Sub(hn::LoadU(kFloats, to + 2 * row_stride), hn::LoadU(kFloats, from + 2 * row_stride));
    const auto d3 =
        hn::Sub(hn::LoadU(kFloats, to + 3 * row_stride), hn::LoadU(kFloats, from + 3 * row_stride));
    columns[j] = hn::Sub(d0, d2);
    columns[4 + j] = hn::Add(d1, d2);
    columns[8 + j] = hn::Sub(d2, d1);
    columns[12 + j] = hn::Sub(d1, d3);
  });
  unroll<4>([&](auto i) MNIST_BENCH_LAMBDA {
    const Vector* column = columns + 4 * i;
    const std::uint32_t* row = rows + 4 * i;
    hn::StoreU(hn::Sub(column[0], column[2]), kFloats, v + row[0]);
    hn::StoreU(hn::Add(column[1], column[2]), kFloats, v + row[1]);
    hn::StoreU(hn::Sub(column[2], column[1]), kFloats, v + row[2]);
    hn::StoreU(hn::Sub(column[1], column[3]), kFloats, v + row[3]);
  });
}

/// m[t][o] = Σ_c v[t][c] · u[c][o] for kRows tiles and kVectors vectors of output channels.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_block(const float* HWY_RESTRICT v, const float* HWY_RESTRICT u,
                               std::size_t in_channels, std::size_t out_channels,
                               float* HWY_RESTRICT m) {
  const std::size_t lanes = hn::Lanes(kFloats);
  Vector sums[kRows * kVectors];
  unroll<kRows * kVectors>([&](auto i) MNIST_BENCH_LAMBDA { sums[i] = hn::Zero(kFloats); });
  for (std::size_t c = 0; c < in_channels; ++c) {
    Vector weights[kVectors];
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      weights[j] = hn::LoadU(kFloats, u + c * out_channels + j * lanes);
    });
    unroll<kRows>([&](auto t) MNIST_BENCH_LAMBDA {
      const auto input = hn::Set(kFloats, v[t * in_channels + c]);
      unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
        sums[t * kVectors + j] = hn::MulAdd(input, weights[j], sums[t * kVectors + j]);
      });
    });
  }
  unroll<kRows>([&](auto t) MNIST_BENCH_LAMBDA {
    unroll<kVectors>([&](auto j) MNIST_BENCH_LAMBDA {
      hn::StoreU(sums[t * kVectors + j], kFloats, m + t * out_channels + j * lanes);
    });
  });
}

/// The same for all `tiles`: blocks of kRows, the rest in a smaller one.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_tiles(const float* v, const float* u, std::size_t tiles,
                               std::size_t in_channels, std::size_t out_channels, float* m) {
  std::size_t t = 0;
  for (; t + kRows <= tiles; t += kRows) {
    multiply_block<kRows, kVectors>(v + t * in_channels, u, in_channels, out_channels,
                                    m + t * out_channels);
  }
  if constexpr (kRows > 1) {
    if (t < tiles) {
      multiply_tiles<kRows - 1, kVectors>(v + t * in_channels, u, tiles - t, in_channels,
                                          out_channels, m + t * out_channels);
    }
  }
}

/// The same for all output channels.
template <std::size_t kVectors>
HWY_INLINE void multiply(const float* v, const float* u, std::size_t tiles, std::size_t in_channels,
                         std::size_t out_channels, std::size_t first, float* m) {
  const std::size_t width = kVectors * hn::Lanes(kFloats);
  for (; first + width <= out_channels; first += width) {
    multiply_tiles<kTiles, kVectors>(v, u + first, tiles, in_channels, out_channels, m + first);
  }
  if constexpr (kVectors > 1) {
    multiply<kVectors / 2>(v, u, tiles, in_channels, out_channels, first, m);
  }
}

/// One vector of output channels of a tile: y = start + Aᵀ m A with A = (1 0; 1 1; 1 −1; 0 −1).
/// Value p of m is at m[rows[p]], value q of start at start[q · start_stride].
HWY_INLINE void transform_output_at(const float* m, const std::uint32_t* rows, const float* start,
                                    std::size_t start_stride, Vector* y) {
  Vector top[4];
  Vector bottom[4];
  unroll<4>([&](auto j) MNIST_BENCH_LAMBDA {
    const auto m0 = hn::LoadU(kFloats, m + rows[j]);
    const auto m1 = hn::LoadU(kFloats, m + rows[4 + j]);
    const auto m2 = hn::LoadU(kFloats, m + rows[8 + j]);
    const auto m3 = hn::LoadU(kFloats, m + rows[12 + j]);
    top[j] = hn::Add(hn::Add(m0, m1), m2);
    bottom[j] = hn::Sub(hn::Sub(m1, m2), m3);
  });
  y[0] = hn::Add(hn::Add(top[0], top[1]), top[2]);
  y[1] = hn::Sub(hn::Sub(top[1], top[2]), top[3]);
  y[2] = hn::Add(hn::Add(bottom[0], bottom[1]), bottom[2]);
  y[3] = hn::Sub(hn::Sub(bottom[1], bottom[2]), bottom[3]);
  unroll<4>([&](auto q) MNIST_BENCH_LAMBDA {
    y[q] = hn::Add(y[q], hn::LoadU(kFloats, start + q * start_stride));
  });
}

/// The first maximum of y.
HWY_INLINE void pool_at(const Vector* y, float* pooled, std::uint32_t* position) {
  const Unsigned integers;
  Vector best = y[0];
  auto first = hn::Zero(integers);
  unroll<3>([&](auto i) MNIST_BENCH_LAMBDA {
    const auto better = hn::Gt(y[i + 1], best);
    best = hn::IfThenElse(better, y[i + 1], best);
    first = hn::IfThenElse(hn::RebindMask(integers, better),
                           hn::Set(integers, static_cast<std::uint32_t>(i + 1)), first);
  });
  hn::StoreU(best, kFloats, pooled);
  hn::StoreU(first, integers, position);
}

/// A tile that is worked on.
struct WorkedTile {
  std::size_t tile;
  const float* x;          ///< the 4×4 values that it sees
  const float* blank;      ///< those of what it is computed as a difference from
  const float* start;      ///< the outputs of that
  std::uint32_t v[kPoints];  ///< where its row is in v for each point
  std::uint32_t m[kPoints];  ///< where its row is in m
};

/// Tiles that are worked on together: collects them, up to a number, and does their products.
class Group {
 public:
  Group(const Conv2& conv, const float* transformed, float* scratch)
      : conv_(conv),
        sizes_(conv),
        transformed_(transformed),
        v_(scratch),
        m_(scratch + kPoints * sizes_.v_stride) {
    std::fill_n(m_ + kPoints * sizes_.m_stride, conv.out_channels, 0.0F);
    clear();
  }

  HWY_INLINE void clear() {
    size_ = 0;
    for (std::size_t p = 0; p < kPoints; ++p) {
      v_rows_[p] = static_cast<std::uint32_t>(p * sizes_.v_stride);
      m_rows_[p] = static_cast<std::uint32_t>(p * sizes_.m_stride);
    }
  }
  [[nodiscard]] HWY_INLINE bool full() const { return size_ == sizes_.group; }

  HWY_INLINE void add(std::size_t tile, const float* x, const float* blank, const float* start, const std::uint8_t* points) {
    const auto ins = static_cast<std::uint32_t>(conv_.input.channels);
    const auto outs = static_cast<std::uint32_t>(conv_.out_channels);
    const auto zeros = static_cast<std::uint32_t>(kPoints * sizes_.m_stride);
    WorkedTile& added = tiles_[size_++];
    added.tile = tile; added.x = x; added.blank = blank; added.start = start;
    for (std::size_t p = 0; p < kPoints; ++p) {
      const std::uint32_t point = points[p];
      added.v[p] = v_rows_[p];
      added.m[p] = point != 0 ? m_rows_[p] : zeros;
      v_rows_[p] += point * ins;
      m_rows_[p] += point * outs;
    }
  }

  /// finish(tile, o, y)
  template <class Finish>
  HWY_INLINE void work_off(std::size_t start_stride, const Finish& finish) {
    const std::size_t ins = conv_.input.channels;
    const std::size_t outs = conv_.out_channels;
    for (std::size_t c = 0; c < ins; c += hn::Lanes(kFloats)) {
      const std::size_t at = c / kLine * conv_.input.block_stride() + c % kLine;
      for (std::size_t t = 0; t < size_; ++t) {
        transform_input_at(tiles_[t].x + at, tiles_[t].blank + at, conv_.input.row_stride(),
                           tiles_[t].v, v_ + c);
      }
    }
    for (std::size_t p = 0; p < kPoints; ++p) {
      const std::size_t rows = (v_rows_[p] - p * sizes_.v_stride) / ins;
      multiply<kColumns>(v_ + p * sizes_.v_stride, transformed_ + p * ins * outs, rows, ins, outs, 0,
                         m_ + p * sizes_.m_stride);
    }
    for (std::size_t t = 0; t < size_; ++t) {
      for (std::size_t o = 0; o < outs; o += hn::Lanes(kFloats)) {
        Vector y[4];
        transform_output_at(m_ + o, tiles_[t].m, tiles_[t].start + o, start_stride, y);
        finish(tiles_[t].tile, o, y);
      }
    }
    clear();
  }

 private:
  const Conv2& conv_;
  Scratch sizes_;
  const float* transformed_;
  float* v_;
  float* m_;
  std::size_t size_ = 0;
  std::uint32_t v_rows_[kPoints];
  std::uint32_t m_rows_[kPoints];
  WorkedTile tiles_[kGroup];
};

void forward_blank(const Conv2& conv, const float* transformed, const float* bias, float* scratch,
                   const BlankTiles& blank) {
  const std::size_t outs = conv.out_channels;
  const AlignedVector<float> zeros(conv.input.size());
  Group group(conv, transformed, scratch);
  const auto finish = [&](std::size_t tile, std::size_t o, const Vector* y) MNIST_BENCH_LAMBDA {
    for (std::size_t q = 0; q < 4; ++q) {
      hn::StoreU(y[q], kFloats, blank.outputs + (tile * 4 + q) * outs + o);
    }
    pool_at(y, blank.pooled + tile * outs + o, blank.positions + tile * outs + o);
  };
  constexpr std::uint8_t kAll[kPoints] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (std::size_t row = 0; row < conv.tile_rows(); ++row) {
    for (std::size_t column = 0; column < conv.tile_columns(); ++column) {
      const std::size_t tile = row * conv.tile_columns() + column;
      if (conv.like(row, column) != tile) continue;
      group.add(tile, blank.map + conv.input.window(2 * row, 2 * column), zeros.data(), bias, kAll);
      if (group.full()) group.work_off(0, finish);
    }
  }
  group.work_off(0, finish);
}

void forward(const Conv2& conv, const float* x, const std::uint8_t* ink, const BlankTiles& blank,
             const float* transformed, float* scratch, float* pooled, std::uint32_t* positions) {
  const std::size_t outs = conv.out_channels;
  const std::size_t ink_stride = conv.input.columns + 2;
  Group group(conv, transformed, scratch);
  const auto finish = [&](std::size_t tile, std::size_t o, const Vector* y) MNIST_BENCH_LAMBDA {
    pool_at(y, pooled + tile * outs + o, positions + tile * outs + o);
  };
  for (std::size_t row = 0; row < conv.tile_rows(); ++row) {
    for (std::size_t column = 0; column < conv.tile_columns(); ++column) {
      const std::size_t tile = row * conv.tile_columns() + column;
      const std::size_t like = conv.like(row, column);
      std::uint8_t points[kPoints];
      if (find_points(ink + 2 * row * ink_stride + 2 * column, ink_stride, points)) {
        group.add(tile, x + conv.input.window(2 * row, 2 * column), blank.map + conv.window(like),
                  blank.outputs + like * 4 * outs, points);
        if (group.full()) group.work_off(outs, finish);
      } else {
        std::copy_n(blank.pooled + like * outs, outs, pooled + tile * outs);
        std::copy_n(blank.positions + like * outs, outs, positions + tile * outs);
      }
    }
  }
  group.work_off(outs, finish);
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(transform_weights);
HWY_EXPORT(forward_blank);
HWY_EXPORT(forward);

std::size_t conv2_transformed_size(const Conv2& conv) {
  return kPoints * conv.input.channels * conv.out_channels;
}

void conv2_transform_weights(const Conv2& conv, const float* weights, Range outputs,
                             float* transformed) {
  HWY_DYNAMIC_DISPATCH(transform_weights)(conv, weights, outputs, transformed);
}

std::size_t conv2_forward_scratch(const Conv2& conv) { return Scratch(conv).size; }

void conv2_forward_blank(const Conv2& conv, const float* transformed, const float* bias,
                         float* scratch, const BlankTiles& blank) {
  HWY_DYNAMIC_DISPATCH(forward_blank)(conv, transformed, bias, scratch, blank);
}

void conv2_forward(const Conv2& conv, const float* x, const std::uint8_t* ink,
                   const BlankTiles& blank, const float* transformed, float* scratch, float* pooled,
                   std::uint32_t* positions) {
  HWY_DYNAMIC_DISPATCH(forward)
  (conv, x, ink, blank, transformed, scratch, pooled, positions);
}

}  // namespace mnist_bench::kernels
#endif
