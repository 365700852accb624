#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// A whole split, on the device that computes on it.
struct ImageTensors {
  torch::Tensor images;  ///< [N, 1, rows, columns] float32, normalized
  torch::Tensor labels;  ///< [N] int64
  [[nodiscard]] std::int64_t size() const { return labels.size(0); }
};

ImageTensors to_tensors(const ImageSet& set, const PixelScaling& scaling, torch::Device device);

/// `training`: as for `normalization_constants`.
ImageTensors to_tensors(const ImageSet& set, Normalization normalization, torch::Device device,
                        const PixelStatistics& training = {});

/// Puts the network in evaluation mode and sends all images through it, at least one.
Predictions predict(torch::nn::Sequential& network, const ImageTensors& set);

/// The softmax of the network's logits, [N][classes], in evaluation mode; of all images at a time.
/// images: [N, 1, rows, columns] float32, normalized, at least one.
std::vector<float> probabilities(torch::nn::Sequential& network, const torch::Tensor& images);

/// Puts the network in evaluation mode, and hands the output of each of its layers to `see`, by
/// name, in the order in which they compute: those of a residual block before the block. A later
/// layer may overwrite an output. images: [N, 1, rows, columns]; outputs: [N, ..].
void each_output(torch::nn::Sequential& network, const torch::Tensor& images,
                 const std::function<void(const std::string&, const torch::Tensor&)>& see);

/// The outputs of all layers for one image, in the order of each_output. Shapes leave the batch
/// out: [channels, rows, columns] of a map, [features] of a vector. image: [1, 1, rows, columns].
std::vector<NamedTensor> activations(torch::nn::Sequential& network, const torch::Tensor& image);

}  // namespace mnist_bench
