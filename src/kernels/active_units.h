#pragma once

#include <cstdint>

#include "kernels/conv2_forward.h"

namespace mnist_bench::kernels {

/// The units of an image that are not 0 after conv2, max pooling, dropout2d and relu. Their order
/// is by tile, then by the position of the maximum in the tile, then by slot in the PooledMap.
struct ActiveUnits {
  std::uint32_t* index = nullptr;  ///< tile · out_channels + channel
  float* value = nullptr;
  std::uint32_t* window = nullptr;  ///< where the 3×3 inputs of its position begin in the map
  std::uint32_t* ends = nullptr;    ///< [tiles][4]: where the units of tile t and position q end
};
/// Entries that `collect_active_units` needs in `index`, `value` and `window`.
std::size_t active_units_capacity(const Conv2& conv);

/// Lists the units whose position is not kInactive.
void collect_active_units(const Conv2& conv, const PooledMap& pooled, const ActiveUnits& active);

}  // namespace mnist_bench::kernels
