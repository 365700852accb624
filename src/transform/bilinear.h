#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "transform/image_shape.h"

namespace mnist_bench {

/// An image that is 0 outside, read between its pixels. A border of zeros, one pixel wide, spares
/// the reader a test for each of the four neighbours.
class BorderedImage {
 public:
  BorderedImage(std::span<const std::uint8_t> pixels, ImageShape shape)
      : stride_(shape.columns + 2),
        bordered_(static_cast<std::size_t>((shape.rows + 2) * stride_)) {
    // Rows and columns that are not all 0.
    std::vector<std::uint8_t> any_in_column(static_cast<std::size_t>(shape.columns));
    std::int64_t top = shape.rows;
    std::int64_t bottom = -1;
    for (std::int64_t row = 0; row < shape.rows; ++row) {
      const std::uint8_t* const in = pixels.data() + row * shape.columns;
      std::copy_n(in, shape.columns, bordered_.begin() + (row + 1) * stride_ + 1);
      std::uint8_t any = 0;
      for (std::int64_t c = 0; c < shape.columns; ++c) {
        any_in_column[static_cast<std::size_t>(c)] |= in[c];
        any |= in[c];
      }
      if (any == 0) continue;
      top = std::min(top, row);
      bottom = row;
    }
    if (bottom < 0) return;
    const auto is_foreground = [](std::uint8_t byte) { return byte != 0; };
    const std::int64_t left =
        std::find_if(any_in_column.begin(), any_in_column.end(), is_foreground) -
        any_in_column.begin();
    const std::int64_t right =
        any_in_column.rend() -
        std::find_if(any_in_column.rbegin(), any_in_column.rend(), is_foreground) - 1;
    first_row_ = top - 1;
    first_column_ = left - 1;
    near_rows_ = bottom - top + 2;
    near_columns_ = right - left + 2;
  }

  /// Whether the position at row y and column x, both in 2^-kBits pixels, is less than a pixel from
  /// the rectangle that holds all that is not 0. Elsewhere the value is 0.
  template <unsigned kBits>
  [[nodiscard]] bool is_near_foreground(std::int64_t y, std::int64_t x) const {
    const auto is_within = [](std::int64_t position, std::int64_t first, std::int64_t size) {
      return static_cast<std::uint64_t>(position - (first << kBits)) <
             static_cast<std::uint64_t>(size << kBits);
    };
    return is_within(y, first_row_, near_rows_) && is_within(x, first_column_, near_columns_);
  }

  /// The bilinear value there, near the foreground, rounded half up. Exact: integers of 64 bits.
  template <unsigned kBits>
  [[nodiscard]] std::uint8_t near_foreground(std::int64_t y, std::int64_t x) const {
    constexpr std::int32_t kOne = 1 << kBits;
    const std::uint8_t* const upper =
        bordered_.data() + ((y >> kBits) + 1) * stride_ + (x >> kBits) + 1;
    const std::uint8_t* const lower = upper + stride_;
    // No test for four zeros, which half of these places have: mispredicted, it takes longer.
    const auto below = static_cast<std::int32_t>(y & (kOne - 1));
    const auto right = static_cast<std::int32_t>(x & (kOne - 1));
    const std::int32_t upper_sum = upper[0] * kOne + (upper[1] - upper[0]) * right;
    const std::int32_t lower_sum = lower[0] * kOne + (lower[1] - lower[0]) * right;
    const std::int64_t sum =
        std::int64_t{upper_sum} * kOne + std::int64_t{lower_sum - upper_sum} * below;
    return static_cast<std::uint8_t>((sum + (std::int64_t{1} << (2 * kBits - 1))) >> (2 * kBits));
  }

  /// The value anywhere.
  template <unsigned kBits>
  [[nodiscard]] std::uint8_t at(std::int64_t y, std::int64_t x) const {
    return is_near_foreground<kBits>(y, x) ? near_foreground<kBits>(y, x) : std::uint8_t{0};
  }

 private:
  std::int64_t stride_;
  std::vector<std::uint8_t> bordered_;  ///< [rows + 2, columns + 2]
  // The pixels whose values, with those of the next row and column, reach the foreground.
  std::int64_t first_row_ = 0;
  std::int64_t first_column_ = 0;
  std::int64_t near_rows_ = 0;
  std::int64_t near_columns_ = 0;
};

}  // namespace mnist_bench
