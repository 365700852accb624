#include "experiment/predict_images.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "data/digit_form.h"
#include "data/subset.h"
#include "data/transform_set.h"
#include "experiment/predictor.h"
#include "experiment/set_up.h"
#include "record/layer_tensors.h"
#include "record/trained_model.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

std::string size_text(ImageShape shape) {
  return fmt::format("{} × {}", shape.rows, shape.columns);
}

/// The pixels of `image` in the shape that the model's data have.
std::vector<std::uint8_t> fitted(const NamedImage& named, ImageShape shape, bool raw,
                                 Observer& observer) {
  constexpr std::uint8_t kMiddleGrey = 128;
  const GreyImage& image = named.image;
  if (image.shape == shape) {
    if (!raw && background_of(image) >= kMiddleGrey) {
      observer.warn(
          fmt::format("{}: its border is light, but MNIST's digits are light on black; "
                      "taken as it is",
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

ImageSet set_of(const std::vector<NamedImage>& images, ImageShape shape, bool raw,
                Observer& observer) {
  ImageSet set{
      .rows = shape.rows, .columns = shape.columns, .pixels = {}, .labels = {}, .sha256 = {}};
  for (const NamedImage& image : images) {
    const std::vector<std::uint8_t> pixels = fitted(image, shape, raw, observer);
    set.pixels.insert(set.pixels.end(), pixels.begin(), pixels.end());
    set.labels.push_back(0);  // not known; only the loss depends on it
  }
  return set;
}

}  // namespace

std::vector<ImagePrediction> predict_images(const StoredRun& run,
                                            const std::vector<NamedImage>& images, bool raw,
                                            Observer& observer) {
  const std::vector<NamedTensor> tensors = read_trained_model(run);
  const RunResult& result = run.result;
  const std::int64_t threads = set_up_threads(result.config.threads, observer).threads;
  const Engine engine = result.config.training.engine;
  const std::string device = set_up_device(engine, result.config.device, observer).str();
  const std::unique_ptr<Predictor> predictor = make_predictor(engine, result, device, threads);
  predictor->set_parameters(tensors);
  const ImageSet read = set_of(images, shape_as_read(result), raw, observer);
  const Predictions predictions =
      predictor->predict(transform_set(read, result.config.data.transform, all_indices(read)));
  const std::size_t classes = predictions.class_probabilities.size() / images.size();
  std::vector<ImagePrediction> found;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto row =
        predictions.class_probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
    found.push_back({.name = images[i].name,
                     .predicted = predictions.classes[i],
                     .probability = predictions.probabilities[i],
                     .probabilities = {row, row + static_cast<std::ptrdiff_t>(classes)}});
  }
  return found;
}

}  // namespace mnist_bench
