#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mnist_bench::kernels {

/// Rows are padded to a multiple of this many floats: a cache line, which is also the widest
/// vector. Work is partitioned among threads in units of it, so that no two threads write the same
/// line.
inline constexpr std::size_t kLine = 16;

/// Whether a kernel adds its result to what is there or overwrites it.
enum class Accumulate { no, yes };

/// A view of a row-major float matrix; each row starts `stride` floats after the one before.
struct ConstMatrix {
  const float* data = nullptr;
  std::size_t stride = 0;
  [[nodiscard]] const float* row(std::size_t index) const { return data + index * stride; }
  /// Without the rows and columns before these; null stays null.
  [[nodiscard]] ConstMatrix from(std::size_t first_row, std::size_t first_column) const {
    return {data == nullptr ? nullptr : row(first_row) + first_column, stride};
  }
};
struct Matrix {
  float* data = nullptr;
  std::size_t stride = 0;
  [[nodiscard]] float* row(std::size_t index) const { return data + index * stride; }
  [[nodiscard]] Matrix from(std::size_t first_row, std::size_t first_column) const {
    return {row(first_row) + first_column, stride};
  }
  operator ConstMatrix() const { return {data, stride}; }  // NOLINT: as a pointer to const
};

/// A view of a matrix or of its transpose: element (r, c) is data[r · row_stride + c ·
/// column_stride].
struct StridedMatrix {
  const float* data = nullptr;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;
  [[nodiscard]] float at(std::size_t row, std::size_t column) const {
    return data[row * row_stride + column * column_stride];
  }
  /// Without the rows before this one; null stays null.
  [[nodiscard]] StridedMatrix from_row(std::size_t first) const {
    return {data == nullptr ? nullptr : data + first * row_stride, row_stride, column_stride};
  }
};

inline StridedMatrix strided(ConstMatrix matrix) { return {matrix.data, matrix.stride, 1}; }
inline StridedMatrix transposed(const StridedMatrix& matrix) {
  return {matrix.data, matrix.column_stride, matrix.row_stride};
}
inline StridedMatrix transposed(ConstMatrix matrix) { return transposed(strided(matrix)); }

/// begin … end − 1
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// The distance between rows of `width` floats: an odd number of whole cache lines, because rows
/// that are a power of two apart compete for the same few sets of the cache.
constexpr std::size_t padded_stride(std::size_t width) {
  const std::size_t lines = (width + kLine - 1) / kLine;
  return (lines | 1U) * kLine;
}

/// Part `index` of `count` of 0 … size − 1: contiguous, in multiples of `unit`.
constexpr Range partition(std::size_t size, std::size_t unit, std::size_t index,
                          std::size_t count) {
  const std::size_t units = (size + unit - 1) / unit;
  const auto boundary = [&](std::size_t part) {
    return std::min(size, units * part / count * unit);
  };
  return {boundary(index), boundary(index + 1)};
}

/// Memory that starts at a cache line. From half a megabyte on it starts at a huge page and asks
/// the system for huge pages, because a step uses more memory than the processor's table of small
/// pages covers.
void* allocate_lines(std::size_t bytes);
void free_lines(void* memory, std::size_t bytes);

template <class T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <class U>
  LineAllocator(const LineAllocator<U>& /*other*/) {}  // NOLINT: allocators convert
  T* allocate(std::size_t size) { return static_cast<T*>(allocate_lines(size * sizeof(T))); }
  void deallocate(T* memory, std::size_t size) { free_lines(memory, size * sizeof(T)); }
  bool operator==(const LineAllocator&) const { return true; }
};
template <class T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

/// `values` as a matrix; each row starts `stride` floats after the one before.
inline Matrix matrix_view(AlignedVector<float>& values, std::size_t stride) {
  return {values.data(), stride};
}

}  // namespace mnist_bench::kernels
