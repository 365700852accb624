#include <algorithm>
#include <cmath>
#include <optional>

#include "native/cnn.h"
#include "native/layer_network.h"
#include "native/learner.h"
#include "native/mlp.h"

// Finds out which of this engine's networks a list of layers is, however it was written: linear
// layers, the CNN, or any other.

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

/// Whether `second` may as well come before `first`, where the CNN has it. Maxima, and factors that
/// are not negative and the same for all that they are applied to, commute (paper, eq. 12).
bool belongs_before(const layer::Kind& second, const layer::Kind& first) {
  const bool after_relu = std::holds_alternative<layer::MaxPool2d>(second) ||
                          std::holds_alternative<layer::Dropout2d>(second);
  return (std::holds_alternative<layer::Relu>(first) && after_relu) ||
         (std::holds_alternative<layer::MaxPool2d>(first) &&
          std::holds_alternative<layer::Dropout2d>(second)) ||
         (std::holds_alternative<layer::Dropout>(first) &&
          std::holds_alternative<layer::Relu>(second));
}

/// Exchanges neighbours that commute. Only pooling changes the shape of what it gets.
void exchange(PlacedLayer& first, PlacedLayer& second) {
  if (std::holds_alternative<layer::MaxPool2d>(second.kind)) {
    first.input = first.output = second.output;
  } else if (std::holds_alternative<layer::MaxPool2d>(first.kind)) {
    second.input = second.output = first.input;
  }
  std::swap(first, second);
}

/// The layers of the same function in the order in which the CNN has them.
std::vector<PlacedLayer> in_order_of_cnn(std::vector<PlacedLayer> layers) {
  for (std::size_t i = 1; i < layers.size(); ++i) {
    for (std::size_t j = i; j > 0 && belongs_before(layers[j].kind, layers[j - 1].kind); --j) {
      exchange(layers[j - 1], layers[j]);
    }
  }
  return layers;
}

bool compute_the_same(const PlacedLayer& a, const PlacedLayer& b) {
  const bool linear = std::holds_alternative<layer::Linear>(a.kind) &&
                      std::holds_alternative<layer::Linear>(b.kind);
  return a.input == b.input && a.output == b.output && (linear || a.kind == b.kind);
}

/// Whether the list is this CNN.
bool is_cnn(const std::vector<PlacedLayer>& layers, const CnnConfig& cnn) {
  const std::vector<PlacedLayer> wanted = effective_layers(
      layers_of(require_network(cnn, "it has no layers"), image_of(layers), classes_of(layers)));
  return std::ranges::equal(layers, wanted, compute_the_same);
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

/// The CNN with the sizes in the list, and with any for those that it lacks. If the list is a CNN,
/// it is this one.
CnnConfig nearest_cnn(const std::vector<PlacedLayer>& layers) {
  const auto convolutions = layers_of_kind<layer::Conv2d>(layers);
  const auto linear = layers_of_kind<layer::Linear>(layers);
  const auto size = [](const std::vector<PlacedLayer>& of, std::size_t index) {
    return index < of.size() ? of[index].output.front() : 1;
  };
  return CnnConfig{.conv1_channels = size(convolutions, 0),
                   .conv2_channels = size(convolutions, 1),
                   .hidden = size(linear, 0),
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

/// The probability of being dropped by one of two.
double either(double p, double other) {
  return std::min(p + other - p * other, std::nextafter(1.0, 0.0));
}

/// The list as linear layers with relu and dropout between them; absent if it is none.
std::optional<MlpLayout> mlp_of(const std::vector<PlacedLayer>& layers) {
  MlpLayout layout;
  for (const PlacedLayer& layer : layers) {
    const auto* dropout = std::get_if<layer::Dropout>(&layer.kind);
    const bool is_relu = std::holds_alternative<layer::Relu>(layer.kind);
    if (std::holds_alternative<layer::Linear>(layer.kind)) {
      layout.hidden.push_back({.units = layer.output.front()});
    } else if (dropout != nullptr) {
      double& p = layout.hidden.empty() ? layout.input_dropout : layout.hidden.back().dropout;
      p = either(p, dropout->p);
    } else if (is_relu && !layout.hidden.empty()) {
      layout.hidden.back().relu = true;
    } else if (!std::holds_alternative<layer::Flatten>(layer.kind)) {
      return std::nullopt;
    }
  }
  const bool ends_linear =
      !layers.empty() && std::holds_alternative<layer::Linear>(layers.back().kind);
  if (!ends_linear) return std::nullopt;
  layout.hidden.pop_back();
  return layout;
}

/// The list as the CNN, with any sizes; absent if it is none.
std::optional<CnnConfig> cnn_of(const std::vector<PlacedLayer>& layers) {
  if (layers_of_kind<layer::Conv2d>(layers).empty()) return std::nullopt;
  const auto [rows, columns] = image_of(layers);
  if (rows < 4 || columns < 4) return std::nullopt;  // smaller images have none
  const CnnConfig cnn = nearest_cnn(layers);
  return is_cnn(layers, cnn) ? std::optional(cnn) : std::nullopt;
}

}  // namespace

std::unique_ptr<Network> make_network(const std::vector<PlacedLayer>& layers,
                                      const PixelScaling& scaling, std::int64_t threads) {
  const std::vector<PlacedLayer> effective = in_order_of_cnn(effective_layers(layers));
  const ImageShape image = image_of(layers);
  const std::int64_t classes = classes_of(layers);
  const std::vector<std::string> names = names_of(layers);
  if (const auto mlp = mlp_of(effective)) {
    return std::make_unique<Mlp>(*mlp, names, scaling, image, classes, threads);
  }
  if (const auto cnn = cnn_of(effective)) {
    return std::make_unique<Cnn>(*cnn, names, scaling, image, classes, threads);
  }
  return std::make_unique<LayerNetwork>(layers, scaling, threads);
}

}  // namespace mnist_bench::native
