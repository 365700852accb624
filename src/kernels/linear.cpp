#include "kernels/linear.h"

#include <array>

#include "kernels/prefetch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/optimizer-inl.h"
#include "kernels/sum-inl.h"
#include "kernels/tile-inl.h"
#include "kernels/unroll-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

/// Vectors of a row that are held in registers at a time: eight independent sums keep two FMA units
/// busy (see multiply-inl.h). `backward` needs twice as many registers.
constexpr std::size_t kTile = 8;
constexpr std::size_t kBackwardTile = kFewRegisters ? 4 : 8;
/// Inputs in a block of `forward`, and images that go through a block together. With AVX-512 the
/// weights of a block and a tile are 112 rows of 512 bytes, 56 kB. Images are mostly 0, so that
/// half of the rows are used often, and those fit a first cache of 32 kB. 112 divides MNIST's 784
/// pixels; 128 images are a whole batch of the paper's (64) and of the evaluation (128).
constexpr std::size_t kBlock = 112;
constexpr std::size_t kImages = 128;
/// How many images ahead entries are prefetched, and how many inputs ahead weights are. It takes
/// enough of them for memory to answer in time, and few enough that they are still in the first
/// cache when needed: the lists of four images are 2.4 kB, the weights and Adam's moments of two
/// inputs at most 3 kB. Not tuned.
constexpr std::size_t kAhead = 4;
constexpr std::size_t kInputsAhead = 2;

/// How the entries of a row are read: the row of the other matrix, and the factor for it.
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
struct ListedEntries {
  ListedEntries(const ListedColumns& x, std::size_t column)
      : column_(x.columns[column]), values_(x.values) {}
  [[nodiscard]] HWY_INLINE std::size_t size() const { return column_.size; }
  [[nodiscard]] HWY_INLINE std::size_t index(std::size_t entry) const {
    return column_.entries[entry].row;
  }
  [[nodiscard]] HWY_INLINE Vector factor(std::size_t entry) const {
    return hn::Set(kFloats, values_[column_.entries[entry].value_index]);
  }
  const ListedColumn& column_;
  const float* values_;
};
struct PixelEntries {
  PixelEntries(const Pixels& x, std::size_t row) : row_(x.rows[row]), table_(x.table) {}
  [[nodiscard]] HWY_INLINE std::size_t size() const { return row_.size; }
  [[nodiscard]] HWY_INLINE std::size_t index(std::size_t entry) const {
    return row_.entries[entry] / kByteValues;
  }
  [[nodiscard]] HWY_INLINE Vector factor(std::size_t entry) const {
    return hn::Set(kFloats, table_[row_.entries[entry] % kByteValues]);
  }
  /// The lists of a shuffled batch lie anywhere in the data set, far from any cache.
  HWY_INLINE void prefetch() const { kernels::prefetch(row_.entries, row_.size); }
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

/// The same for the entries from `begin` on whose index is below `bound`; returns where the others
/// begin.
template <std::size_t kVectors, class SomeEntries>
HWY_INLINE std::size_t add_entries_below(std::size_t bound, const SomeEntries& entries,
                                         std::size_t begin, ConstMatrix matrix, std::size_t column,
                                         Tile<kVectors>& sum) {
  Tile<kVectors> tile = sum;
  const float* const base = matrix.data + column;
  std::size_t e = begin;
  // Either loop tests one condition for each entry instead of two.
  if (entries.size() == 0 || entries.index(entries.size() - 1) < bound) {
    for (; e < entries.size(); ++e) {
      tile.add_product(entries.factor(e), base + entries.index(e) * matrix.stride);
    }
  } else {
    for (; entries.index(e) < bound; ++e) {
      tile.add_product(entries.factor(e), base + entries.index(e) * matrix.stride);
    }
  }
  sum = tile;
  return e;
}

/// Takes the inputs block by block, so that a row of weights comes from the second cache once for
/// many images, not once for each.
template <class EntriesOf>
HWY_INLINE void forward(const EntriesOf& entries_of, Range inputs, ConstMatrix weights,
                        const float* start, Range images, Range columns, Matrix y) {
  std::array<std::size_t, kImages> cursors;
  for (std::size_t first = images.begin; first < images.end; first += kImages) {
    const Range chunk{first, std::min(first + kImages, images.end)};
    for_each_tile<kTile>(columns, [&](auto tile, std::size_t column) HWY_ATTR {
      cursors.fill(0);
      for (std::size_t k = inputs.begin; k < inputs.end; k += kBlock) {
        const bool is_first = k == inputs.begin;
        const bool is_new = is_first && column == columns.begin;
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
          if (is_new && i + kAhead < chunk.end) entries_of(i + kAhead).prefetch();
          tile.load((is_first && start != nullptr ? start : y.row(i)) + column);
          std::size_t& cursor = cursors[i - chunk.begin];
          cursor = add_entries_below(k + kBlock, entries_of(i), cursor, weights, column, tile);
          tile.store(y.row(i) + column);
        }
      }
    });
  }
}

