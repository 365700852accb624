#include "record/layer_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "config/strict_json.h"
#include "record/contradiction.h"

namespace mnist_bench {
namespace {

/// The tensors of a network with these layers, without their values. What only the layers' own
/// shapes say follows from their numbers of parameters: all have biases, and kernels are square.
std::vector<NamedTensor> tensors_of(const ModelSummary& model) {
  std::vector<NamedTensor> tensors;
  std::int64_t channels = 1;
  for (const LayerSummary& layer : model.layers) {
    if (layer.parameters == 0) continue;
    const std::int64_t out = layer.output_shape.empty() ? 0 : layer.output_shape.front();
    const bool is_convolution = layer.type == "Conv2d";
    const std::int64_t inputs = out < 1 ? 0 : layer.parameters / out - 1;
    if (inputs < 1 || (!is_convolution && layer.type != "Linear")) {
      refuse(fmt::format("cannot be checked: result.json has a layer {} of type {}",
                         excerpt(layer.name), excerpt(layer.type)));
    }
    std::vector<std::int64_t> weight = {out, inputs};
    if (is_convolution) {
      const std::int64_t area = inputs / channels;  // kernels are square
      const auto kernel = std::llround(std::sqrt(static_cast<double>(area)));
      weight = {out, channels, kernel, kernel};
      channels = out;
    }
    tensors.push_back({.name = layer.name + ".weight", .shape = std::move(weight), .values = {}});
    tensors.push_back({.name = layer.name + ".bias", .shape = {out}, .values = {}});
  }
  return tensors;
}

std::string shape_text(const NamedTensor& tensor) {
  return fmt::format("{} [{}]", excerpt(tensor.name), fmt::join(tensor.shape, ", "));
}

}  // namespace

void require_tensors_of(const ModelSummary& model, const std::vector<NamedTensor>& tensors) {
  const std::vector<NamedTensor> expected = tensors_of(model);
  for (std::size_t i = 0; i < std::max(tensors.size(), expected.size()); ++i) {
    const std::string found = i < tensors.size() ? shape_text(tensors[i]) : "nothing";
    const std::string wanted = i < expected.size() ? shape_text(expected[i]) : "nothing";
    if (found != wanted) {
      refuse(fmt::format("has {} where the layers of result.json have {}", found, wanted));
    }
  }
}

}  // namespace mnist_bench
