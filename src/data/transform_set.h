#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "transform/transform.h"

namespace mnist_bench {

/// The images of `set` after `chain`, with its labels; `sha256` stays that of the files. `indices`:
/// [n], of the images in their file. Throws Error(usage) for images that a transform cannot take.
ImageSet transform_set(const ImageSet& set, const TransformChain& chain,
                       const std::vector<std::int64_t>& indices, std::int64_t threads = 1);

/// Both sets of `dataset`, all images of their files, after `chain`, and the summaries of their
/// pixels. Throws as transform_set.
void transform_dataset(Dataset& dataset, const TransformChain& chain);

}  // namespace mnist_bench
