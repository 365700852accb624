#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// mask: [rows / 2 + 2][columns / 2 + 2], for an image of rows × columns bytes, both at least 2. It
/// is 1 where a value of conv1's pooled map depends on a nonzero byte, of 4×4, and has a border of
/// zeros. scratch: [columns + 2].
void make_nonzero_mask(const std::uint8_t* image, std::size_t rows, std::size_t columns,
                       std::uint8_t* scratch, std::uint8_t* mask);

}  // namespace mnist_bench::kernels
