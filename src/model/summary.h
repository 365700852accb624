#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"
#include "model/layers.h"

namespace mnist_bench {

struct LayerSummary {
  std::string name;                        ///< "conv1", "block1.conv1"
  std::string type;                        ///< as torch::nn calls it: "Conv2d"
  std::vector<std::int64_t> output_shape;  ///< without the batch
  std::int64_t parameters = 0;  ///< trained numbers; a block's inner layers have their own
  std::int64_t macs = 0;        ///< multiply–accumulates per image (paper, eq. 26, 27)
  bool operator==(const LayerSummary&) const = default;
};

/// A network as records and `mnist-bench summary` describe it.
struct ModelSummary {
  std::string type;             ///< the value of model.type
  std::int64_t parameters = 0;  ///< 0 for what is no network, as is `macs`
  std::int64_t macs = 0;
  std::vector<LayerSummary> layers;  ///< a residual block follows its inner layers
  /// [1, rows, columns] of the images; empty for mlp and cnn, whose layers determine it.
  std::vector<std::int64_t> input_shape = {};
  /// Of a fitted k-NN or SVM, which has no layers: what predicting needs, and of an SVM the
  /// training images among it.
  std::optional<std::int64_t> stored_bytes = {};
  std::optional<std::int64_t> support_vectors = {};
  bool operator==(const ModelSummary&) const = default;
};

/// Whether a summary of the model has an input_shape. One without it begins with an image's pixels
/// in one row or with a map of its rows and columns, from which image_of takes them.
bool stores_input_shape(const ModelConfig& model);

/// The shape of the images that a summary is of. An MLP's is one row: its layers do not determine
/// the rows.
ImageShape image_of(const ModelSummary& summary);

/// The summary of the network that `layers_of` gives; throws like it. What is no network has no
/// layers.
ModelSummary summarize(const ModelConfig& model, ImageShape image, std::int64_t classes);

}  // namespace mnist_bench
