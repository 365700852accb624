#include "experiment/trainable.h"

#include <fmt/format.h>

#include "base/error.h"
#include "classical/classifier.h"
#include "config/schedule.h"
#include "data/subset.h"
#include "model/batches.h"
#include "model/layers.h"
#include "native/learner.h"
#include "transform/apply.h"

namespace mnist_bench {

DataShape shape_of(const Dataset& dataset) {
  return {.image = {.rows = dataset.train.rows, .columns = dataset.train.columns},
          .classes = dataset.classes,
          .train_images = dataset.train.size(),
          .test_images = dataset.test.size()};
}

DataShape shape_of_files(const DataConfig& config) {
  return config.directory ? shape_of(load_dataset(*config.directory)) : DataShape{};
}

DataShape shape_from(DataShape files, const DataConfig& config) {
  return {.image = prepare_chain(config.transform, files.image).output,
          .classes = files.classes,
          .train_images = training_images(files.train_images, config),
          .test_images = test_images(files.test_images, config)};
}

DataShape shape_of(const DataConfig& config) { return shape_from(shape_of_files(config), config); }

void require_trainable(const ExperimentConfig& config, const DataShape& data) {
  const auto& names = config.data.class_names;
  if (names && static_cast<std::int64_t>(names->size()) != data.classes) {
    throw Error(ExitCode::usage,
                fmt::format("data.class_names has {} names, but the data have {} classes",
                            names->size(), data.classes),
                "name each class, from class 0 on, or leave the key out");
  }
  if (const auto classical = classical_of(config.model)) {
    classical::check_device(config.device);
    classical::require_fittable(*classical, data.image, data.train_images);
    return;
  }
  const std::vector<PlacedLayer> layers =
      layers_of(require_network(config.model, "it is not trained"), data.image, data.classes);
  if (parameters_of(layers).empty()) {
    throw Error(ExitCode::usage, "the network has no parameters: there is nothing to train",
                "give it a linear or a conv2d layer");
  }
  require_values_to_normalize(layers, data.train_images, config.training.batch_size);
  const std::int64_t epochs = schedule_of(config.training, data.train_images).epochs();
  if (epochs > kMaxEpochs) {
    throw Error(
        ExitCode::usage,
        fmt::format("training.steps is {}: {} epochs of {} images, but a run has {} at most",
                    *config.training.steps, epochs, data.train_images, kMaxEpochs),
        "make training.steps smaller");
  }
  if (config.training.engine == Engine::native) native::check_supported(config);
}

}  // namespace mnist_bench
