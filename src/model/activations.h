#pragma once

#include <cstdint>
#include <vector>

#include "model/layers.h"

namespace mnist_bench {

/// The most memory that the activations of one image take in a forward pass, in bytes of float32,
/// by the list of layers: the largest sum of a layer's input and output. Flatten and dropout pass
/// their input on. Within a residual block the block's input is kept until it has been added, or
/// until the shortcut has been computed from it. This is a measure of the network. An engine may
/// take less (the pixels as bytes, layers computed together or in place) or more (buffers of a
/// convolution, buffers for larger batches).
std::int64_t peak_activation_bytes(const std::vector<PlacedLayer>& layers);

}  // namespace mnist_bench
