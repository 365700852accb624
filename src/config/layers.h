#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/enum_names.h"

namespace mnist_bench {

struct Layer;

/// The kinds of layers that a config may list, with their settings. `kType` is the value of "type".
/// Kinds without settings are explained here; config/layer_keys.cpp has the meanings and ranges of
/// the others' settings, and model/layers.cpp the arithmetic of all.
namespace layer {

/// [channels, rows, columns] → [channels · rows · columns].
struct Flatten {
  static constexpr std::string_view kType = "flatten";
  static constexpr std::string_view kMeaning = "The map as one vector.";
  bool operator==(const Flatten&) const = default;
};

struct Linear {
  static constexpr std::string_view kType = "linear";
  std::optional<std::int64_t> units = std::nullopt;  ///< absent: one for each class
  bool operator==(const Linear&) const = default;
};

struct Conv2d {
  static constexpr std::string_view kType = "conv2d";
  std::int64_t channels = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  bool bias = true;
  bool operator==(const Conv2d&) const = default;
};

struct Relu {
  static constexpr std::string_view kType = "relu";
  static constexpr std::string_view kMeaning = "max(x, 0).";
  bool operator==(const Relu&) const = default;
};

struct Tanh {
  static constexpr std::string_view kType = "tanh";
  static constexpr std::string_view kMeaning = "tanh x.";
  bool operator==(const Tanh&) const = default;
};

struct MaxPool2d {
  static constexpr std::string_view kType = "max_pool2d";
  std::int64_t size = 2;
  std::int64_t stride = 2;
  std::int64_t padding = 0;
  bool operator==(const MaxPool2d&) const = default;
};

struct AvgPool2d {
  static constexpr std::string_view kType = "avg_pool2d";
  std::int64_t size = 2;
  std::int64_t stride = 2;
  std::int64_t padding = 0;
  bool operator==(const AvgPool2d&) const = default;
};

/// The mean of each channel: [channels, rows, columns] → [channels].
struct GlobalAvgPool2d {
  static constexpr std::string_view kType = "global_avg_pool2d";
  static constexpr std::string_view kMeaning = "The mean of each channel, as a vector.";
  bool operator==(const GlobalAvgPool2d&) const = default;
};

/// ε 1e-5, momentum 0.1, as in PyTorch.
struct BatchNorm2d {
  static constexpr std::string_view kType = "batch_norm2d";
  static constexpr std::string_view kMeaning =
      "Batch normalization of each channel, ε 1e-5, momentum 0.1.";
  bool operator==(const BatchNorm2d&) const = default;
};

/// Sets units to 0 with probability p.
struct Dropout {
  static constexpr std::string_view kType = "dropout";
  double p = 0.5;
  bool operator==(const Dropout&) const = default;
};

/// Sets whole channels to 0 with probability p.
struct Dropout2d {
  static constexpr std::string_view kType = "dropout2d";
  double p = 0.5;
  bool operator==(const Dropout2d&) const = default;
};

/// What a residual block adds to the output of its layers (He et al. 2016, Deep Residual Learning,
/// sec. 3.3): its input; every s-th row and column of it, with channels of zeros where the block
/// adds some (option A); or a 1 × 1 convolution of it, of stride s and without bias (option B).
enum class Shortcut { identity, subsample, projection };

inline constexpr EnumNames<Shortcut, 3> kShortcuts = {{{Shortcut::identity, "identity"},
                                                       {Shortcut::subsample, "subsample"},
                                                       {Shortcut::projection, "projection"}}};

struct Residual {
  static constexpr std::string_view kType = "residual";
  std::vector<Layer> layers;
  Shortcut shortcut = Shortcut::identity;
  bool operator==(const Residual&) const;
};

/// The layers, `times` times in a row, each time with their own parameters.
struct Repeat {
  static constexpr std::string_view kType = "repeat";
  std::int64_t times = 1;
  std::vector<Layer> layers;
  bool operator==(const Repeat&) const;
};

using Kind = std::variant<Flatten, Linear, Conv2d, Relu, Tanh, MaxPool2d, AvgPool2d,
                          GlobalAvgPool2d, BatchNorm2d, Dropout, Dropout2d, Residual, Repeat>;

/// The value of "type" of such a layer: "conv2d".
inline std::string_view type_of(const Kind& kind) {
  return std::visit([]<class Of>(const Of& /*kind*/) { return Of::kType; }, kind);
}

}  // namespace layer

/// One layer of a list.
struct Layer {
  std::optional<std::string> name;  ///< absent: its kind and number, "conv1"
  layer::Kind kind;
  bool operator==(const Layer&) const = default;
};

inline bool layer::Residual::operator==(const Residual& other) const {
  return shortcut == other.shortcut && layers == other.layers;
}
inline bool layer::Repeat::operator==(const Repeat& other) const {
  return times == other.times && layers == other.layers;
}

/// Limits of a config: layers after all repeats are written out, and the depth of nested lists.
inline constexpr std::int64_t kMaxLayers = 1'000;
inline constexpr int kMaxLayerDepth = 8;

}  // namespace mnist_bench
