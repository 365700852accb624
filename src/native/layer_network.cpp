#include "native/layer_network.h"

#include <algorithm>

#include "base/overloaded.h"
#include "kernels/softmax.h"
#include "kernels/sparse.h"

namespace mnist_bench::native {

using kernels::Accumulate;
using kernels::kLine;
using kernels::Matrix;
using kernels::Range;

namespace {

/// Images that it evaluates at a time, at most, and the memory that their values may take: 64 MiB.
/// ResNet-8 takes 0.5 MB for each.
constexpr std::size_t kBatch = 32;
constexpr std::size_t kEvaluationFloats = std::size_t{1} << 24U;
/// Parts of the batch for the gradients of convolutions, and their memory: convolutions of more
/// than two million parameters have fewer parts. Only so many threads have work. Not tuned.
constexpr std::size_t kMostParts = 8;
constexpr std::size_t kGradientFloats = std::size_t{1} << 24U;

/// A shape of `layer`, [channels, rows, columns] or [features], with padded channels.
ChannelsLast padded(const std::vector<std::int64_t>& shape) {
  const auto side = [&](std::size_t d) {
    return d < shape.size() ? static_cast<std::size_t>(shape[d]) : 1;
  };
  return {.channels = side(0),
          .rows = side(1),
          .columns = side(2),
          .stride = kernels::round_up(side(0), kLine)};
}

template <class Pool>
Window window_of(const Pool& pool) {
  return {.size = static_cast<std::size_t>(pool.size),
          .stride = static_cast<std::size_t>(pool.stride),
          .padding = static_cast<std::size_t>(pool.padding)};
}

std::size_t parts_for(const std::vector<PlacedLayer>& layers) {
  std::size_t weights = 1;
  for (const TensorShape& tensor : parameters_of(layers)) {
    if (tensor.shape.size() == 4) weights += static_cast<std::size_t>(size_of(tensor));
  }
  return std::clamp(kGradientFloats / weights, std::size_t{1}, kMostParts);
}

bool has_parameters(const Operation& operation) {
  return std::holds_alternative<Linear>(operation) ||
         std::holds_alternative<Convolution>(operation) ||
         std::holds_alternative<BatchNorm>(operation);
}

/// Whether its backward pass heeds Values::accumulate: where maps are large, it saves a pass.
bool can_overwrite(const Operation& operation) {
  return std::holds_alternative<Relu>(operation) || std::holds_alternative<BatchNorm>(operation);
}

}  // namespace

LayerNetwork::LayerNetwork(const std::vector<PlacedLayer>& layers, const PixelScaling& scaling,
                           std::int64_t threads)
    : Network(layers.back().output.front()),
      team_(static_cast<std::size_t>(threads)),
      parts_(parts_for(layers)) {
  for (std::size_t byte = 0; byte < kernels::kByteValues; ++byte) {
    table_.push_back(scaling.of(static_cast<std::uint8_t>(byte)));
  }
  // The pixels of an image lie side by side, since a position has only one.
  ChannelsLast pixels = padded(layers.front().input);
  pixels.stride = 1;
  maps_.push_back({.shape = pixels, .values = {}, .gradient = {}});
  add(layers, 0);
  parameters_.allocate();
  buffers().allocate();
  for (Node& node : nodes_) {
    if (auto* norm = std::get_if<BatchNorm>(&node.operation)) norm->initialize(buffers());
  }
  std::size_t floats = 0;
  for (const Map& map : maps_) floats += map.shape.size();
  reserve(std::clamp(kEvaluationFloats / floats, std::size_t{1}, kBatch));
}

std::size_t LayerNetwork::add(const std::vector<PlacedLayer>& layers, std::size_t input) {
  for (const PlacedLayer& layer : layers) input = add(layer, input);
  return input;
}

std::size_t LayerNetwork::add(const PlacedLayer& layer, std::size_t input) {
  const ChannelsLast in = maps_[input].shape;
  const std::uint64_t index = nodes_.size();
  // Pooling leaves the channels as they lie.
  ChannelsLast pooled = padded(layer.output);
  pooled.stride = in.stride;
  return std::visit(
      Overloaded{
          [&](const layer::Flatten&) { return add(Flatten{}, padded(layer.output), input); },
          [&](const layer::Linear&) {
            return add(Linear(layer.parameters, parameters_), padded(layer.output), input);
          },
          [&](const layer::Conv2d& conv) {
            return add_convolution(layer,
                                   {.size = static_cast<std::size_t>(conv.kernel),
                                    .stride = static_cast<std::size_t>(conv.stride),
                                    .padding = static_cast<std::size_t>(conv.padding)},
                                   input);
          },
          [&](const layer::Relu&) { return add(Relu{}, in, input); },
          [&](const layer::Tanh&) { return add(Tanh{}, in, input); },
          [&](const layer::MaxPool2d& pool) {
            return add(MaxPool{.window = window_of(pool)}, pooled, input);
          },
          [&](const layer::AvgPool2d& pool) {
            return add(AveragePool{.window = window_of(pool)}, pooled, input);
          },
          [&](const layer::GlobalAvgPool2d&) {
            return add(GlobalAveragePool{}, padded(layer.output), input);
          },
          [&](const layer::BatchNorm2d&) {
            return add(BatchNorm(layer, parameters_, buffers()), in, input);
          },
          [&](const layer::Dropout& dropout) {
            return add(Dropout{.p = dropout.p, .index = index}, in, input);
          },
          [&](const layer::Dropout2d& dropout) {
            return add(Dropout2d{.p = dropout.p, .index = index}, in, input);
          },
          [&](const layer::Residual& residual) {
            return add_residual(layer, residual.shortcut, input);
          },
          [&](const layer::Repeat&) { return input; },  // written out
      },
      layer.kind);
}

std::size_t LayerNetwork::add_residual(const PlacedLayer& layer, layer::Shortcut shortcut,
                                       std::size_t input) {
  const std::size_t inner = add(layer.inner, input);
  std::size_t other = input;
  if (shortcut != layer::Shortcut::identity) {
    const auto step = static_cast<std::size_t>(shortcut_stride(layer));
    other = shortcut == layer::Shortcut::projection
                ? add_convolution(layer, {.size = 1, .stride = step, .padding = 0}, input)
                : add(Subsample{.step = step}, padded(layer.output), input);
  }
  return add(Sum{}, maps_[inner].shape, inner, other);
}

std::size_t LayerNetwork::add_convolution(const PlacedLayer& layer, const Window& window,
                                          std::size_t input) {
  const ChannelsLast out = padded(layer.output);
  return add(Convolution(layer.parameters, window, maps_[input].shape, out, parts_, team_.size(),
                         parameters_),
             out, input);
}

std::size_t LayerNetwork::add(Operation operation, const ChannelsLast& shape, std::size_t input,
                              std::size_t other) {
  maps_.push_back({.shape = shape,
                   .is_trained = has_parameters(operation) || maps_[input].is_trained ||
                                 maps_[other].is_trained,
                   .values = {},
                   .gradient = {}});
  maps_[input].last_reader = maps_[other].last_reader = nodes_.size();
  nodes_.push_back({.operation = std::move(operation), .input = input, .other = other});
  return nodes_.size();
}

void LayerNetwork::reserve(std::size_t images) {
  capacity_ = std::max(capacity_, images);
  for (Map& map : maps_) {
    map.values.resize(capacity_ * map.shape.size());
    const bool has_gradient = map.is_trained || &map == &maps_.back();
    if (is_training_ && has_gradient) map.gradient.resize(map.values.size());
  }
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    std::visit(
        [&](auto& operation) {
          if constexpr (requires { operation.reserve(capacity_, maps_[n + 1].shape); }) {
            operation.reserve(capacity_, maps_[n + 1].shape);
          }
        },
        nodes_[n].operation);
  }
  labels_.reserve(capacity_);
  losses_.resize(capacity_);
  predicted_.resize(capacity_);
}

