#include "experiment/inspect_run.h"

#include <utility>

#include "data/transform_set.h"
#include "experiment/set_up.h"
#include "libtorch/inference.h"
#include "libtorch/network.h"
#include "model/layers.h"
#include "record/read_predictions.h"
#include "record/tested_data.h"
#include "record/trained_model.h"
#include "report/test_pictures.h"

namespace mnist_bench {
namespace {

std::vector<LayerOutput> with_kinds(std::vector<NamedTensor> outputs,
                                    const std::vector<PlacedLayer>& layers) {
  const std::vector<layer::Kind> kinds = kinds_of(layers);
  std::vector<LayerOutput> found;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    found.push_back({.kind = kinds.at(i), .output = std::move(outputs[i])});
  }
  return found;
}

}  // namespace

Inspection inspect_run(const StoredRun& run, std::optional<std::int64_t> image,
                       Observer& observer) {
  const std::vector<NamedTensor> tensors = read_trained_model(run);
  const std::vector<Prediction> predictions = read_predictions(run.folder, run.result);
  const Dataset data = load_data_of(run);
  const RunResult& result = run.result;
  const TransformChain& transform = result.config.data.transform;
  Inspection inspection{.run = run,
                        .image = choose_image(image, predictions, data.test.size()),
                        .pairs = confused_classes(run, predictions, data.test)};
  const std::vector<std::int64_t> indices = {inspection.image.index};
  const ImageSet read = select(data.test, indices);
  const ImageSet seen = transform_set(read, transform, indices);
  inspection.truth = read.labels.front();
  inspection.as_read = {.shape = read.shape(), .png = png_of(read, 0)};
  if (!transform.empty()) {
    inspection.as_seen = Picture{.shape = seen.shape(), .png = png_of(seen, 0)};
  }

  set_up_threads(result.config.threads, observer);
  const std::vector<PlacedLayer> layers = layers_of(
      require_network(result.config.model, "it has no layers"), seen.shape(), data.classes);
  torch::nn::Sequential network = make_network(layers);
  import_stored(network, tensors);
  const ImageTensors set = to_tensors(
      seen, PixelScaling{.mean = result.data->mean, .sd = result.data->std}, torch::kCPU);
  const Predictions predicted = predict(network, set);
  inspection.predicted = predicted.classes.front();
  inspection.probabilities = predicted.class_probabilities;
  inspection.layers = with_kinds(activations(network, set.images), layers);
  inspection.weights = first_weights(layers, tensors);
  return inspection;
}

}  // namespace mnist_bench
