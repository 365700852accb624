#pragma once

#include <cstdint>

#include "config/experiment.h"
#include "data/dataset.h"
#include "record/result.h"

namespace mnist_bench {

/// Layers, output shapes, parameters and multiply–accumulates of the network that `model`
/// describes, read off the network itself by sending one blank image through it. Free of torch for
/// its callers. Throws Error(usage) when the CNN's two poolings would leave nothing of the image.
ModelSummary summarize(const ModelConfig& model, ImageShape image, std::int64_t classes);

/// The parameters of that network, by arithmetic alone: nothing is allocated. A double, because
/// configs within their ranges can name more than an integer holds.
double parameter_count(const ModelConfig& model, ImageShape image, std::int64_t classes);

}  // namespace mnist_bench