void LayerNetwork::prepare(const Images& set, std::int64_t batch_size) {
  is_training_ = true;
  reserve(static_cast<std::size_t>(std::min(batch_size, set.size())));
}

void LayerNetwork::load(const Images& set, std::int64_t image, std::size_t row) {
  const std::uint8_t* const bytes = set.bytes(image);
  float* const pixels = maps_.front().values.data() + row * maps_.front().shape.size();
  std::transform(bytes, bytes + set.pixels(), pixels,
                 [&](std::uint8_t byte) { return table_[byte]; });
}

Values LayerNetwork::values_of(std::size_t node) {
  const auto matrix = [](kernels::AlignedVector<float>& values, const Map& map) {
    return Matrix{values.empty() ? nullptr : values.data(), map.shape.size()};
  };
  Map& in = maps_[nodes_[node].input];
  Map& out = maps_[node + 1];
  Map& other = maps_[nodes_[node].other];
  return {.in = in.shape,
          .out = out.shape,
          .x = matrix(in.values, in),
          .y = matrix(out.values, out),
          .dx = matrix(in.gradient, in),
          .dy = matrix(out.gradient, out),
          .accumulate = in.last_reader == node ? Accumulate::no : Accumulate::yes,
          .other = other.shape,
          .other_x = matrix(other.values, other),
          .other_dx = matrix(other.gradient, other)};
}

