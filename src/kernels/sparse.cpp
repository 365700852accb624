#include "kernels/sparse.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/compress-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnist_bench::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Writes index and value of the entries of row[columns] that are not 0, and up to a vector more.
/// Returns how many there are.
std::size_t compress_row(const float* row, Range columns, std::uint32_t* index, float* value) {
  const hn::CappedTag<float, kLine> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const std::size_t lanes = hn::Lanes(d);
  const auto first = hn::Iota(du, 0);  // outside the loop: Highway fills it number by number
  std::size_t size = 0;
  for (std::size_t c = columns.begin; c < columns.end; c += lanes) {
    const auto v = hn::LoadU(d, row + c);
    auto mask = hn::Not(hn::Eq(v, hn::Zero(d)));  // true for NaN, on every target
    if (columns.end - c < lanes) mask = hn::And(mask, hn::FirstN(d, columns.end - c));
    const auto at = hn::Add(first, hn::Set(du, static_cast<std::uint32_t>(c)));
    compress_store(d, v, mask, value + size);
    compress_store(du, at, hn::RebindMask(du, mask), index + size);
    size += hn::CountTrue(d, mask);
  }
  return size;
}

}  // namespace
}  // namespace mnist_bench::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnist_bench::kernels {
namespace {

HWY_EXPORT(compress_row);

/// Up to a vector more than a row holds is written; and rows must not be a power of two apart.
std::vector<std::size_t> offsets_for(const std::vector<std::size_t>& capacities) {
  std::vector<std::size_t> offsets{0};
  for (const std::size_t capacity : capacities) {
    offsets.push_back(offsets.back() + padded_stride(capacity + kLine));
  }
  return offsets;
}

}  // namespace

SparseRows::SparseRows(const std::vector<std::size_t>& capacities)
    : offsets_(offsets_for(capacities)),
      index_(offsets_.back()),
      value_(offsets_.back()),
      rows_(capacities.size()) {
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    rows_[r] = {index_.data() + offsets_[r], value_.data() + offsets_[r], 0};
  }
}

void SparseRows::set_rows(ConstMatrix dense, Range rows, Range columns) {
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    rows_[r].size = HWY_DYNAMIC_DISPATCH(compress_row)(
        dense.row(r), columns, index_.data() + offsets_[r], value_.data() + offsets_[r]);
  }
}

void SparseRows::set_columns(ConstMatrix dense, Range rows, Range columns) {
  constexpr std::size_t kPart = 256;  // columns at a time: the two buffers below are 2 kB
  std::array<std::uint32_t, kPart + kLine> index;
  std::array<float, kPart + kLine> value;
  for (std::size_t c = columns.begin; c < columns.end; ++c) rows_[c].size = 0;
  for (std::size_t begin = columns.begin; begin < columns.end; begin += kPart) {
    const Range part{begin, std::min(begin + kPart, columns.end)};
    for (std::size_t r = rows.begin; r < rows.end; ++r) {
      const std::size_t size =
          HWY_DYNAMIC_DISPATCH(compress_row)(dense.row(r), part, index.data(), value.data());
      for (std::size_t e = 0; e < size; ++e) {
        const std::size_t c = index[e];
        const std::size_t at = offsets_[c] + rows_[c].size++;
        index_[at] = static_cast<std::uint32_t>(r);
        value_[at] = value[e];
      }
    }
  }
}

void SparseRows::set_whole_columns(ConstMatrix dense, Range rows, Range columns) {
  for (std::size_t c = columns.begin; c < columns.end; ++c) rows_[c].size = rows.size();
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t c = columns.begin; c < columns.end; ++c) {
      const std::size_t at = offsets_[c] + r - rows.begin;
      index_[at] = static_cast<std::uint32_t>(r);
      value_[at] = dense.row(r)[c];
    }
  }
}

PixelColumns::PixelColumns(const std::vector<std::size_t>& capacities)
    : offsets_(offsets_for(capacities)),
      entries_(offsets_.back()),
      ends_(capacities.size()),
      columns_(capacities.size()) {
  for (std::size_t p = 0; p < columns_.size(); ++p) {
    columns_[p] = {entries_.data() + offsets_[p], 0};
  }
}

void PixelColumns::set(const std::vector<PixelRow>& images, Range pixels) {
  std::copy(offsets_.begin() + static_cast<std::ptrdiff_t>(pixels.begin),
            offsets_.begin() + static_cast<std::ptrdiff_t>(pixels.end),
            ends_.begin() + static_cast<std::ptrdiff_t>(pixels.begin));
  const std::size_t first = pixels.begin * kByteValues;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::uint32_t* const end = images[i].entries + images[i].size;
    for (const std::uint32_t* e = std::lower_bound(images[i].entries, end, first);
         e < end && *e / kByteValues < pixels.end; ++e) {
      entries_[ends_[*e / kByteValues]++] =
          static_cast<std::uint32_t>(i * kByteValues) | *e % kByteValues;
    }
  }
  for (std::size_t p = pixels.begin; p < pixels.end; ++p) columns_[p].size = ends_[p] - offsets_[p];
}

}  // namespace mnist_bench::kernels
#endif
