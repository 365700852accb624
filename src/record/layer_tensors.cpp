#include "record/layer_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/strict_json.h"
#include "record/checkpoint.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

std::string shape_text(const std::string& name, const std::vector<std::int64_t>& shape) {
  return fmt::format("{} [{}]", excerpt(name), fmt::join(shape, ", "));
}

std::uint64_t values_in(const std::vector<TensorShape>& tensors) {
  std::uint64_t values = 0;
  for (const TensorShape& tensor : tensors) values += static_cast<std::uint64_t>(size_of(tensor));
  return values;
}

}  // namespace

std::vector<PlacedLayer> layers_of(const RunResult& result) {
  const auto classes = static_cast<std::int64_t>(result.data->test.class_counts.size());
  try {
    return layers_of(require_network(result.config.model, "it has no layers"),
                     image_of(*result.model), classes);
  } catch (const Error& error) {
    throw Error(ExitCode::io, error.what());
  }
}

ImageShape shape_as_read(const RunResult& result) {
  const ImageShape seen = image_of(*result.model);
  const auto side = std::llround(std::sqrt(static_cast<double>(seen.pixels())));
  for (const ImageShape likely : {ImageShape{}, seen, ImageShape{.rows = side, .columns = side},
                                  ImageShape{.rows = seen.columns, .columns = seen.rows}}) {
    if (takes_images(result, prepare_chain(result.config.data.transform, likely).output)) {
      return likely;
    }
  }
  return seen;
}

bool takes_images(const RunResult& result, ImageShape shape) {
  const auto classes = static_cast<std::int64_t>(result.data->test.class_counts.size());
  try {
    const ModelSummary taken = summarize(result.config.model, shape, classes);
    return taken.layers == result.model->layers &&
           (is_network(result.config.model) || taken.input_shape == result.model->input_shape);
  } catch (const Error&) {
    return false;
  }
}

StoredValues stored_values(const RunResult& result) {
  const std::vector<PlacedLayer> layers = layers_of(result);
  const std::uint64_t parameters = values_in(parameters_of(layers));
  const std::uint64_t model = parameters + values_in(buffers_of(layers));
  const std::size_t kept = optimizer_tensors(result.config.optimizer).size();
  return {.model = model, .checkpoint = model + kept * parameters};
}

void require_tensors_of(const RunResult& result, const std::vector<NamedTensor>& tensors) {
  const std::vector<PlacedLayer> layers = layers_of(result);
  std::vector<TensorShape> expected = parameters_of(layers);
  const std::vector<TensorShape> buffers = buffers_of(layers);
  expected.insert(expected.end(), buffers.begin(), buffers.end());
  for (std::size_t i = 0; i < std::max(tensors.size(), expected.size()); ++i) {
    const std::string found =
        i < tensors.size() ? shape_text(tensors[i].name, tensors[i].shape) : "nothing";
    const std::string wanted =
        i < expected.size() ? shape_text(expected[i].name, expected[i].shape) : "nothing";
    if (found == wanted) continue;
    throw Error(ExitCode::io,
                fmt::format("has {} where the layers of result.json have {}", found, wanted));
  }
}

}  // namespace mnist_bench
