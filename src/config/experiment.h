#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "config/class_names.h"
#include "config/layers.h"
#include "transform/augmentation.h"
#include "transform/transform.h"

namespace mnist_bench {

/// How bytes become the network's input: (x/255 − 0.1307)/0.3081 (paper, sec. 3.6), x/255, the same
/// with mean and SD of the training images, or x.
enum class Normalization { standardize, unit, dataset, none };

inline constexpr EnumNames<Normalization, 4> kNormalizations = {
    {{Normalization::standardize, "standardize"},
     {Normalization::unit, "unit"},
     {Normalization::dataset, "dataset"},
     {Normalization::none, "none"}}};

struct DataConfig {
  /// A label for the records; the data's checksums decide.
  std::string dataset = "mnist";
  /// Folder of the four IDX files, raw or .gz; absent: the MNIST that ships with the project.
  std::optional<std::string> directory;
  Normalization normalization = Normalization::standardize;
  /// On training and test images after reading, before any limit.
  TransformChain transform = {};
  /// Use only the first N training (test) images of a class-stratified order; absent: all. ≥ 1.
  std::optional<std::int64_t> train_limit;
  std::optional<std::int64_t> test_limit;
  /// Training images that are held back: the last ones of that order. ≥ 1.
  std::optional<std::int64_t> validation = std::nullopt;
  /// For tables and pictures; absent: numbers. As many as there are classes, all different.
  std::optional<ClassNames> class_names = {};

  bool operator==(const DataConfig&) const = default;
};

/// Paper, Table 1: linear layers of `hidden` sizes, relu after each, dropout after the last of
/// them.
struct MlpConfig {
  static constexpr std::string_view kType = "mlp";
  /// 1 to 16 layers of 1 to 65,536 units.
  std::vector<std::int64_t> hidden = {256, 128};
  /// Probability to drop a unit, 0 ≤ p < 1.
  double dropout = 0.2;

  bool operator==(const MlpConfig&) const = default;
};

/// Paper, Table 2: two 3×3 convolutions, each with a 2×2 max pooling, and two linear layers.
struct CnnConfig {
  static constexpr std::string_view kType = "cnn";
  /// 1 to 4,096 channels; 1 to 65,536 hidden units.
  std::int64_t conv1_channels = 32;
  std::int64_t conv2_channels = 64;
  std::int64_t hidden = 128;
  /// Probabilities to drop a channel after conv2, and a unit after fc1; 0 ≤ p < 1.
  double dropout2d = 0.25;
  double dropout = 0.5;

  bool operator==(const CnnConfig&) const = default;
};

/// A network given layer by layer.
struct LayersConfig {
  static constexpr std::string_view kType = "layers";
  std::vector<Layer> layers;

  bool operator==(const LayersConfig&) const = default;
};

/// How much a neighbour's vote counts: the same for all, or 1 / its Euclidean distance. Where some
/// are at distance 0, only those vote.
enum class VoteWeights { uniform, distance };

inline constexpr EnumNames<VoteWeights, 2> kVoteWeights = {
    {{VoteWeights::uniform, "uniform"}, {VoteWeights::distance, "distance"}}};

/// The k nearest training images vote.
struct KnnConfig {
  static constexpr std::string_view kType = "knn";
  /// 1 to 1,000, and at most the training images.
  std::int64_t k = 1;
  VoteWeights weights = VoteWeights::uniform;

  bool operator==(const KnnConfig&) const = default;
};

/// K(x, y) = exp(−γ ‖x − y‖²), or x · y; of pixels scaled to 0 … 1.
enum class SvmKernel { rbf, linear };

inline constexpr EnumNames<SvmKernel, 2> kSvmKernels = {
    {{SvmKernel::rbf, "rbf"}, {SvmKernel::linear, "linear"}}};

/// Support vector machines, one for each pair of classes, which vote.
struct SvmConfig {
  static constexpr std::string_view kType = "svm";
  SvmKernel kernel = SvmKernel::rbf;
  double C = 10;  ///< > 0
  /// > 0; absent: 1 / (pixels · variance of the training pixels). The linear kernel has none.
  std::optional<double> gamma;

