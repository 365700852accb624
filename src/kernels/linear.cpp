#include "kernels/linear.h"

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/adam-inl.h"
#include "kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Vectors of a row that are worked on at a time; `linear_backward` needs twice the registers.
constexpr std::size_t kTile = 8;
constexpr std::size_t kBackwardTile = HWY_TARGET == HWY_AVX2 ? 4 : 8;
/// Images ahead of the one at work whose entries are asked for.
constexpr std::size_t kAhead = 4;

/// How the entries of a row are read: which row of the other matrix, and by what to multiply it.
struct Entries {
  explicit Entries(const SparseRow& row) : row_(row) {}
  [[nodiscard]] HWY_INLINE std::size_t size() const { return row_.size; }
  [[nodiscard]] HWY_INLINE std::size_t index(std::size_t entry) const { return row_.index[entry]; }
  [[nodiscard]] HWY_INLINE Vector factor(std::size_t entry) const {
    return hn::Set(kFloats, row_.value[entry]);
  }
  HWY_INLINE void prefetch() const {}
  const SparseRow& row_;
};
struct PixelEntries {
  PixelEntries(const PixelRow& row, const float* table) : row_(row), table_(table) {}
  [[nodiscard]] HWY_INLINE std::size_t size() const { return row_.size; }
  [[nodiscard]] HWY_INLINE std::size_t index(std::size_t entry) const {
    return row_.entries[entry] / kByteValues;
  }
  [[nodiscard]] HWY_INLINE Vector factor(std::size_t entry) const {
    return hn::Set(kFloats, table_[row_.entries[entry] % kByteValues]);
  }
  /// The lists of a shuffled batch lie anywhere in the data set, far from any cache.
  HWY_INLINE void prefetch() const {
    for (std::size_t entry = 0; entry < row_.size; entry += kLine) {
      hwy::Prefetch(row_.entries + entry);
    }
  }
  const PixelRow& row_;
  const float* table_;
};

/// tile += Σ over the entries, factor · matrix[index] from `column` on.
template <std::size_t kVectors, class SomeEntries>
HWY_INLINE void add_entries(const SomeEntries& entries, ConstMatrix matrix, std::size_t column,
                            Tile<kVectors>& sum) {
  Tile<kVectors> tile = sum;
  const float* const base = matrix.data + column;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    tile.add_product(entries.factor(e), base + entries.index(e) * matrix.stride);
  }
  sum = tile;
}

template <class EntriesOf>
HWY_INLINE void forward(const EntriesOf& entries_of, ConstMatrix weights, const float* start,
                        Range images, Range columns, Matrix y) {
  for_each_tile<kTile>(columns, [&](auto tile, std::size_t column) HWY_ATTR {
    for (std::size_t i = images.begin; i < images.end; ++i) {
      if (column == columns.begin && i + kAhead < images.end) entries_of(i + kAhead).prefetch();
      tile.load((start != nullptr ? start : y.row(i)) + column);
      add_entries(entries_of(i), weights, column, tile);
      tile.store(y.row(i) + column);
    }
  });
}

void sparse_forward(const SparseRow* x, ConstMatrix weights, const float* start, Range images,
                    Range columns, Matrix y) {
  forward([&](std::size_t i) HWY_ATTR { return Entries(x[i]); }, weights, start, images, columns,
          y);
}

void pixel_forward(const PixelRow* x, const float* table, ConstMatrix weights, const float* start,
                   Range images, Range columns, Matrix y) {
  forward([&](std::size_t i) HWY_ATTR { return PixelEntries(x[i], table); }, weights, start, images,
          columns, y);
}

/// Adam's step on weights[row] from `column` on.
template <std::size_t kVectors>
HWY_INLINE void descend(const AdamStep& step, const Tile<kVectors>& gradient,
                        const Weights& weights, std::size_t row, std::size_t column) {
  float* const first_moment = weights.first_moments.row(row) + column;
  float* const second_moment = weights.second_moments.row(row) + column;
  float* const value = weights.values.row(row) + column;
  gradient.for_each([&](Vector g, std::size_t offset) HWY_ATTR {
    adam_at(kFloats, step, g, first_moment + offset, second_moment + offset, value + offset);
  });
}

