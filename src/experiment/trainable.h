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
  std::int64_t test_images = 10'000;
};

DataShape shape_of(const Dataset& dataset);

/// The shape of the files that `config` names. Reads a `directory`, and throws as load_dataset.
DataShape shape_of_files(const DataConfig& config);

/// What the transforms and limits of `config` make of such files. Throws Error(usage) for images
/// that its transforms cannot take, and as training_split and limit_images.
DataShape shape_from(DataShape files, const DataConfig& config);

/// Both: the shape of the data that `config` asks for.
DataShape shape_of(const DataConfig& config);

/// Throws Error(usage) for a model that cannot exist for such data, and for a network that cannot
/// be trained in their batches or that the config's engine cannot train.
void require_trainable(const ExperimentConfig& config, const DataShape& data);

/// What `check` returns. Its errors about the config begin with `origin`: the config's file, or the
/// folder of its run; empty: they stay as they are.
template <class Check>
auto naming_config(const std::string& origin, const Check& check) {
  try {
    return check();
  } catch (const Error& error) {
    if (origin.empty() || error.code() != ExitCode::usage) throw;
    throw Error(error.code(), origin + ": " + error.what(), error.remedy(), error.cause());
  }
}

}  // namespace mnist_bench