  bool operator==(const SvmConfig&) const = default;
};

using ModelConfig = std::variant<MlpConfig, CnnConfig, LayersConfig, KnnConfig, SvmConfig>;
/// Trained in epochs by an engine.
using NetworkConfig = std::variant<MlpConfig, CnnConfig, LayersConfig>;
/// Fitted at once, by definitions that leave nothing to a seed.
using ClassicalConfig = std::variant<KnnConfig, SvmConfig>;

/// `model` as one of `Sort`; absent: it is of the other sort.
template <class Sort>
std::optional<Sort> model_as(const ModelConfig& model) {
  return std::visit(
      [](const auto& config) -> std::optional<Sort> {
        if constexpr (std::is_constructible_v<Sort, decltype(config)>) return Sort(config);
        return std::nullopt;
      },
      model);
}
inline std::optional<NetworkConfig> network_of(const ModelConfig& model) {
  return model_as<NetworkConfig>(model);
}
inline std::optional<ClassicalConfig> classical_of(const ModelConfig& model) {
  return model_as<ClassicalConfig>(model);
}

/// The value of `model.type` for `model`.
inline std::string_view model_type(const ModelConfig& model) {
  return std::visit([](const auto& config) { return config.kType; }, model);
}

/// Whether `model` is trained in epochs.
inline bool is_network(const ModelConfig& model) { return network_of(model).has_value(); }
/// What a network's weights are drawn from. n_in and n_out: the inputs and outputs of a unit, times
/// the kernel's area in a convolution. Biases are 0, but for `pytorch`.
enum class Initialization {
  he,       ///< N(0, 2/n_in): paper, eq. 20
  pytorch,  ///< U(−1/√n_in, 1/√n_in), biases too: what PyTorch's modules do
  xavier,   ///< U(−a, a), a = √(6/(n_in + n_out)): Glorot and Bengio 2010, eq. 16
};

inline constexpr EnumNames<Initialization, 3> kInitializations = {
    {{Initialization::he, "he"},
     {Initialization::pytorch, "pytorch"},
     {Initialization::xavier, "xavier"}}};

/// Adam (paper, eq. 15–18), ε outside the root.
struct AdamConfig {
  static constexpr std::string_view kType = "adam";
  static constexpr std::string_view kTitle = "Adam";
  double learning_rate = 0.001;  ///< > 0
  double beta1 = 0.9;            ///< 0 ≤ β < 1
  double beta2 = 0.999;          ///< 0 ≤ β < 1
  double epsilon = 1e-8;         ///< > 0
  double weight_decay = 0.0;     ///< ≥ 0, the L2 form of torch::optim::Adam

  bool operator==(const AdamConfig&) const = default;
};

/// Stochastic gradient descent as torch::optim::SGD computes it, without dampening:
///   g ← g + weight_decay · θ,  b ← momentum · b + g,  θ ← θ − learning_rate · d,
/// where d is b, or g + momentum · b with Nesterov's momentum (Sutskever et al. 2013, sec. 2).
struct SgdConfig {
  static constexpr std::string_view kType = "sgd";
  static constexpr std::string_view kTitle = "SGD";
  double learning_rate = 0.01;  ///< > 0
  double momentum = 0.0;        ///< 0 ≤ momentum < 1
  bool nesterov = false;        ///< needs a momentum
  double weight_decay = 0.0;    ///< ≥ 0

  bool operator==(const SgdConfig&) const = default;
};

using OptimizerConfig = std::variant<AdamConfig, SgdConfig>;

/// The value of `optimizer.type` for `optimizer`.
inline std::string_view optimizer_type(const OptimizerConfig& optimizer) {
  return std::visit([](const auto& config) { return config.kType; }, optimizer);
}

/// What people call it.
inline std::string_view optimizer_title(const OptimizerConfig& optimizer) {
  return std::visit([](const auto& config) { return config.kTitle; }, optimizer);
}

/// What trains a network: LibTorch (the reference), or this project's own kernels on the CPU.
enum class Engine { libtorch, native };

/// Their names are also those in records.
inline constexpr EnumNames<Engine, 2> kEngines = {
    {{Engine::libtorch, "libtorch"}, {Engine::native, "native"}}};

constexpr std::string_view to_string(Engine engine) { return enum_name(kEngines, engine); }

/// The engine of that name; absent: there is none.
constexpr std::optional<Engine> engine_of(std::string_view name) {
  return enum_value(kEngines, name);
}

struct TrainingConfig {
  std::int64_t epochs = 5;       ///< 1 to kMaxEpochs
  std::int64_t batch_size = 64;  ///< 1 to 1,048,576; the last partial batch is kept
  /// On the training images of each epoch, after data.transform.
  AugmentationChain augment = {};
  Engine engine = Engine::libtorch;
  /// Steps after which training ends, in place of `epochs`: 1 to 1,000,000,000.
  std::optional<std::int64_t> steps = std::nullopt;
  /// Epochs between evaluations: 1 to kMaxEpochs.
  std::int64_t evaluate_every = 1;

  bool operator==(const TrainingConfig&) const = default;
};

/// One experiment: all settings of a run. Defaults are the paper's.
struct ExperimentConfig {
  /// Letters, digits, '.', '_' and '-', not starting with '.'; 1 to 100 characters.
  std::string name;
  std::uint64_t seed = 1;
  /// "auto", "cpu", "cuda" or "cuda:N".
  std::string device = "auto";
  /// CPU threads, 1 to 1,024; absent: runtime/default_threads.h chooses.
  std::optional<std::int64_t> threads;
  DataConfig data;
  ModelConfig model;
  Initialization initialization = Initialization::he;
  OptimizerConfig optimizer;
  TrainingConfig training;
  /// The run folder; {name} and {seed} are filled in.
  std::string output = "runs/{name}/seed-{seed}";

  bool operator==(const ExperimentConfig&) const = default;
};

/// The engine of a network; absent for what is none.
inline std::optional<Engine> engine_of(const ExperimentConfig& config) {
  return is_network(config.model) ? std::optional(config.training.engine) : std::nullopt;
}

/// What computes a run or an evaluation, as records call it.
inline std::string computed_by(std::optional<Engine> engine) {
  return std::string(engine ? to_string(*engine) : "classical");
}

/// How bytes become the model's input: x/255 for what is no network.
inline Normalization normalization_of(const ExperimentConfig& config) {
  return is_network(config.model) ? config.data.normalization : Normalization::unit;
}

}  // namespace mnist_bench
