#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "model/layers.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// The network of these layers, on the CPU, its children named like them.
/// forward: images [N, 1, rows, columns] float32, normalized; returns logits [N, classes].
torch::nn::Sequential make_network(const std::vector<PlacedLayer>& layers);

/// Draws all weights and biases; batch norm's factors become 1, its terms 0. The same values for
/// the same seed on every device, since they are drawn on the CPU.
void initialize(torch::nn::Sequential& network, std::uint64_t seed,
                Initialization initialization = Initialization::he);

/// All parameters (buffers) as float32, by name ("fc1.weight"), in the order of the layers.
std::vector<NamedTensor> export_parameters(const torch::nn::Sequential& network);
std::vector<NamedTensor> export_buffers(const torch::nn::Sequential& network);

/// The reverse. Throws Error(io) when a name or shape is not the network's.
void import_parameters(torch::nn::Sequential& network, const std::vector<NamedTensor>& tensors);
void import_buffers(torch::nn::Sequential& network, const std::vector<NamedTensor>& tensors);

/// Both, of a stored model: the parameters, then the buffers. Throws as these.
void import_stored(torch::nn::Sequential& network, const std::vector<NamedTensor>& tensors);

/// A tensor's values as float32, row-major, and the reverse: into the dtype, device and memory
/// format of `target`.
NamedTensor export_tensor(const std::string& name, const torch::Tensor& tensor);
void import_tensor(const NamedTensor& from, const torch::Tensor& target);

}  // namespace mnist_bench
