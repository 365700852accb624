#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>

#include "config/experiment.h"
#include "record/result.h"

namespace mnist_bench {

/// Greyscale images of rows × columns pixels.
struct ImageShape {
  std::int64_t rows = 28;
  std::int64_t columns = 28;
};

/// The paper's MLP (Table 1) or CNN (Table 2) as its list of layers, on the CPU.
/// forward: images [N, 1, rows, columns] float32, normalized; returns logits [N, classes].
/// Throws Error(usage) when the CNN's two poolings would leave nothing of the image.
torch::nn::Sequential make_network(const ModelConfig& model, ImageShape image,
                                   std::int64_t classes);

/// He initialization (paper, eq. 20): weights from N(0, 2/n_in), biases 0. The same values for the
/// same seed on every device, since they are drawn on the CPU.
void initialize(torch::nn::Sequential& network, std::uint64_t seed);

/// Layers, output shapes, parameters and multiply–accumulates, read off the network itself by
/// sending one blank image through it.
ModelSummary summarize(const torch::nn::Sequential& network, const ModelConfig& model,
                       ImageShape image);

/// SHA-256 over all parameters as float32, in the order of the layers, row-major.
std::string parameters_sha256(const torch::nn::Sequential& network);

}  // namespace mnist_bench
