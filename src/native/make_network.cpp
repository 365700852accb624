#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/error.h"
#include "base/overloaded.h"
#include "native/cnn.h"
#include "native/learner.h"
#include "native/mlp.h"

// Finds out which of this engine's networks a list of layers is, however it was written.

namespace mnist_bench::native {
namespace {

ImageShape image_of(const std::vector<PlacedLayer>& layers) {
  const std::vector<std::int64_t>& input = layers.front().input;
  return {.rows = input[1], .columns = input[2]};
}

std::int64_t classes_of(const std::vector<PlacedLayer>& layers) {
  return layers.back().output.front();
}

/// The layers without dropout layers that drop nothing.
std::vector<PlacedLayer> effective_layers(std::vector<PlacedLayer> layers) {
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

/// The index of the first of `layers` that differs from the layer of `model` there; their number if
/// none does.
std::size_t first_difference(const std::vector<PlacedLayer>& layers, const ModelConfig& model) {
  const std::vector<PlacedLayer> wanted =
      effective_layers(layers_of(model, image_of(layers), classes_of(layers)));
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

/// The MLP (CNN) with the sizes in the list, if there are enough of them. If the list is an MLP
/// (CNN), it is this one.
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

/// The names of the layers with parameters, in order. The tensors are named after them.
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

/// The model of this engine that the list is, however it was written. Throws Error(usage) naming
/// the first layer that neither has.
std::variant<MlpConfig, CnnConfig> recognize(const std::vector<PlacedLayer>& all) {
  const std::vector<PlacedLayer> layers = effective_layers(all);
  std::size_t difference = 0;
  if (const auto mlp = nearest_mlp(layers)) {
    difference = first_difference(layers, *mlp);
    if (difference == layers.size()) return *mlp;
  }
  if (const auto cnn = nearest_cnn(layers)) {
    const std::size_t of_cnn = first_difference(layers, *cnn);
    if (of_cnn == layers.size()) return *cnn;
    difference = std::max(difference, of_cnn);
  }
  const PlacedLayer& layer = layers[difference];
  throw Error(ExitCode::usage,
              fmt::format("the native engine trains lists of layers like those of models mlp and "
                          "cnn, of any sizes; layer {} ({}) differs from both",
                          layer.name, torch_name(layer.kind)),
              "use training.engine=libtorch");
}

}  // namespace

void check_supported(const std::vector<PlacedLayer>& layers) { recognize(layers); }

std::unique_ptr<Network> make_network(const std::vector<PlacedLayer>& layers,
                                      const PixelScaling& scaling, std::int64_t threads) {
  const ImageShape image = image_of(layers);
  const std::int64_t classes = classes_of(layers);
  const std::vector<std::string> names = names_of(layers);
  return std::visit(
      Overloaded{[&](const MlpConfig& mlp) -> std::unique_ptr<Network> {
                   return std::make_unique<Mlp>(mlp, names, scaling, image, classes, threads);
                 },
                 [&](const CnnConfig& cnn) -> std::unique_ptr<Network> {
                   require_whole_tiles(image);
                   return std::make_unique<Cnn>(cnn, names, scaling, image, classes, threads);
                 }},
      recognize(layers));
}

}  // namespace mnist_bench::native
