#include "kernels/ink.h"

#include <algorithm>

namespace mnist_bench::kernels {
namespace {

/// to[r][c] = 1 where any of from[2r − 1 … 2r + 2][2c − 1 … 2c + 2] (as far as these exist) is not
/// 0.
void halve(const std::uint8_t* from, std::size_t rows, std::size_t columns, std::uint8_t* band,
           std::uint8_t* to) {
  band[0] = 0;
  band[columns + 1] = 0;
  for (std::size_t r = 0; r < rows / 2; ++r) {
    const std::uint8_t* above = from + (r == 0 ? 0 : 2 * r - 1) * columns;
    const std::uint8_t* here = from + 2 * r * columns;
    const std::uint8_t* below = from + std::min(2 * r + 2, rows - 1) * columns;
    for (std::size_t c = 0; c < columns; ++c) {
      band[c + 1] = static_cast<std::uint8_t>(above[c] | here[c] | here[columns + c] | below[c]);
    }
    for (std::size_t c = 0; c < columns / 2; ++c) {
      to[c] = (band[2 * c] | band[2 * c + 1] | band[2 * c + 2] | band[2 * c + 3]) != 0 ? 1 : 0;
    }
    to += columns / 2;
  }
}

}  // namespace

void find_ink(const std::uint8_t* image, std::size_t rows, std::size_t columns,
              std::uint8_t* scratch, std::uint8_t* pooled, std::uint8_t* tiles) {
  halve(image, rows, columns, scratch, pooled);
  halve(pooled, rows / 2, columns / 2, scratch, tiles);
}

}  // namespace mnist_bench::kernels