void sparse_forward(const SparseRow* x, Range inputs, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y) {
  forward([&](std::size_t i) HWY_ATTR { return Entries(x[i]); }, inputs, weights, start, images,
          columns, y);
}

void pixel_forward(const Pixels& x, Range inputs, ConstMatrix weights, const float* start,
                   Range images, Range columns, Matrix y) {
  forward([&](std::size_t i) HWY_ATTR { return PixelEntries(x, i); }, inputs, weights, start,
          images, columns, y);
}

/// The optimizer's step on weights[row] from `column` on.
template <class Step, std::size_t kVectors>
HWY_INLINE void update_tile(const Step& step, const Tile<kVectors>& gradient,
                            const Weights& weights, std::size_t row, std::size_t column) {
  const ParameterArrays arrays = weights.at(row, column);
  gradient.for_each([&](Vector g, std::size_t offset)
                        HWY_ATTR { update_at(kFloats, step, g, arrays.from(offset)); });
}

/// Prefetches what `update_tile` will read and write.
template <std::size_t kVectors>
HWY_INLINE void prefetch(const Weights& weights, std::size_t row, const Tile<kVectors>& tile,
                         std::size_t column) {
  const ParameterArrays arrays = weights.at(row, column);
  tile.for_each([&](Vector /*vector*/, std::size_t offset) HWY_ATTR {
    hwy::Prefetch(arrays.values + offset);
    for (const float* kept : arrays.kept) hwy::Prefetch(kept + offset);
  });
}

/// entries_of(k): the entries of column k; dx_of(k, e): where the gradient of its entry e goes.
template <class Step, class EntriesOf, class DxOf>
HWY_INLINE void backward(const EntriesOf& entries_of, const DxOf& dx_of,
                         const OutputGradient& of_output, const Weights& weights, const Step& step,
                         Range inputs) {
  const ConstMatrix delta = of_output.delta;
  const float scale = of_output.scale;
  for_each_tile<kBackwardTile>({0, of_output.out}, [&](auto gradient, std::size_t column) HWY_ATTR {
    decltype(gradient) w;
    decltype(gradient) d;
    for (std::size_t k = inputs.begin; k < inputs.end; ++k) {
      w.load(weights.values().row(k) + column);
      gradient.fill(hn::Zero(kFloats));
      if (k + kInputsAhead < inputs.end) prefetch(weights, k + kInputsAhead, gradient, column);
      const auto entries = entries_of(k);
      const std::size_t size = entries.size();
      for (std::size_t e = 0; e < size; e += 4) {
        Vector dots[4];
        unroll<4>([&](auto i) MNIST_BENCH_LAMBDA {
          dots[i] = hn::Zero(kFloats);
          if (e + i >= size) return;
          d.load(delta.row(entries.index(e + i)) + column);
          gradient.add_product(entries.factor(e + i), d);
          dots[i] = w.dot(d, dots[i]);
        });
        float sums[4];
        four_sums(dots, scale, sums);
        for (std::size_t i = 0; i < std::min<std::size_t>(4, size - e); ++i) {
          float& dx = dx_of(k, e + i);
          dx = column == 0 ? sums[i] : dx + sums[i];
        }
      }
      update_tile(step, gradient, weights, k, column);
    }
  });
}