Turn LayerNetwork::turn(std::size_t thread, const StepSettings* settings) {
  return {.team = team_,
          .parameters = parameters_,
          .buffers = buffers(),
          .part_count = parts_,
          .thread = thread,
          .batch = batch_,
          .settings = settings};
}

BatchStatistics LayerNetwork::step(const Images& set, std::span<const std::int64_t> batch,
                                   const StepSettings& settings) {
  batch_ = batch.size();
  labels_.clear();
  for (const std::int64_t image : batch) labels_.push_back(set.label(image));
  Map& last = maps_.back();
  const Matrix gradient{last.gradient.data(), last.shape.size()};

  team_.run([&](std::size_t thread) {
    const Turn turn = this->turn(thread, &settings);
    const Range images = turn.images();
    for (std::size_t i = images.begin; i < images.end; ++i) load(set, batch[i], i);
    for (Node& node : nodes_) {
      std::visit(
          [&](auto& operation) {
            if constexpr (requires { operation.begin_step(turn); }) operation.begin_step(turn);
          },
          node.operation);
    }
    forward(turn);
    std::copy(last.values.data() + images.begin * last.shape.size(),
              last.values.data() + images.end * last.shape.size(), gradient.row(images.begin));
    kernels::softmax_cross_entropy(labels_.data(), classes(), 1.0F / static_cast<float>(batch_),
                                   images, gradient, losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "forward, loss");
    backward(turn);
    team_.barrier();
    settings.end_phase(thread, "backward");
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      std::visit(
          [&](auto& operation) {
            if constexpr (requires { operation.update(values_of(n), turn); }) {
              operation.update(values_of(n), turn);
            }
          },
          nodes_[n].operation);
    }
  });
  settings.end_phase(0, "linear layers' gradients, update");
  return statistics_of(labels_, losses_, predicted_);
}

kernels::ConstMatrix LayerNetwork::evaluate(const Images& set, std::int64_t first,
                                            std::int64_t count) {
  batch_ = static_cast<std::size_t>(count);
  team_.run([&](std::size_t thread) {
    const Turn turn = this->turn(thread, nullptr);
    const Range images = turn.images();
    for (std::size_t i = images.begin; i < images.end; ++i) {
      load(set, first + static_cast<std::int64_t>(i), i);
    }
    forward(turn);
  });
  return {maps_.back().values.data(), maps_.back().shape.size()};
}

void LayerNetwork::forward(const Turn& turn) {
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    std::visit([&](auto& operation) { operation.forward(values_of(n), turn); },
               nodes_[n].operation);
  }
}

/// From the gradient of the last map, in it.
void LayerNetwork::backward(const Turn& turn) {
  for (std::size_t n = nodes_.size(); n-- > 0;) {
    if (!maps_[n + 1].is_trained) continue;
    if (!can_overwrite(nodes_[n].operation)) clear_gradients(n, turn);
    std::visit([&](auto& operation) { operation.backward(values_of(n), turn); },
               nodes_[n].operation);
  }
}

void LayerNetwork::clear_gradients(std::size_t node, const Turn& turn) {
  const Range images = turn.images();
  for (const std::size_t m : {nodes_[node].input, nodes_[node].other}) {
    Map& map = maps_[m];
    if (!map.is_trained || map.last_reader != node) continue;
    std::fill(map.gradient.data() + images.begin * map.shape.size(),
              map.gradient.data() + images.end * map.shape.size(), 0.0F);
  }
}

}  // namespace mnist_bench::native
