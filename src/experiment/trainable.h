#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
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

/// What `check` returns. Its errors begin with `origin`: the file of the config that they are of,
/// or the folder of its run; empty: they stay as they are.
template <class Check>
auto naming_config(const std::string& origin, const Check& check) {
  try {
    return check();
  } catch (const Error& error) {
    if (origin.empty()) throw;
    throw Error(error.code(), origin + ": " + error.what(), error.remedy(), error.cause());
  }
}

}  // namespace mnist_bench