void backward(const SparseRow* x, const Weights& weights, std::size_t out, ConstMatrix delta,
              float scale, const AdamStep& step, Range inputs, Matrix dx) {
  for_each_tile<kBackwardTile>({0, out}, [&](auto gradient, std::size_t column) HWY_ATTR {
    decltype(gradient) w;
    decltype(gradient) d;
    for (std::size_t k = inputs.begin; k < inputs.end; ++k) {
      w.load(weights.values.row(k) + column);
      gradient.fill(hn::Zero(kFloats));
      const Entries entries(x[k]);
      for (std::size_t e = 0; e < entries.size(); ++e) {
        const std::size_t i = entries.index(e);
        d.load(delta.row(i) + column);
        gradient.add_product(entries.factor(e), d);
        dx.row(i)[k] += scale * hn::GetLane(hn::SumOfLanes(kFloats, w.dot(d, hn::Zero(kFloats))));
      }
      descend(step, gradient, weights, k, column);
    }
  });
}

void pixels_descend(const PixelRow* x, const float* table, const Weights& weights,
                    const float* start, ConstMatrix delta, const AdamStep& step, std::size_t inputs,
                    Range columns, bool upwards) {
  for_each_tile<kTile>(columns, [&](auto gradient, std::size_t column) HWY_ATTR {
    for (std::size_t n = 0; n < inputs; ++n) {
      const std::size_t p = upwards ? n : inputs - 1 - n;
      gradient.load(start + column);
      add_entries(PixelEntries(x[p], table), delta, column, gradient);
      descend(step, gradient, weights, p, column);
    }
  });
}

void sum_columns(ConstMatrix rows, std::size_t count, float factor, const float* start,
                 Range columns, float* sum) {
  for_each_tile<kTile>(columns, [&](auto tile, std::size_t column) HWY_ATTR {
    const Vector one = hn::Set(kFloats, 1.0F);
    tile.fill(hn::Zero(kFloats));
    for (std::size_t r = 0; r < count; ++r) tile.add_product(one, rows.row(r) + column);
    decltype(tile) result;
    if (start == nullptr) {
      result.fill(hn::Zero(kFloats));
    } else {
      result.load(start + column);
    }
    result.add_product(hn::Set(kFloats, factor), tile);
    result.store(sum + column);
  });
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {

HWY_EXPORT(sparse_forward);
HWY_EXPORT(pixel_forward);
HWY_EXPORT(backward);
HWY_EXPORT(pixels_descend);
HWY_EXPORT(sum_columns);

void linear_forward(const SparseRow* x, ConstMatrix weights, const float* start, Range images,
                    Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(sparse_forward)(x, weights, start, images, columns, y);
}

void linear_forward(const PixelRow* x, const float* table, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(pixel_forward)(x, table, weights, start, images, columns, y);
}

void linear_backward(const SparseRow* x, const Weights& weights, std::size_t out, ConstMatrix delta,
                     float scale, const AdamStep& step, Range inputs, Matrix dx) {
  HWY_DYNAMIC_DISPATCH(backward)(x, weights, out, delta, scale, step, inputs, dx);
}

void pixel_descend(const PixelRow* x, const float* table, const Weights& weights,
                   const float* start, ConstMatrix delta, const AdamStep& step, std::size_t inputs,
                   Range columns, bool upwards) {
  HWY_DYNAMIC_DISPATCH(pixels_descend)
  (x, table, weights, start, delta, step, inputs, columns, upwards);
}

void column_sums(ConstMatrix rows, std::size_t count, float factor, const float* start,
                 Range columns, float* sum) {
  HWY_DYNAMIC_DISPATCH(sum_columns)(rows, count, factor, start, columns, sum);
}

}  // namespace mnist_bench::kernels
#endif
