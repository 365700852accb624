#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"

namespace mnist_bench {

/// One split, whole, on the device that works on it.
struct ImageTensors {
  torch::Tensor images;  ///< [N, 1, rows, columns] float32, normalized
  torch::Tensor labels;  ///< [N] int64
  [[nodiscard]] std::int64_t size() const { return labels.size(0); }
};

/// Mean and deviation that `normalization` subtracts and divides by: x ↦ (x/255 − mean)/sd.
PixelStatistics normalization_constants(Normalization normalization);

ImageTensors to_tensors(const ImageSet& set, Normalization normalization, torch::Device device);

/// What the network says of each image, in the order of the set.
struct Predictions {
  std::vector<std::int64_t> classes;  ///< the largest logit's
  std::vector<float> probabilities;   ///< its softmax (paper, eq. 3)
  double loss = 0.0;                  ///< mean cross-entropy (paper, eq. 4); may be not finite
};

/// Puts the network in evaluation mode and sends all images through it, at least one.
Predictions predict(torch::nn::Sequential& network, const ImageTensors& set);

}  // namespace mnist_bench
