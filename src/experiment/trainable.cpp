#include "experiment/trainable.h"

#include <algorithm>

#include "model/batches.h"
#include "model/layers.h"
#include "native/learner.h"
#include "transform/apply.h"

namespace mnist_bench {

DataShape shape_of(const Dataset& dataset) {
  return {.image = {.rows = dataset.train.rows, .columns = dataset.train.columns},
          .classes = dataset.classes,
          .train_images = dataset.train.size()};
}

DataShape shape_of(const DataConfig& config) {
  DataShape shape = config.directory ? shape_of(load_dataset(*config.directory)) : DataShape{};
  shape.image = prepare_chain(config.transform, shape.image).output;
  return shape;
}

void require_trainable(const ExperimentConfig& config, const DataShape& data) {
  const std::vector<PlacedLayer> layers = layers_of(config.model, data.image, data.classes);
  const std::int64_t images =
      std::min(data.train_images, config.data.train_limit.value_or(data.train_images));
  require_values_to_normalize(layers, images, config.training.batch_size);
  if (config.training.engine != Engine::native) return;
  native::check_supported(config);
  native::check_supported(layers);
}

}  // namespace mnist_bench
