#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "transform/random_draws.h"

namespace mnist_bench {

/// What a draw adds to a pixel under Gaussian noise, index = the draw's upper 16 bits:
/// ⌊255·sigma·Φ⁻¹((k + ½)/65536) + ½⌋. `sigma`: 0 to 2, as a part of the range 0 … 255.
std::vector<std::int16_t> gaussian_noise_table(double sigma);

/// Draw j of `stream` decides what pixel j gains; cut off at 0 and 255.
void add_noise(const std::vector<std::int16_t>& table, const ImageStream& stream,
               std::span<const std::uint8_t> in, std::span<std::uint8_t> out);

}  // namespace mnist_bench
