#pragma once

#include <cstdint>

#include "config/experiment.h"
#include "data/dataset.h"

namespace mnist_bench {

/// What of a data set decides whether a network can be trained on it. The defaults are MNIST's.
struct DataShape {
  ImageShape image = {};
  std::int64_t classes = 10;
  std::int64_t train_images = 60'000;  ///< to train on
};

DataShape shape_of(const Dataset& dataset);

/// The shape of the data that `config` names. Reads a `directory`, and throws Error(data) as
/// load_dataset and training_split, and Error(usage) for images that its transforms cannot take.
DataShape shape_of(const DataConfig& config);

/// Throws Error(usage) for a model that cannot exist for such data, and for a network that cannot
/// be trained in their batches or that the config's engine cannot train.
void require_trainable(const ExperimentConfig& config, const DataShape& data);

}  // namespace mnist_bench
