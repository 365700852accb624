#pragma once

#include "native/learner.h"
#include "train/train.h"

namespace mnist_bench::native {

/// The network of a config for images of this shape; `training` as for `normalization_constants`.
inline std::unique_ptr<Network> make_network(const ExperimentConfig& config, ImageShape image,
                                             std::int64_t classes, std::int64_t threads,
                                             const PixelStatistics& training = {}) {
  return make_network(layers_of(require_network(config.model, "it has no layers"), image, classes),
                      normalization_constants(config.data.normalization, training), threads);
}

}  // namespace mnist_bench::native
