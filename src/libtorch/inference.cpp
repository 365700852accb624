#include "libtorch/inference.h"

#include <c10/core/InferenceMode.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <array>

#include "libtorch/layer_modules.h"
#include "libtorch/network.h"

namespace mnist_bench {
namespace {

/// Small enough that the CNN's activations stay in the CPU's caches.
constexpr std::int64_t kBatch = 100;

}  // namespace

ImageTensors to_tensors(const ImageSet& set, Normalization normalization, torch::Device device,
                        const PixelStatistics& training) {
  return to_tensors(set, normalization_constants(normalization, training), device);
}

ImageTensors to_tensors(const ImageSet& set, const PixelScaling& scaling, torch::Device device) {
  std::array<float, 256> normalized{};
  for (std::size_t byte = 0; byte < normalized.size(); ++byte) {
    normalized[byte] = scaling.of(static_cast<std::uint8_t>(byte));
  }
  torch::Tensor images = torch::empty({set.size(), 1, set.rows, set.columns}, torch::kFloat32);
  std::transform(set.pixels.begin(), set.pixels.end(), images.mutable_data_ptr<float>(),
                 [&](std::uint8_t byte) { return normalized[byte]; });
  torch::Tensor labels = torch::empty({set.size()}, torch::kInt64);
  std::copy(set.labels.begin(), set.labels.end(), labels.mutable_data_ptr<std::int64_t>());
  return {.images = images.to(device), .labels = labels.to(device)};
}

Predictions predict(torch::nn::Sequential& network, const ImageTensors& set) {
  const c10::InferenceMode inference;
  network->eval();
  std::vector<torch::Tensor> classes;
  std::vector<torch::Tensor> probabilities;
  std::vector<torch::Tensor> class_probabilities;
  torch::Tensor loss_sum = torch::zeros({}, set.labels.options().dtype(torch::kFloat64));
  std::int64_t done = 0;
  while (done < set.size()) {
    const std::int64_t count = std::min(kBatch, set.size() - done);
    const torch::Tensor log_probabilities =
        network->forward(set.images.narrow(0, done, count)).log_softmax(/*dim=*/1);
    auto [best, index] = log_probabilities.max(/*dim=*/1);
    const torch::Tensor labels = set.labels.narrow(0, done, count);
    loss_sum -= log_probabilities.gather(1, labels.unsqueeze(1)).to(torch::kFloat64).sum();
    classes.push_back(index);
    probabilities.push_back(best.exp());
    class_probabilities.push_back(log_probabilities.exp());
    done += count;
  }
  Predictions result;
  const torch::Tensor all_classes = torch::cat(classes).cpu();
  const torch::Tensor all_probabilities = torch::cat(probabilities).cpu();
  const torch::Tensor all_class_probabilities = torch::cat(class_probabilities).cpu();
  const auto* first_class = all_classes.const_data_ptr<std::int64_t>();
  const auto* first_probability = all_probabilities.const_data_ptr<float>();
  result.classes.assign(first_class, first_class + done);
  result.probabilities.assign(first_probability, first_probability + done);
  const auto* first = all_class_probabilities.const_data_ptr<float>();
  result.class_probabilities.assign(first, first + all_class_probabilities.numel());
  result.loss = loss_sum.item<double>() / static_cast<double>(done);
  return result;
}

std::vector<float> probabilities(torch::nn::Sequential& network, const torch::Tensor& images) {
  const c10::InferenceMode inference;
  network->eval();
  const torch::Tensor softmax = network->forward(images).softmax(/*dim=*/1).cpu();
  const auto* first = softmax.const_data_ptr<float>();
  return {first, first + softmax.numel()};
}

void each_output(torch::nn::Sequential& network, const torch::Tensor& images,
                 const std::function<void(const std::string&, const torch::Tensor&)>& see) {
  const c10::InferenceMode inference;
  network->eval();
  const std::vector<std::string> names = network->named_children().keys();
  auto name = names.begin();
  torch::Tensor x = images;
  for (torch::nn::AnyModule& layer : *network) x = forward(*name++, layer, x, see);
}

std::vector<NamedTensor> activations(torch::nn::Sequential& network, const torch::Tensor& image) {
  std::vector<NamedTensor> outputs;
  each_output(network, image, [&](const std::string& name, const torch::Tensor& output) {
    outputs.push_back(export_tensor(name, output[0]));
  });
  return outputs;
}

}  // namespace mnist_bench
