#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "model/summary.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// The paper's MLP (Table 1) or CNN (Table 2) as its list of layers, on the CPU.
/// forward: images [N, 1, rows, columns] float32, normalized; returns logits [N, classes].
/// Throws Error(usage) when the CNN's two poolings would leave nothing of the image.
torch::nn::Sequential make_network(const ModelConfig& model, ImageShape image,
                                   std::int64_t classes);

/// He initialization (paper, eq. 20): weights from N(0, 2/n_in), biases 0. The same values for the
/// same seed on every device, since they are drawn on the CPU.
void initialize(torch::nn::Sequential& network, std::uint64_t seed);

/// All parameters as float32, by name ("fc1.weight"), in the order of the layers.
std::vector<NamedTensor> export_parameters(const torch::nn::Sequential& network);

/// The reverse. Throws Error(io) when a name or shape is not the network's.
void import_parameters(torch::nn::Sequential& network, const std::vector<NamedTensor>& tensors);

/// A tensor's values as float32, row-major, and the reverse: into the dtype, device and memory
/// format of `target`.
NamedTensor export_tensor(const std::string& name, const torch::Tensor& tensor);
void import_tensor(const NamedTensor& from, torch::Tensor target);

}  // namespace mnist_bench
