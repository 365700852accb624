#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"

namespace mnist_bench {

struct TensorShape {
  std::string name;                 ///< "fc1.weight"
  std::vector<std::int64_t> shape;  ///< as in PyTorch: [out, in], [out, in, rows, columns], [out]
  bool operator==(const TensorShape&) const = default;
};

/// A layer in its place in a network. Shapes leave the batch out: [channels, rows, columns] of a
/// map, [features] of a vector.
struct PlacedLayer {
  std::string name;  ///< unique: "conv1"; within a residual block "block1.conv1"
  layer::Kind kind;  ///< no Repeat: it is written out
  std::vector<std::int64_t> input;
  std::vector<std::int64_t> output;
  std::vector<TensorShape> parameters;  ///< its own, in PyTorch's order
  std::vector<TensorShape> buffers;     ///< stored with the parameters, but not trained
  std::vector<PlacedLayer> inner;       ///< of a Residual
};

/// The network of `model`, layer by layer: the one description from which shapes, parameters, MACs
/// and both engines' networks are derived. Throws Error(usage), naming the layer, where an input
/// does not fit, a name occurs twice or a number is too large.
std::vector<PlacedLayer> layers_of(const NetworkConfig& model, ImageShape image,
                                   std::int64_t classes);

/// `model` as a network. Throws Error(usage), saying what is `wanted` of one, where it is none.
NetworkConfig require_network(const ModelConfig& model, const std::string& wanted,
                              const std::string& remedy = "");

/// Of a parameter, and of a value between two layers: float32.
inline constexpr std::int64_t kBytesOfValue = 4;

/// Whether such a layer computes nothing when it predicts, and hands on its input, in another shape
/// at most.
bool passes_its_input_on(const layer::Kind& kind);

/// What torch::nn calls such a layer: "Conv2d".
std::string_view torch_name(const layer::Kind& kind);

/// Multiply–accumulates per image of the layer without its inner ones: each weight is used once per
/// output position (paper, eq. 26 and 27, which leave the biases out).
std::int64_t multiply_accumulates(const PlacedLayer& layer);

/// The step s of the rows and columns that a residual block's shortcut takes, if it is no identity.
/// Throws Error(usage) where no s gives the block's output.
std::int64_t shortcut_stride(const PlacedLayer& layer);

/// The kinds of the layers in the order in which they compute.
std::vector<layer::Kind> kinds_of(const std::vector<PlacedLayer>& layers);

/// All parameters in the order in which they are initialized, trained and stored, and the same of
/// the buffers.
std::vector<TensorShape> parameters_of(const std::vector<PlacedLayer>& layers);
std::vector<TensorShape> buffers_of(const std::vector<PlacedLayer>& layers);

/// Values in a tensor of this shape. Throws Error(usage) beyond 2⁶³ − 1.
std::int64_t size_of(const TensorShape& tensor);

}  // namespace mnist_bench
