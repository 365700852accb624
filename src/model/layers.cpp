#include "model/layers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"

namespace mnist_bench {
namespace {

using Shape = std::vector<std::int64_t>;
using Tensors = std::vector<TensorShape>;

/// What holds for all layers of a kind. One without a name of its own is called by the stem:
/// "conv1", "conv2"; "flatten", "flatten2".
struct KindFacts {
  std::string_view stem;
  std::string_view torch_name;
  bool first_is_numbered = true;
  bool passes_its_input_on = false;
};

KindFacts facts_of(const layer::Kind& kind) {
  using namespace layer;
  return std::visit(
      Overloaded{
          [](const Flatten&) {
            return KindFacts{.stem = "flatten",
                             .torch_name = "Flatten",
                             .first_is_numbered = false,
                             .passes_its_input_on = true};
          },
          [](const Linear&) { return KindFacts{.stem = "fc", .torch_name = "Linear"}; },
          [](const Conv2d&) { return KindFacts{.stem = "conv", .torch_name = "Conv2d"}; },
          [](const Relu&) { return KindFacts{.stem = "relu", .torch_name = "ReLU"}; },
          [](const Tanh&) { return KindFacts{.stem = "tanh", .torch_name = "Tanh"}; },
          [](const MaxPool2d&) { return KindFacts{.stem = "pool", .torch_name = "MaxPool2d"}; },
          [](const AvgPool2d&) { return KindFacts{.stem = "pool", .torch_name = "AvgPool2d"}; },
          [](const GlobalAvgPool2d&) {
            return KindFacts{.stem = "pool", .torch_name = "AdaptiveAvgPool2d"};
          },
          [](const BatchNorm2d&) { return KindFacts{.stem = "bn", .torch_name = "BatchNorm2d"}; },
          [](const Dropout&) {
            return KindFacts{.stem = "dropout",
                             .torch_name = "Dropout",
                             .first_is_numbered = false,
                             .passes_its_input_on = true};
          },
          [](const Dropout2d&) {
            return KindFacts{.stem = "dropout2d",
                             .torch_name = "Dropout2d",
                             .first_is_numbered = false,
                             .passes_its_input_on = true};
          },
          [](const Residual&) { return KindFacts{.stem = "block", .torch_name = "Residual"}; },
          [](const Repeat&) { return KindFacts{.stem = "repeat", .torch_name = "Repeat"}; },
      },
      kind);
}

[[noreturn]] void refuse(const std::string& name, const std::string& why,
                         const std::string& remedy = {}) {
  throw Error(ExitCode::usage, fmt::format("layer {}: {}", name, why), remedy);
}

std::int64_t product(const std::string& name, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) refuse(name, "more values than can be counted");
  return result;
}

std::string text_of(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

bool is_map(const Shape& shape) { return shape.size() == 3; }

void require_map(const PlacedLayer& layer) {
  if (is_map(layer.input)) return;
  refuse(layer.name, fmt::format("{} needs a map [channels, rows, columns]; its input is {}",
                                 layer::type_of(layer.kind), text_of(layer.input)));
}

/// Positions of a window along one side.
std::int64_t positions(const PlacedLayer& layer, std::int64_t side, std::int64_t size,
                       std::int64_t stride, std::int64_t padding) {
  if (side + 2 * padding < size) {
    refuse(layer.name, fmt::format("a window of {0} × {0} is larger than its input {1}{2}", size,
                                   text_of(layer.input),
                                   padding == 0 ? "" : fmt::format(" with padding {}", padding)));
  }
  return (side + 2 * padding - size) / stride + 1;
}

template <class Pool>
void place_pool(const Pool& pool, PlacedLayer& layer) {
  require_map(layer);
  if (pool.padding > pool.size / 2) {
    refuse(layer.name, fmt::format("its padding, {}, is more than half of its size, {}",
                                   pool.padding, pool.size));
  }
  for (std::size_t side : {1U, 2U}) {
    layer.output[side] = positions(layer, layer.input[side], pool.size, pool.stride, pool.padding);
  }
}

/// Vectors take no shortcut but the identity.
void require_maps_to_shortcut(const PlacedLayer& block) {
  if (is_map(block.input) && is_map(block.output)) return;
  std::string remedy = "use \"identity\"";
  if (is_map(block.input)) {
    remedy = "leave the layer that makes a vector of the map out of the block";
  } else if (block.input != block.output) {
    remedy = fmt::format("give its last linear layer {} units", block.input.front());
  }
  refuse(block.name,
         fmt::format("its input has the shape {} and its output {}; without a map on both sides, "
                     "only an identity shortcut between equal shapes is possible; {}",
                     text_of(block.input), text_of(block.output), remedy));
}

constexpr std::string_view kProjection = "shortcut";

/// Numbers the unnamed layers of one list by kind, and refuses a name that occurs twice.
class Names {
 public:
  explicit Names(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string next(const Layer& layer) {
    const std::string name = layer.name ? *layer.name : numbered(layer.kind);
    if (name == kProjection) {
      refuse(prefix_ + name, "this name is reserved for the projection of a residual block",
             "give the layer another name");
    }
    if (!used_.insert(name).second) {
      refuse(prefix_ + name,
             "duplicate layer name; give each layer its own, and name none in a repeat");
    }
    return prefix_ + name;
  }

 private:
  std::string numbered(const layer::Kind& kind) {
    const KindFacts facts = facts_of(kind);
    const int number = ++counts_[facts.stem];
    if (number == 1 && !facts.first_is_numbered) return std::string(facts.stem);
    return fmt::format("{}{}", facts.stem, number);
  }

  std::string prefix_;
  std::map<std::string_view, int> counts_;
  std::set<std::string> used_;
};

/// Places layers one after the other.
class Network {
 public:
  Network(std::string prefix, Shape input, std::int64_t classes)
      : names_(std::move(prefix)), shape_(std::move(input)), classes_(classes) {}

  void add(const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) {
      if (const auto* repeat = std::get_if<layer::Repeat>(&layer.kind)) {
        for (std::int64_t i = 0; i < repeat->times; ++i) add(repeat->layers);
      } else {
        add(layer);
      }
    }
  }

  const Shape& output() const { return shape_; }
  std::vector<PlacedLayer> take() { return std::move(placed_); }

 private:
  void add(const Layer& layer) {
    PlacedLayer placed{.name = names_.next(layer),
                       .kind = layer.kind,
                       .input = shape_,
                       .output = shape_,
                       .parameters = {},
                       .buffers = {},
                       .inner = {}};
    std::visit([&](const auto& kind) { place(kind, placed); }, layer.kind);
    shape_ = placed.output;
    placed_.push_back(std::move(placed));
  }

  void place(const layer::Flatten& /*kind*/, PlacedLayer& layer) const {
    layer.output = {size_of({layer.name, layer.input})};
  }

  void place(const layer::Linear& linear, PlacedLayer& layer) const {
    if (layer.input.size() != 1) {
      refuse(
          layer.name,
          fmt::format("linear needs a vector, but its input is {}; put a flatten layer before it",
                      text_of(layer.input)));
    }
    const std::int64_t out = linear.units.value_or(classes_);
    layer.output = {out};
    layer.parameters = {{layer.name + ".weight", {out, layer.input.front()}},
                        {layer.name + ".bias", {out}}};
  }

  void place(const layer::Conv2d& conv, PlacedLayer& layer) const {
    require_map(layer);
    layer.output = {conv.channels};
    for (std::size_t side : {1U, 2U}) {
      layer.output.push_back(
          positions(layer, layer.input[side], conv.kernel, conv.stride, conv.padding));
    }
    layer.parameters = {
        {layer.name + ".weight", {conv.channels, layer.input.front(), conv.kernel, conv.kernel}}};
    if (conv.bias) layer.parameters.push_back({layer.name + ".bias", {conv.channels}});
  }

  void place(const layer::MaxPool2d& pool, PlacedLayer& layer) const { place_pool(pool, layer); }
  void place(const layer::AvgPool2d& pool, PlacedLayer& layer) const { place_pool(pool, layer); }

  void place(const layer::GlobalAvgPool2d& /*kind*/, PlacedLayer& layer) const {
    require_map(layer);
    layer.output = {layer.input.front()};
  }

  void place(const layer::BatchNorm2d& /*kind*/, PlacedLayer& layer) const {
    require_map(layer);
    const Shape channels = {layer.input.front()};
    layer.parameters = {{layer.name + ".weight", channels}, {layer.name + ".bias", channels}};
    layer.buffers = {{layer.name + ".running_mean", channels},
                     {layer.name + ".running_var", channels}};
  }

  void place(const layer::Dropout2d& /*kind*/, PlacedLayer& layer) const { require_map(layer); }

  // These change no shape.
  void place(const layer::Relu& /*kind*/, PlacedLayer& /*layer*/) const {}
  void place(const layer::Tanh& /*kind*/, PlacedLayer& /*layer*/) const {}
  void place(const layer::Dropout& /*kind*/, PlacedLayer& /*layer*/) const {}

  void place(const layer::Residual& residual, PlacedLayer& layer) const {
    Network inner(layer.name + ".", layer.input, classes_);
    inner.add(residual.layers);
    layer.output = inner.output();
    layer.inner = inner.take();
    const bool is_identity = residual.shortcut == layer::Shortcut::identity;
    if (is_identity && layer.input == layer.output) return;
    require_maps_to_shortcut(layer);
    shortcut_stride(layer);  // throws where there is none
    if (is_identity) {
      refuse(
          layer.name,
          fmt::format(
              "its input has the shape {} and its output {}; an identity shortcut needs equal shapes; use \"subsample\" or \"projection\"",
              text_of(layer.input), text_of(layer.output)));
    }
    if (residual.shortcut == layer::Shortcut::projection) {
      layer.parameters = {
          {layer.name + ".shortcut.weight", {layer.output.front(), layer.input.front(), 1, 1}}};
    } else if (layer.output.front() < layer.input.front()) {
      refuse(
          layer.name,
          fmt::format(
              "its input has the shape {} and its output {}; a subsampled shortcut cannot drop channels; use \"projection\"",
              text_of(layer.input), text_of(layer.output)));
    }
  }

  /// Never called: `add` expands repeats.
  void place(const layer::Repeat& /*kind*/, PlacedLayer& /*layer*/) const {}

  Names names_;
  Shape shape_;
  std::int64_t classes_;
  std::vector<PlacedLayer> placed_;
};

std::vector<Layer> list_of(const MlpConfig& mlp) {
  std::vector<Layer> list = {{{}, layer::Flatten{}}};
  for (const std::int64_t units : mlp.hidden) {
    list.push_back({{}, layer::Linear{units}});
    list.push_back({{}, layer::Relu{}});
  }
  list.push_back({{}, layer::Dropout{mlp.dropout}});
  list.push_back({{}, layer::Linear{}});
  return list;
}

std::vector<Layer> list_of(const CnnConfig& cnn) {
  const auto conv = [](std::int64_t channels) {
    return layer::Conv2d{.channels = channels, .kernel = 3, .stride = 1, .padding = 1};
  };
  return {{{}, conv(cnn.conv1_channels)},
          {{}, layer::MaxPool2d{}},
          {{}, layer::Relu{}},
          {{}, conv(cnn.conv2_channels)},
          {{}, layer::Dropout2d{cnn.dropout2d}},
          {{}, layer::MaxPool2d{}},
          {{}, layer::Relu{}},
          {{}, layer::Flatten{}},
          {{}, layer::Linear{cnn.hidden}},
          {{}, layer::Relu{}},
          {{}, layer::Dropout{cnn.dropout}},
          {{}, layer::Linear{}}};
}

std::vector<Layer> list_of(const LayersConfig& config) { return config.layers; }

void require_size_for_pools(const NetworkConfig& model, ImageShape image) {
  const bool pools_twice = std::visit(
      Overloaded{[](const MlpConfig&) { return false; }, [](const CnnConfig&) { return true; },
                 [](const LayersConfig&) { return false; }},  // its layers check their own sizes
      model);
  if (!pools_twice || (image.rows >= 4 && image.columns >= 4)) return;
  throw Error(ExitCode::usage,
              fmt::format("model 'cnn' needs images of at least 4 × 4 pixels; these are {} × {}",
                          image.rows, image.columns),
              "use model.type=mlp for such images");
}

void append(Tensors& tensors, const Tensors& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
}

/// The tensors in member `of` of every layer: those of its inner layers, then its own.
Tensors collect(const std::vector<PlacedLayer>& layers, Tensors PlacedLayer::*of) {
  Tensors tensors;
  for (const PlacedLayer& layer : layers) {
    append(tensors, collect(layer.inner, of));
    append(tensors, layer.*of);
  }
  return tensors;
}

}  // namespace

NetworkConfig require_network(const ModelConfig& model, const std::string& wanted,
                              const std::string& remedy) {
  if (auto network = network_of(model)) return *std::move(network);
  throw Error(
      ExitCode::usage,
      fmt::format("model.type is \"{}\", which is no network: {}", model_type(model), wanted),
      remedy);
}

std::vector<PlacedLayer> layers_of(const NetworkConfig& model, ImageShape image,
                                   std::int64_t classes) {
  require_size_for_pools(model, image);
  Network network("", {1, image.rows, image.columns}, classes);
  network.add(std::visit([](const auto& config) { return list_of(config); }, model));
  std::vector<PlacedLayer> layers = network.take();
  if (network.output() != Shape{classes}) {
    const bool is_linear = std::holds_alternative<layer::Linear>(layers.back().kind);
    const char* const flatten = is_map(network.output()) ? R"({"type": "flatten"} and )" : "";
    refuse(layers.back().name,
           fmt::format("the last layer gives {}, but there are {} classes",
                       text_of(network.output()), classes),
           is_linear ? R"(give it "units": "classes")"
                     : fmt::format(R"(end the list with {}{})", flatten,
                                   R"({"type": "linear", "units": "classes"})"));
  }
  return layers;
}

std::int64_t shortcut_stride(const PlacedLayer& layer) {
  const Shape& in = layer.input;
  const Shape& out = layer.output;
  if (is_map(in) && is_map(out)) {
    const std::int64_t stride = (in[1] + out[1] - 1) / out[1];
    const auto steps = [&](std::int64_t side) { return (side + stride - 1) / stride; };
    if (steps(in[1]) == out[1] && steps(in[2]) == out[2]) return stride;
  }
  refuse(
      layer.name,
      fmt::format(
          "its input has the shape {} and its output {}; a shortcut takes every s-th row and column, and no s gives that output",
          text_of(in), text_of(out)),
      R"(give its convolutions padding: "padding": 1 with a kernel of 3)");
}

bool passes_its_input_on(const layer::Kind& kind) { return facts_of(kind).passes_its_input_on; }

std::string_view torch_name(const layer::Kind& kind) { return facts_of(kind).torch_name; }

std::int64_t multiply_accumulates(const PlacedLayer& layer) {
  std::int64_t macs = 0;
  for (const TensorShape& tensor : layer.parameters) {
    if (tensor.shape.size() < 2) continue;  // a bias, or batch norm's factors
    const std::int64_t channels = layer.output.front();
    const std::int64_t positions = size_of({layer.name, layer.output}) / channels;
    macs += product(layer.name, size_of(tensor), positions);
  }
  return macs;
}

std::vector<layer::Kind> kinds_of(const std::vector<PlacedLayer>& layers) {
  std::vector<layer::Kind> kinds;
  for (const PlacedLayer& layer : layers) {
    const std::vector<layer::Kind> inner = kinds_of(layer.inner);
    kinds.insert(kinds.end(), inner.begin(), inner.end());
    kinds.push_back(layer.kind);
  }
  return kinds;
}

std::vector<TensorShape> parameters_of(const std::vector<PlacedLayer>& layers) {
  return collect(layers, &PlacedLayer::parameters);
}

std::vector<TensorShape> buffers_of(const std::vector<PlacedLayer>& layers) {
  return collect(layers, &PlacedLayer::buffers);
}

std::int64_t size_of(const TensorShape& tensor) {
  std::int64_t size = 1;
  for (const std::int64_t side : tensor.shape) size = product(tensor.name, size, side);
  return size;
}

}  // namespace mnist_bench
