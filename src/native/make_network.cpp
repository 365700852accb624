#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "native/cnn.h"
#include "native/learner.h"
#include "native/mlp.h"

// Which of this engine's networks a list of layers is, however it was written.

namespace mnist_bench::native {
namespace {

ImageShape image_of(const std::vector<PlacedLayer>& layers) {
  const std::vector<std::int64_t>& input = layers.front().input;
  return {.rows = input[1], .columns = input[2]};
}

std::int64_t classes_of(const std::vector<PlacedLayer>& layers) {
  return layers.back().output.front();
}

/// The layers without those that do nothing.
std::vector<PlacedLayer> active(std::vector<PlacedLayer> layers) {
  std::erase_if(layers, [](const PlacedLayer& layer) {
    const auto* dropout = std::get_if<layer::Dropout>(&layer.kind);
    const auto* dropout2d = std::get_if<layer::Dropout2d>(&layer.kind);
    return (dropout != nullptr && dropout->p == 0) || (dropout2d != nullptr && dropout2d->p == 0);
  });
  return layers;
}

bool compute_the_same(const PlacedLayer& a, const PlacedLayer& b) {
  const bool linear = std::holds_alternative<layer::Linear>(a.kind) &&
                      std::holds_alternative<layer::Linear>(b.kind);
  return a.input == b.input && a.output == b.output && (linear || a.kind == b.kind);
}

/// The first of `layers` that `model` does not have in its place; their number if there is none.
std::size_t first_difference(const std::vector<PlacedLayer>& layers, const ModelConfig& model) {
  const std::vector<PlacedLayer> wanted =
      active(layers_of(model, image_of(layers), classes_of(layers)));
  const auto [mine, its] =
      std::mismatch(layers.begin(), layers.end(), wanted.begin(), wanted.end(), compute_the_same);
  if (mine == layers.end() && its != wanted.end()) return layers.size() - 1;
  return static_cast<std::size_t>(mine - layers.begin());
}

/// All layers of one kind, in order.
template <class Kind>
std::vector<PlacedLayer> layers_of_kind(std::vector<PlacedLayer> layers) {
  std::erase_if(layers,
                [](const PlacedLayer& layer) { return !std::holds_alternative<Kind>(layer.kind); });
  return layers;
}

/// The probability of the first layer of this kind of dropout.
template <class Kind>
double dropout_of(const std::vector<PlacedLayer>& layers) {
  const std::vector<PlacedLayer> found = layers_of_kind<Kind>(layers);
  return found.empty() ? 0.0 : std::get<Kind>(found.front().kind).p;
}

/// The MLP (CNN) with the sizes that the list has, if it has enough of them: that which the list is
/// if it is one.
std::optional<MlpConfig> nearest_mlp(const std::vector<PlacedLayer>& layers) {
  MlpConfig mlp{.hidden = {}, .dropout = dropout_of<layer::Dropout>(layers)};
  for (const PlacedLayer& layer : layers_of_kind<layer::Linear>(layers)) {
    mlp.hidden.push_back(layer.output.front());
  }
  if (mlp.hidden.size() < 2) return std::nullopt;
  mlp.hidden.pop_back();
  return mlp;
}

std::optional<CnnConfig> nearest_cnn(const std::vector<PlacedLayer>& layers) {
  const ImageShape image = image_of(layers);
  const auto convolutions = layers_of_kind<layer::Conv2d>(layers);
  const auto linear = layers_of_kind<layer::Linear>(layers);
  if (image.rows < 4 || image.columns < 4 || convolutions.size() < 2 || linear.empty()) {
    return std::nullopt;
  }
  return CnnConfig{.conv1_channels = convolutions[0].output.front(),
                   .conv2_channels = convolutions[1].output.front(),
                   .hidden = linear[0].output.front(),
                   .dropout2d = dropout_of<layer::Dropout2d>(layers),
                   .dropout = dropout_of<layer::Dropout>(layers)};
}

/// Those that have parameters, in order: what the tensors are called after.
std::vector<std::string> names_of(const std::vector<PlacedLayer>& layers) {
  std::vector<std::string> names;
  for (const PlacedLayer& layer : layers) {
    if (!layer.parameters.empty()) names.push_back(layer.name);
  }
  return names;
}

void require_whole_tiles(ImageShape image) {
  if (image.rows % 4 == 0 && image.columns % 4 == 0) return;
  throw Error(ExitCode::usage,
              fmt::format("the native engine trains model 'cnn' on images whose rows and columns "
                          "are multiples of 4; these are {} × {}",
                          image.rows, image.columns),
              "use training.engine=libtorch");
}

}  // namespace

std::unique_ptr<Network> make_network(const std::vector<PlacedLayer>& all,
                                      const PixelScaling& scaling, std::int64_t threads) {
  const std::vector<PlacedLayer> layers = active(all);
  const ImageShape image = image_of(all);
  const std::int64_t classes = classes_of(all);
  std::size_t difference = 0;
  if (const auto mlp = nearest_mlp(layers)) {
    difference = first_difference(layers, *mlp);
    if (difference == layers.size()) {
      return std::make_unique<Mlp>(*mlp, names_of(layers), scaling, image, classes, threads);
    }
  }
  if (const auto cnn = nearest_cnn(layers)) {
    const std::size_t of_cnn = first_difference(layers, *cnn);
    if (of_cnn == layers.size()) {
      require_whole_tiles(image);
      return std::make_unique<Cnn>(*cnn, names_of(layers), scaling, image, classes, threads);
    }
    difference = std::max(difference, of_cnn);
  }
  const PlacedLayer& layer = layers[difference];
  throw Error(
      ExitCode::usage,
      fmt::format("the native engine trains the layers of models mlp and cnn, of any sizes; "
                  "layer {} ({}) is not as there",
                  layer.name, torch_name(layer.kind)),
      "use training.engine=libtorch");
}

}  // namespace mnist_bench::native
