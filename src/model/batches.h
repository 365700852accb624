#pragma once

#include <cstdint>
#include <vector>

#include "model/layers.h"

namespace mnist_bench {

/// Throws Error(usage), naming the layer, where batch normalization would have one value of a
/// channel to take the variance of: on a map of 1 × 1, with one image in a batch. The last batch of
/// `images` may be a part.
void require_values_to_normalize(const std::vector<PlacedLayer>& layers, std::int64_t images,
                                 std::int64_t batch_size);

}  // namespace mnist_bench
