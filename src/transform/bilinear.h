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
      : rows_(shape.rows),
        columns_(shape.columns),
        bordered_(static_cast<std::size_t>((rows_ + 2) * (columns_ + 2))) {
    for (std::int64_t row = 0; row < rows_; ++row) {
      std::copy_n(pixels.begin() + row * columns_, columns_,
                  bordered_.begin() + (row + 1) * (columns_ + 2) + 1);
    }
  }

  /// The bilinear value at row y and column x, both in 2^-kBits pixels, rounded half up. Exact:
  /// integers of 64 bits.
  template <unsigned kBits>
  [[nodiscard]] std::uint8_t at(std::int64_t y, std::int64_t x) const {
    constexpr std::uint32_t kOne = 1U << kBits;
    const std::int64_t row = (y >> kBits) + 1;
    const std::int64_t column = (x >> kBits) + 1;
    if (row < 0 || row > rows_ || column < 0 || column > columns_) return 0;
    const std::uint8_t* const upper = bordered_.data() + row * (columns_ + 2) + column;
    const std::uint8_t* const lower = upper + (columns_ + 2);
    if ((upper[0] | upper[1] | lower[0] | lower[1]) == 0) return 0;
    const std::uint32_t below = static_cast<std::uint32_t>(y) & (kOne - 1);
    const std::uint32_t right = static_cast<std::uint32_t>(x) & (kOne - 1);
    const std::uint32_t upper_sum = upper[0] * (kOne - right) + upper[1] * right;
    const std::uint32_t lower_sum = lower[0] * (kOne - right) + lower[1] * right;
    const std::uint64_t sum =
        std::uint64_t{upper_sum} * (kOne - below) + std::uint64_t{lower_sum} * below;
    return static_cast<std::uint8_t>((sum + (std::uint64_t{1} << (2 * kBits - 1))) >> (2 * kBits));
  }

 private:
  std::int64_t rows_;
  std::int64_t columns_;
  std::vector<std::uint8_t> bordered_;  ///< [rows + 2, columns + 2]
};

}  // namespace mnist_bench
