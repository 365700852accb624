#pragma once

#include <cstdint>
#include <vector>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// The non-zero entries of a row (or column) of a matrix, in order.
struct SparseRow {
  const std::uint32_t* index = nullptr;
  const float* value = nullptr;
  std::size_t size = 0;
};

/// A column of a matrix whose entries are in one list.
struct ListedColumn {
  struct Entry {
    std::uint32_t row;
    std::uint32_t value_index;  ///< in that list
  };
  const Entry* entries = nullptr;
  std::size_t size = 0;
};

/// A sparse row of bytes. An entry is index · 256 + byte and stands for the value table[byte].
struct PixelRow {
  const std::uint32_t* entries = nullptr;
  std::size_t size = 0;
};
inline constexpr std::size_t kByteValues = 256;

/// Rows (or columns) of pixels, and the value of each byte: table[byte].
struct Pixels {
  const PixelRow* rows = nullptr;
  const float* table = nullptr;
};

/// Columns whose entries are in a list, and the list: entry e is values[e.value_index].
struct ListedColumns {
  const ListedColumn* columns = nullptr;
  const float* values = nullptr;
};
inline constexpr std::uint32_t kMaxPixelIndex = 0xffffff;

/// Buffers for sparse rows or columns of a matrix that changes from step to step. Threads may set
/// different rows (columns) at the same time.
class SparseRows {
 public:
  SparseRows() = default;
  /// Row r holds at most capacities[r] entries.
  explicit SparseRows(const std::vector<std::size_t>& capacities);
  ~SparseRows() = default;
  SparseRows(const SparseRows&) = delete;  // not copied: rows point into the buffers
  SparseRows& operator=(const SparseRows&) = delete;
  SparseRows(SparseRows&&) = default;
  SparseRows& operator=(SparseRows&&) = default;

  [[nodiscard]] const SparseRow* rows() const { return rows_.data(); }

  // Whole vectors are read: rows of `dense` are padded, and `columns` begins at a multiple of
  // kLine.

  /// Row r becomes the entries of dense[r][columns] that are not 0, for r in `rows`; indices count
  /// from column 0.
  void set_rows(ConstMatrix dense, Range rows, Range columns);
  /// Row c becomes the entries of the column dense[rows][c] that are not 0, for c in `columns`.
  void set_columns(ConstMatrix dense, Range rows, Range columns);
  /// The same with the entries that are 0.
  void set_whole_columns(ConstMatrix dense, Range rows, Range columns);

 private:
  std::vector<std::size_t> offsets_;
  AlignedVector<std::uint32_t> index_;
  AlignedVector<float> value_;
  std::vector<SparseRow> rows_;
};

/// Buffers for the columns of a batch of pixel rows. Threads may set different columns at the same
/// time.
class PixelColumns {
 public:
  PixelColumns() = default;
  /// Column p holds at most capacities[p] entries.
  explicit PixelColumns(const std::vector<std::size_t>& capacities);
  ~PixelColumns() = default;
  PixelColumns(const PixelColumns&) = delete;  // not copied, as above
  PixelColumns& operator=(const PixelColumns&) = delete;
  PixelColumns(PixelColumns&&) = default;
  PixelColumns& operator=(PixelColumns&&) = default;

  [[nodiscard]] const PixelRow* columns() const { return columns_.data(); }

  /// Column p becomes the entries of pixel p in `images`, by index in `images`, for p in `pixels`.
  void set(const std::vector<PixelRow>& images, Range pixels);

 private:
  std::vector<std::size_t> offsets_;
  AlignedVector<std::uint32_t> entries_;
  std::vector<std::size_t> ends_;  ///< of the columns while they are set
  std::vector<PixelRow> columns_;
};

}  // namespace mnist_bench::kernels
