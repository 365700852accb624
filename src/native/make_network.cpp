#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "base/error.h"
#include "base/overloaded.h"
#include "config/layer_keys.h"
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

/// Where a list of layers and a model part.
struct Difference {
  std::string_view model;
  std::size_t index = 0;                             ///< the number of layers where one has ended
  std::optional<layer::Kind> wanted = std::nullopt;  ///< the model's layer there; absent: it ended
};

/// Absent if the list is the model.
std::optional<Difference> difference(const std::vector<PlacedLayer>& layers,
                                     const ModelConfig& model) {
  const std::vector<PlacedLayer> wanted = effective_layers(
      layers_of(require_network(model, "it has no layers"), image_of(layers), classes_of(layers)));
  const auto [mine, its] =
      std::mismatch(layers.begin(), layers.end(), wanted.begin(), wanted.end(), compute_the_same);
  if (mine == layers.end() && its == wanted.end()) return std::nullopt;
  return Difference{.model = model_type(model),
                    .index = static_cast<std::size_t>(mine - layers.begin()),
                    .wanted = its == wanted.end() ? std::nullopt : std::optional(its->kind)};
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

/// The MLP (CNN) with the sizes in the list, and with any for those that it lacks. If the list is
/// an MLP (CNN), it is this one.
MlpConfig nearest_mlp(const std::vector<PlacedLayer>& layers) {
  MlpConfig mlp{.hidden = {}, .dropout = dropout_of<layer::Dropout>(layers)};
  for (const PlacedLayer& layer : layers_of_kind<layer::Linear>(layers)) {
    mlp.hidden.push_back(layer.output.front());
  }
  if (mlp.hidden.size() > 1) mlp.hidden.pop_back();
  if (mlp.hidden.empty()) mlp.hidden = {1};
  return mlp;
}

/// Absent: there is none for such small images.
std::optional<CnnConfig> nearest_cnn(const std::vector<PlacedLayer>& layers) {
  const ImageShape image = image_of(layers);
  if (image.rows < 4 || image.columns < 4) return std::nullopt;
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

void require_whole_tiles(ImageShape image) {
  if (image.rows % 4 == 0 && image.columns % 4 == 0) return;
  throw Error(ExitCode::usage,
              fmt::format("the native engine trains model 'cnn' on images whose rows and columns "
                          "are multiples of 4; these are {} × {}",
                          image.rows, image.columns),
              "use training.engine=libtorch");
}

std::string text_of(const Difference& found, const std::vector<PlacedLayer>& layers) {
  const auto& [model, index, wanted] = found;
  const PlacedLayer& layer = layers[std::min(index, layers.size() - 1)];
  const std::string name = fmt::format("layer {} ({})", layer.name, layer::type_of(layer.kind));
  if (!wanted) return fmt::format("{} comes after the last layer of {}", name, model);
  const std::string_view type = layer::type_of(*wanted);
  if (index == layers.size()) {
    return fmt::format("{} is the last, but {} has {} after it", name, model, type);
  }
  if (type == layer::type_of(layer.kind)) {
    return fmt::format("{} differs from {}, which {} has there", name,
                       nlohmann::ordered_json(Layer{{}, *wanted}).dump(), model);
  }
  if (index == 0) return fmt::format("{} is the first layer of neither", name);
  return fmt::format("{} is where {} has {}", name, model, type);
}

/// The model of this engine that the list is, however it was written. Throws Error(usage) naming
/// the first layer that differs from the model that the list is most like.
std::variant<MlpConfig, CnnConfig> recognize(const std::vector<PlacedLayer>& all) {
  const std::vector<PlacedLayer> layers = effective_layers(all);
  const MlpConfig mlp = nearest_mlp(layers);
  std::optional<Difference> nearest = difference(layers, mlp);
  if (!nearest) return mlp;
  if (const auto cnn = nearest_cnn(layers)) {
    const std::optional<Difference> of_cnn = difference(layers, *cnn);
    if (!of_cnn) {
      require_whole_tiles(image_of(layers));
      return *cnn;
    }
    // One begins with flatten, the other with conv2d.
    if (nearest->index == 0) nearest = of_cnn;
  }
  throw Error(ExitCode::usage,
              fmt::format("the native engine trains lists of layers like those of models mlp and "
                          "cnn, of any sizes; {}",
                          text_of(*nearest, layers)),
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
                   return std::make_unique<Cnn>(cnn, names, scaling, image, classes, threads);
                 }},
      recognize(layers));
}

}  // namespace mnist_bench::native
