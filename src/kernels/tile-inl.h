// Included once per SIMD target, after <hwy/highway.h>.
#if defined(MNIST_BENCH_KERNELS_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MNIST_BENCH_KERNELS_TILE_INL_H
#undef MNIST_BENCH_KERNELS_TILE_INL_H
#else
#define MNIST_BENCH_KERNELS_TILE_INL_H
#endif

#include <cstddef>

#include "kernels/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors are at most a cache line, so that a padded row is a whole number of them.
using Floats = hn::CappedTag<float, kLine>;
using Vector = hn::Vec<Floats>;
inline constexpr Floats kFloats;
/// These targets have 16 vector registers; the others have 32.
inline constexpr bool kFewRegisters =
    HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3;

/// `kVectors` neighbouring vectors of a row, held in registers. It is a list, not an array, because
/// GCC keeps arrays in memory.
template <std::size_t kVectors>
struct Tile {
  Vector head;
  Tile<kVectors - 1> tail;

  HWY_INLINE Tile() {}  // NOLINT: GCC does not compile an implicit one for the target

  HWY_INLINE void fill(Vector value) {
    head = value;
    tail.fill(value);
  }
  HWY_INLINE void load(const float* from) {
    head = hn::LoadU(kFloats, from);
    tail.load(from + hn::Lanes(kFloats));
  }
  HWY_INLINE void store(float* to) const {
    hn::StoreU(head, kFloats, to);
    tail.store(to + hn::Lanes(kFloats));
  }
  /// this += factor · row
  HWY_INLINE void add_product(Vector factor, const float* row) {
    head = hn::MulAdd(factor, hn::LoadU(kFloats, row), head);
    tail.add_product(factor, row + hn::Lanes(kFloats));
  }
  HWY_INLINE void add_product(Vector factor, const Tile& row) {
    head = hn::MulAdd(factor, row.head, head);
    tail.add_product(factor, row.tail);
  }
  /// Σ this · other + sum, lane by lane.
  [[nodiscard]] HWY_INLINE Vector dot(const Tile& other, Vector sum) const {
    return tail.dot(other.tail, hn::MulAdd(head, other.head, sum));
  }
  /// visit(vector, offset in floats) for each.
  template <class Visit>
  HWY_INLINE void for_each(const Visit& visit, std::size_t offset = 0) const {
    visit(head, offset);
    tail.for_each(visit, offset + hn::Lanes(kFloats));
  }
};

template <>
struct Tile<0> {
  HWY_INLINE void fill(Vector /*value*/) {}
  HWY_INLINE void load(const float* /*from*/) {}
  HWY_INLINE void store(float* /*to*/) const {}
  HWY_INLINE void add_product(Vector /*factor*/, const float* /*row*/) {}
  HWY_INLINE void add_product(Vector /*factor*/, const Tile& /*row*/) {}
  [[nodiscard]] HWY_INLINE Vector dot(const Tile& /*other*/, Vector sum) const { return sum; }
  template <class Visit>
  HWY_INLINE void for_each(const Visit& /*visit*/, std::size_t /*offset*/) const {}
};

/// visit(Tile<n>(), first column) for tiles of n = kVectors, then 1, that cover `columns`, whose
/// bounds are multiples of kLine.
template <std::size_t kVectors, class Visit>
HWY_INLINE void for_each_tile(Range columns, const Visit& visit) {
  const std::size_t lanes = hn::Lanes(kFloats);
  std::size_t column = columns.begin;
  for (; column + kVectors * lanes <= columns.end; column += kVectors * lanes) {
    visit(Tile<kVectors>(), column);
  }
  if constexpr (kVectors > 1) {
    for_each_tile<kVectors / 2>({column, columns.end}, visit);
  }
}

}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
