#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// Where conv1's pooled map sees ink: for an image of rows × columns bytes, both even,
///   ink [rows / 2 + 2][columns / 2 + 2]: 1 where any of the 4×4 bytes that the value of the map
///   depends on is not 0; in a border of zeros
/// `scratch` has room for columns + 2 bytes.
void find_ink(const std::uint8_t* image, std::size_t rows, std::size_t columns,
              std::uint8_t* scratch, std::uint8_t* ink);

}  // namespace mnist_bench::kernels