// The step is visited by value: through a reference, the compiler would read each of its numbers
// again after each parameter that is stored.

void sparse_backward(const SparseRow* x, const OutputGradient& gradient, const Weights& weights,
                     const OptimizerStep& step, Range inputs, Matrix dx) {
  const auto entries_of = [&](std::size_t k) HWY_ATTR { return Entries(x[k]); };
  const auto dx_of = [&](std::size_t k, std::size_t e)
                         HWY_ATTR -> float& { return dx.row(x[k].index[e])[k]; };
  std::visit([&](auto chosen)
                 HWY_ATTR { backward(entries_of, dx_of, gradient, weights, chosen, inputs); },
             step);
}

void listed_backward(const ListedColumns& x, const OutputGradient& gradient, const Weights& weights,
                     const OptimizerStep& step, Range inputs, float* dx) {
  const auto entries_of = [&](std::size_t k) HWY_ATTR { return ListedEntries(x, k); };
  const auto dx_of = [&](std::size_t k, std::size_t e)
                         HWY_ATTR -> float& { return dx[x.columns[k].entries[e].value_index]; };
  std::visit([&](auto chosen)
                 HWY_ATTR { backward(entries_of, dx_of, gradient, weights, chosen, inputs); },
             step);
}

void pixel_backward(const Pixels& x, const float* start, ConstMatrix delta, const Weights& weights,
                    const OptimizerStep& step, std::size_t inputs, Range columns,
                    Direction direction) {
  std::visit(
      [&](auto chosen) HWY_ATTR {
        for_each_tile<kTile>(columns, [&](auto gradient, std::size_t column) HWY_ATTR {
          for (std::size_t n = 0; n < inputs; ++n) {
            const std::size_t p = direction == Direction::ascending ? n : inputs - 1 - n;
            gradient.load(start + column);
            add_entries(PixelEntries(x, p), delta, column, gradient);
            update_tile(chosen, gradient, weights, p, column);
          }
        });
      },
      step);
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
HWY_EXPORT(sparse_backward);
HWY_EXPORT(listed_backward);
HWY_EXPORT(pixel_backward);
HWY_EXPORT(sum_columns);

void linear_forward(const SparseRow* x, Range inputs, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(sparse_forward)(x, inputs, weights, start, images, columns, y);
}

void linear_forward(const Pixels& x, Range inputs, ConstMatrix weights, const float* start,
                    Range images, Range columns, Matrix y) {
  HWY_DYNAMIC_DISPATCH(pixel_forward)(x, inputs, weights, start, images, columns, y);
}

void linear_backward_and_update(const SparseRow* x, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                Matrix dx) {
  HWY_DYNAMIC_DISPATCH(sparse_backward)(x, gradient, weights, step, inputs, dx);
}

void linear_backward_and_update(const ListedColumns& x, const OutputGradient& gradient,
                                const Weights& weights, const OptimizerStep& step, Range inputs,
                                float* dx) {
  HWY_DYNAMIC_DISPATCH(listed_backward)(x, gradient, weights, step, inputs, dx);
}

void pixel_backward_and_update(const Pixels& x, const float* start, ConstMatrix delta,
                               const Weights& weights, const OptimizerStep& step,
                               std::size_t inputs, Range columns, Direction direction) {
  HWY_DYNAMIC_DISPATCH(pixel_backward)
  (x, start, delta, weights, step, inputs, columns, direction);
}

void column_sums(ConstMatrix rows, std::size_t count, float factor, const float* start,
                 Range columns, float* sum) {
  HWY_DYNAMIC_DISPATCH(sum_columns)(rows, count, factor, start, columns, sum);
}

}  // namespace mnist_bench::kernels
#endif
