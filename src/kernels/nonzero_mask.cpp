#include "kernels/nonzero_mask.h"

#include <algorithm>

namespace mnist_bench::kernels {

void make_nonzero_mask(const std::uint8_t* image, std::size_t rows, std::size_t columns,
                       std::uint8_t* scratch, std::uint8_t* mask) {
  const std::size_t stride = columns / 2 + 2;
  std::fill_n(mask, stride, std::uint8_t{0});
  scratch[0] = 0;
  scratch[columns + 1] = 0;
  for (std::size_t r = 0; r + 1 < rows; r += 2) {
    const std::uint8_t* above = image + (r == 0 ? 0 : r - 1) * columns;
    const std::uint8_t* here = image + r * columns;
    const std::uint8_t* below = image + std::min(r + 2, rows - 1) * columns;
    for (std::size_t c = 0; c < columns; ++c) {
      scratch[c + 1] = static_cast<std::uint8_t>(above[c] | here[c] | here[columns + c] | below[c]);
    }
    std::uint8_t* const to = mask + (r / 2 + 1) * stride;
    to[0] = 0;
    for (std::size_t c = 0; c + 1 < columns; c += 2) {
      const std::uint8_t* band = scratch + c;
      to[c / 2 + 1] = (band[0] | band[1] | band[2] | band[3]) != 0 ? 1 : 0;
    }
    to[stride - 1] = 0;
  }
  std::fill_n(mask + (rows / 2 + 1) * stride, stride, std::uint8_t{0});
}

}  // namespace mnist_bench::kernels
