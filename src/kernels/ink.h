#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// Where an image of rows × columns bytes, both multiples of 4, is not blank: 1 where any byte that
/// a value depends on is not 0.
///   pooled [rows / 2][columns / 2]: values of conv1 after its pooling, which see 4×4 bytes
///   tiles  [rows / 4][columns / 4]: values of conv2 after its pooling, which see 10×10 bytes
/// `scratch` has room for columns + 2 bytes.
void find_ink(const std::uint8_t* image, std::size_t rows, std::size_t columns,
              std::uint8_t* scratch, std::uint8_t* pooled, std::uint8_t* tiles);

}  // namespace mnist_bench::kernels
