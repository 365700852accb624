#pragma once

#include <cstdint>
#include <vector>

#include "model/layers.h"
#include "record/result.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// The network that the record is of, from its config and the shape of its images. `result` has
/// data and model. Throws Error(io) where there is none.
std::vector<PlacedLayer> layers_of(const RunResult& result);

/// The shape of the images that the run's data were read as, before the run's own transform: the
/// first of the likely ones that fits, as a network that begins with `flatten` only tells the
/// number of pixels. `result` has data and model.
ImageShape shape_as_read(const RunResult& result);

/// Whether the record's network takes images of this shape. `result` has data and model.
bool takes_images(const RunResult& result, ImageShape shape);

/// How many numbers are stored of a network, and how many a checkpoint has with what the optimizer
/// keeps of it.
struct StoredValues {
  std::uint64_t model = 0;
  std::uint64_t checkpoint = 0;
};
StoredValues stored_values(const RunResult& result);

/// Throws Error(io) unless these are the parameters and buffers of the record's network, by name
/// and shape.
void require_tensors_of(const RunResult& result, const std::vector<NamedTensor>& tensors);

}  // namespace mnist_bench
