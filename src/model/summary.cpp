#include "model/summary.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/overloaded.h"

namespace mnist_bench {
namespace {

void add(std::int64_t& sum, std::int64_t value) {
  if (!__builtin_add_overflow(sum, value, &sum)) return;
  throw Error(ExitCode::usage, "the network has more parameters or MACs than can be counted");
}

void append(ModelSummary& summary, const std::vector<PlacedLayer>& layers) {
  for (const PlacedLayer& layer : layers) {
    append(summary, layer.inner);
    LayerSummary row{.name = layer.name,
                     .type = std::string(torch_name(layer.kind)),
                     .output_shape = layer.output,
                     .parameters = 0,
                     .macs = multiply_accumulates(layer)};
    for (const TensorShape& tensor : layer.parameters) add(row.parameters, size_of(tensor));
    add(summary.parameters, row.parameters);
    add(summary.macs, row.macs);
    summary.layers.push_back(std::move(row));
  }
}

}  // namespace

bool stores_input_shape(const ModelConfig& model) {
  return std::visit(
      Overloaded{[](const MlpConfig&) { return false; }, [](const CnnConfig&) { return false; },
                 [](const LayersConfig&) { return true; }, [](const KnnConfig&) { return true; },
                 [](const SvmConfig&) { return true; }},
      model);
}

ModelSummary summarize(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  ModelSummary summary;
  summary.type = model_type(model);
  if (const auto network = network_of(model)) append(summary, layers_of(*network, image, classes));
  if (stores_input_shape(model)) {
    summary.input_shape = {1, image.rows, image.columns};
  }
  return summary;
}

ImageShape image_of(const ModelSummary& summary) {
  if (summary.input_shape.size() == 3) {
    return {.rows = summary.input_shape[1], .columns = summary.input_shape[2]};
  }
  // Flatten's output, or that of conv1, which keeps rows and columns.
  const auto& output =
      summary.layers.empty() ? summary.input_shape : summary.layers.front().output_shape;
  if (output.size() == 3) return {.rows = output[1], .columns = output[2]};
  // A vector, whose images are taken for squares where that is possible.
  const std::int64_t values = output.empty() ? 0 : output.front();
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(values))));
  if (side * side == values) return {.rows = side, .columns = side};
  return {.rows = 1, .columns = values};
}

}  // namespace mnist_bench
