#include "experiment/predict_images.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "data/digit_form.h"
#include "data/transform_set.h"
#include "experiment/classical_predictor.h"
#include "experiment/predictor.h"
#include "experiment/set_up.h"
#include "record/layer_tensors.h"
#include "record/trained_model.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// Width × height.
std::string size_text(ImageShape shape) {
  return fmt::format("{} × {}", shape.columns, shape.rows);
}

/// The pixels of `image` in the shape that the model's data have.
std::vector<std::uint8_t> fitted(const NamedImage& named, ImageShape shape, bool raw,
                                 Observer& observer) {
  constexpr std::uint8_t kMiddleGrey = 128;
  const GreyImage& image = named.image;
  if (image.shape == shape) {
    if (const auto blank = why_blank(image); blank && !raw) {
      observer.warn(fmt::format("{}: {}; taken as it is", named.name, *blank));
    } else if (!raw && background_of(image) >= kMiddleGrey) {
      observer.warn(
          fmt::format("{}: its border is light, but MNIST's digits are light on black; "
                      "taken as it is; invert it first if it is a digit on paper",
                      named.name));
    }
    return image.pixels;
  }
  if (raw) {
    throw Error(ExitCode::data,
                fmt::format("{}: {} pixels, but the model takes {}", named.name,
                            size_text(image.shape), size_text(shape)),
                "leave out --raw to have it scaled and centred");
  }
  DigitForm form = digit_form(image, shape, named.name);
  observer.info(fmt::format("{}: {} pixels{}; scaled and centred in {}", named.name,
                            size_text(image.shape),
                            form.inverted ? ", dark on light: inverted" : "", size_text(shape)));
  return std::move(form.pixels);
}

/// Images of the shape that the model's data have, their names, and their indices in their files.
struct FittedImages {
  ImageSet set;
  std::vector<std::string> names = {};
  std::vector<std::int64_t> indices = {};
};

/// Adds an error to `refused` for each image that cannot be used.
FittedImages fitted_images(const std::vector<NamedImage>& images, ImageShape shape, bool raw,
                           Observer& observer, std::vector<Error>& refused) {
  FittedImages found{
      .set = {
          .rows = shape.rows, .columns = shape.columns, .pixels = {}, .labels = {}, .sha256 = {}}};
  for (const NamedImage& image : images) {
    try {
      const std::vector<std::uint8_t> pixels = fitted(image, shape, raw, observer);
      found.set.pixels.insert(found.set.pixels.end(), pixels.begin(), pixels.end());
      found.set.labels.push_back(0);  // not known; only the loss depends on it
      found.names.push_back(image.name);
      found.indices.push_back(image.index);
    } catch (const Error& error) {
      refused.push_back(error);
    }
  }
  return found;
}

std::unique_ptr<Predictor> predictor_of(const StoredRun& run, Observer& observer) {
  const ExperimentConfig& config = run.result.config;
  require_completed_run(run);
  const std::optional<Engine> engine = engine_of(config);
  const std::vector<NamedTensor> tensors =
      engine ? read_trained_model(run) : std::vector<NamedTensor>{};
  const std::int64_t threads = set_up_threads(config.threads, observer).threads;
  const std::string device = set_up_device(engine, config.device, observer).str();
  if (!engine) return fit_again(run, threads, observer);
  std::unique_ptr<Predictor> predictor = make_predictor(*engine, run.result, device, threads);
  predictor->set_parameters(tensors);
  return predictor;
}

}  // namespace

ImagePredictions predict_images(const StoredRun& run, const std::vector<NamedImage>& images,
                                bool raw, Observer& observer) {
  const RunResult& result = run.result;
  const std::unique_ptr<Predictor> predictor = predictor_of(run, observer);
  ImagePredictions found;
  found.names = result.config.data.class_names.value_or(ClassNames{});
  const auto [set, names, indices] =
      fitted_images(images, shape_as_read(result), raw, observer, found.refused);
  if (names.empty()) return found;
  const Predictions predictions =
      predictor->predict(transform_set(set, result.config.data.transform, indices));
  const std::size_t classes = predictions.class_probabilities.size() / names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto row =
        predictions.class_probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
    found.predictions.push_back(
        {.name = names[i],
         .predicted = predictions.classes[i],
         .probability = predictions.probabilities[i],
         .probabilities = {row, row + static_cast<std::ptrdiff_t>(classes)}});
  }
  return found;
}

}  // namespace mnist_bench
