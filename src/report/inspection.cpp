#include "report/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "report/confused_pairs.h"
#include "report/test_pictures.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kPairs = 5;
/// Images of each direction of a pair.
constexpr std::size_t kImagesOfPair = 8;

using Shape = std::vector<std::int64_t>;

/// The shape of the pictures of a layer that has weights.
Shape pictures_shape(const Shape& weights, const Shape& map) {
  if (weights.size() == 4) return {weights[0], weights[2], weights[3]};
  const bool sees_map = map[0] * map[1] * map[2] == weights[1] && map[0] == 1;
  return sees_map ? Shape{weights[0], map[1], map[2]} : Shape{weights[0], 1, weights[1]};
}

/// `map`: the last [channels, rows, columns] before the layers.
std::optional<FirstWeights> find_weights(const std::vector<PlacedLayer>& layers,
                                         const std::vector<NamedTensor>& tensors, Shape& map) {
  for (const PlacedLayer& layer : layers) {
    if (layer.input.size() == 3) map = layer.input;
    if (auto inner = find_weights(layer.inner, tensors, map)) return inner;
    for (const TensorShape& parameter : layer.parameters) {
      if (parameter.shape.size() < 2) continue;  // a bias, or batch norm's factors
      const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& t) {
        return t.name == parameter.name;
      });
      return FirstWeights{.layer = layer.name,
                          .kind = layer.kind,
                          .pictures = {.name = found->name,
                                       .shape = pictures_shape(parameter.shape, map),
                                       .values = found->values}};
    }
  }
  return std::nullopt;
}

ConfusedImages confused_images(std::int64_t truth, std::int64_t predicted,
                               const std::vector<Prediction>& predictions, const ImageSet& test) {
  std::vector<Prediction> found;
  std::copy_if(predictions.begin(), predictions.end(), std::back_inserter(found),
               [&](const Prediction& p) { return p.truth == truth && p.predicted == predicted; });
  std::stable_sort(found.begin(), found.end(), [](const Prediction& a, const Prediction& b) {
    return a.probability > b.probability;
  });
  ConfusedImages confused{.truth = truth,
                          .predicted = predicted,
                          .images = static_cast<std::int64_t>(found.size()),
                          .shown = {}};
  found.resize(std::min(found.size(), kImagesOfPair));
  for (const Prediction& p : found) {
    confused.shown.push_back({.index = p.index,
                              .truth = truth,
                              .predicted = predicted,
                              .runs_wrong = 1,
                              .confidence = static_cast<double>(p.probability),
                              .png = png_of(test, p.index)});
  }
  return confused;
}

}  // namespace

ClassNames class_names_of(const Inspection& inspection) {
  return inspection.run.result.config.data.class_names.value_or(ClassNames{});
}

std::string reading_of(const Inspection& inspection) {
  const ClassNames names = class_names_of(inspection);
  return fmt::format("{} {} {}", class_name(names, inspection.truth),
                     inspection.predicted == inspection.truth ? "read as" : "taken for",
                     class_name(names, inspection.predicted));
}

ChosenImage choose_image(std::optional<std::int64_t> wanted,
                         const std::vector<Prediction>& predictions, std::int64_t images) {
  if (wanted && (*wanted < 0 || *wanted >= images)) {
    throw Error(ExitCode::usage, fmt::format("--image: found {}; allowed: 0 … {}, the images of "
                                             "the test set",
                                             *wanted, images - 1));
  }
  if (wanted) return {.index = *wanted, .reason = "chosen with --image"};
  const Prediction* worst = nullptr;
  for (const Prediction& p : predictions) {
    if (p.predicted == p.truth) continue;
    if (worst == nullptr || p.probability > worst->probability) worst = &p;
  }
  if (worst != nullptr) {
    return {.index = worst->index, .reason = "the most confident mistake of the run"};
  }
  return {.index = predictions.front().index, .reason = "the first one: the run has no mistake"};
}

std::optional<FirstWeights> first_weights(const std::vector<PlacedLayer>& layers,
                                          const std::vector<NamedTensor>& tensors) {
  Shape map = {1, 1, 1};
  return find_weights(layers, tensors, map);
}

std::vector<ConfusedClasses> confused_classes(const StoredRun& run,
                                              const std::vector<Prediction>& predictions,
                                              const ImageSet& test) {
  std::vector<ConfusedClasses> classes;
  for (const ConfusedPair& pair : confused_pairs(group_runs({run}).front())) {
    if (pair.images() == 0 || classes.size() == kPairs) break;
    classes.push_back(
        {.first_as_second = confused_images(pair.first, pair.second, predictions, test),
         .second_as_first = confused_images(pair.second, pair.first, predictions, test)});
  }
  return classes;
}

}  // namespace mnist_bench
