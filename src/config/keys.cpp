#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/json_of.h"
#include "config/layer_keys.h"
#include "config/schedule.h"

namespace mnist_bench {

template <class Json>
void to_json(Json& value, Engine engine) {
  value = to_string(engine);
}
void from_json(const nlohmann::json& value, Engine& engine) {
  engine = engine_of(value.get_ref<const std::string&>()).value();
}

template <class Json>
void to_json(Json& value, Normalization normalization) {
  value = enum_name(kNormalizations, normalization);
}
void from_json(const nlohmann::json& value, Normalization& normalization) {
  normalization = enum_value(kNormalizations, value.get_ref<const std::string&>()).value();
}

template <class Json>
void to_json(Json& value, Initialization initialization) {
  value = enum_name(kInitializations, initialization);
}
void from_json(const nlohmann::json& value, Initialization& initialization) {
  initialization = enum_value(kInitializations, value.get_ref<const std::string&>()).value();
}

template <class Json>
void to_json(Json& value, VoteWeights weights) {
  value = enum_name(kVoteWeights, weights);
}
void from_json(const nlohmann::json& value, VoteWeights& weights) {
  weights = enum_value(kVoteWeights, value.get_ref<const std::string&>()).value();
}

template <class Json>
void to_json(Json& value, SvmKernel kernel) {
  value = enum_name(kSvmKernels, kernel);
}
void from_json(const nlohmann::json& value, SvmKernel& kernel) {
  kernel = enum_value(kSvmKernels, value.get_ref<const std::string&>()).value();
}

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

template <class T>
void decode(const json& value, T& field) {
  if constexpr (kIsOptional<T>) {
    field.reset();
    if (!value.is_null()) decode(value, field.emplace());
  } else if constexpr (std::is_same_v<T, double>) {
    field = value.get<double>() + 0.0;  // −0 is 0, in the config's hash too
  } else {
    value.get_to(field);
  }
}

/// The alternative of a variant that is called `type`, with its defaults.
template <class Variant, std::size_t I = 0>
Variant alternative(std::string_view type) {
  if constexpr (I == std::variant_size_v<Variant>) {
    throw std::invalid_argument("nothing is called " + std::string(type));
  } else {
    using Alternative = std::variant_alternative_t<I, Variant>;
    return type == Alternative::kType ? Variant(Alternative{}) : alternative<Variant, I + 1>(type);
  }
}

/// The names of a variant's alternatives.
template <class... Alternatives>
std::vector<std::string> types_of(const std::variant<Alternatives...>* /*deduced from*/) {
  return {std::string(Alternatives::kType)...};
}

/// field(&ExperimentConfig::data, &DataConfig::dataset)(config) is config.data.dataset.
template <class... Members>
auto field(Members... members) {
  return [=](auto& config) -> auto& { return (config.*....*members); };
}

/// A key for the field of a struct. A key is nullable when its field is optional.
template <class Field>
Key key(std::string section, std::string name, Rule rule, Field field, std::string meaning) {
  using T = std::remove_reference_t<decltype(field(std::declval<ExperimentConfig&>()))>;
  Key key;
  key.section = std::move(section);
  key.name = std::move(name);
  key.rule = std::move(rule);
  key.nullable = kIsOptional<T>;
  key.meaning = std::move(meaning);
  key.get = [field](const ExperimentConfig& config) { return json_of(field(config)); };
  key.set = [field](ExperimentConfig& config, const json& value) { decode(value, field(config)); };
  return key;
}

/// A key of one alternative of a section whose "type" chooses among them.
template <class Variant, class Alternative, class T>
Key key_of(std::string section, std::string name, Rule rule, Variant ExperimentConfig::*of,
           T Alternative::*member, std::string meaning) {
  const auto field = [=](auto& config) -> auto& {
    return std::get<Alternative>(config.*of).*member;
  };
  Key result = key(std::move(section), std::move(name), std::move(rule), field, std::move(meaning));
  result.type = Alternative::kType;
  return result;
}

template <class Model, class T>
Key model_key(std::string name, Rule rule, T Model::*member, std::string meaning) {
  return key_of("model", std::move(name), std::move(rule), &ExperimentConfig::model, member,
                std::move(meaning));
}

template <class Optimizer, class T>
Key optimizer_key(std::string name, Rule rule, T Optimizer::*member, std::string meaning) {
  return key_of("optimizer", std::move(name), std::move(rule), &ExperimentConfig::optimizer, member,
                std::move(meaning));
}

/// The key that chooses the alternative, and so the section's other keys.
template <class Variant>
Key type_key(std::string section, Variant ExperimentConfig::*of, std::string meaning) {
  Key key;
  key.section = std::move(section);
  key.name = "type";
  key.rule = Choice{types_of(static_cast<const Variant*>(nullptr))};
  key.meaning = std::move(meaning);
  key.get = [of](const ExperimentConfig& config) {
    return std::visit([](const auto& chosen) { return ordered_json(chosen.kType); }, config.*of);
  };
  key.set = [of](ExperimentConfig& config, const json& value) {
    config.*of = alternative<Variant>(value.get_ref<const std::string&>());
  };
  return key;
}

Key name_key(const Rule& label) {
  Key name = key("", "name", label, field(&ExperimentConfig::name),
                 "Name of the experiment; absent: the config file's name without its extension.");
  name.if_absent = IfAbsent::file_name;
  return name;
}

Key dataset_key(const Rule& label) {
  Key dataset = key("data", "dataset", label, field(&ExperimentConfig::data, &DataConfig::dataset),
                    "Label of the data set in the records; must be mnist while data.directory is "
                    "null.");
  const auto problem = [](const ExperimentConfig& config) -> std::optional<std::string> {
    const DataConfig& data = config.data;
    if (data.directory || data.dataset == kShippedDataset) return std::nullopt;
    return fmt::format(
        "found \"{}\", but only \"{}\" ships with the project; set data.directory to "
        "the folder of the four IDX files",
        data.dataset, kShippedDataset);
  };
  dataset.dependency = {.problem = problem,
                        .when = {{"properties", {{"directory", {{"type", "null"}}}}}},
                        .then = {{"properties", {{"dataset", {{"const", kShippedDataset}}}}}}};
  return dataset;
}

Key model_type_key() {
  Key type = type_key("model", &ExperimentConfig::model,
                      "Multilayer perceptron (the paper's Table 1), convolutional network "
                      "(Table 2), a network given layer by layer, k-nearest neighbours, or "
                      "support vector machines.");
  type.if_absent = IfAbsent::error;
  return type;
}

Key nesterov_key() {
  Key nesterov = optimizer_key("nesterov", Boolean{}, &SgdConfig::nesterov,
                               "Whether to look ahead (Nesterov's momentum); needs a momentum.");
  const auto problem = [](const ExperimentConfig& config) -> std::optional<std::string> {
    const auto& sgd = std::get<SgdConfig>(config.optimizer);
    if (!sgd.nesterov || sgd.momentum > 0) return std::nullopt;
    return "found true, but optimizer.momentum is 0; set a momentum, such as 0.9";
  };
  nesterov.dependency = {
      .problem = problem,
      .when = {{"properties", {{"nesterov", {{"const", true}}}}}, {"required", {"nesterov"}}},
      .then = {{"properties", {{"momentum", {{"exclusiveMinimum", 0}}}}},
               {"required", {"momentum"}}}};
  return nesterov;
}

Key layers_key() {
  Key layers = model_key("layers", LayerList{}, &LayersConfig::layers,
                         "The layers of the network, first to last; see the table of layers.");
  layers.if_absent = IfAbsent::error;
  layers.check = [](const json& list) { return problem_in_layers(list); };
  return layers;
}

Key younger(Key key) {
  key.is_younger = true;
  return key;
}

Key epochs_key() {
  Key epochs = key("training", "epochs", IntegerRange{1, kMaxEpochs},
                   field(&ExperimentConfig::training, &TrainingConfig::epochs),
                   "Passes over the training images.");
  epochs.is_replaced = [](const ExperimentConfig& config) {
    return config.training.steps.has_value();
  };
  return epochs;
}

Key gamma_key(const Rule& positive) {
  Key gamma = model_key("gamma", positive, &SvmConfig::gamma,
                        "γ of the rbf kernel; null: 1 / (pixels · variance of the training "
                        "pixels). Must be null for the linear kernel.");
  const auto problem = [](const ExperimentConfig& config) -> std::optional<std::string> {
    const auto& svm = std::get<SvmConfig>(config.model);
    if (svm.kernel == SvmKernel::rbf || !svm.gamma) return std::nullopt;
    return fmt::format("found {}; allowed: null, as the linear kernel has no γ", *svm.gamma);
  };
  gamma.dependency = {
      .problem = problem,
      .when = {{"properties", {{"kernel", {{"const", "linear"}}}}}, {"required", {"kernel"}}},
      .then = {{"properties", {{"gamma", {{"type", "null"}}}}}}};
  return gamma;
}

Key transform_key() {
  Key transform = key("data", "transform",
                      TransformList{.max_items = kMostTransforms,
                                    .item = "transform",
                                    .example = R"([{"type": "rotate", "degrees": 15}])"},
                      field(&ExperimentConfig::data, &DataConfig::transform),
                      "What is done to all training and test images, first to last, such as "
                      "[{\"type\": \"transpose\"}]; see the table of transforms.");
  transform.check = [](const json& list) { return problem_in_transforms(list); };
  return younger(std::move(transform));
}

Key augment_key() {
  Key augment = key("training", "augment",
                    TransformList{.max_items = kMostTransforms,
                                  .item = "augmentation",
                                  .example = R"([{"type": "affine", "shift": 2}])"},
                    field(&ExperimentConfig::training, &TrainingConfig::augment),
                    "What is done to the training images at random, first to last, with new "
                    "numbers for each image and epoch; see the table of augmentations.");
  augment.check = [](const json& list) { return problem_in_augmentations(list); };
  return younger(std::move(augment));
}

std::vector<Key> make_keys() {
  using E = ExperimentConfig;
  using D = DataConfig;
  using A = AdamConfig;
  using S = SgdConfig;
  using T = TrainingConfig;

  const Text label{"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$", 100,
                   "1 to 100 of A–Z, a–z, 0–9, '.', '_' and '-', not starting with '.'"};
  const Text device{"^(auto|cpu|cuda(:(0|[1-9][0-9]{0,2}))?)$", 8,
                    R"("auto", "cpu", "cuda" or "cuda:N" (N: 0 to 999))"};
  const Choice engine{enum_names(kEngines)};
  const Choice normalization{enum_names(kNormalizations)};
  const IntegerRange seed{0, std::numeric_limits<std::int64_t>::max()};
  const IntegerRange image_count{1, std::numeric_limits<std::uint32_t>::max()};  // IDX: 32 bits
  const IntegerRange units{1, 65'536};
  const IntegerRange channels{1, 4'096};
  const NumberRange positive{0.0, /*open=*/true};
  const NumberRange not_negative{0.0};
  const NumberRange below_one{0.0, /*open=*/false, /*below=*/1.0};

  return {
      name_key(label),
      key("", "seed", seed, field(&E::seed),
          "Seed of all random streams: initial weights, order of images, dropout, augmentation."),
      key("", "device", device, field(&E::device),
          "Where to compute; auto: CUDA if there is a device, else the CPU."),
      key("", "threads", IntegerRange{1, 1'024}, field(&E::threads),
          "CPU threads; null: as many as cores, control group, OMP_NUM_THREADS and "
          "SLURM_CPUS_PER_TASK allow."),

      dataset_key(label),
      key("data", "directory", Path{}, field(&E::data, &D::directory),
          "Folder of the four IDX files, raw or .gz, relative to the current folder; "
          "null: the MNIST that ships with the project."),
      key("data", "normalization", normalization, field(&E::data, &D::normalization),
          "standardize: (x/255 − 0.1307)/0.3081; unit: x/255; dataset: as standardize, with mean "
          "and SD of all training images of the file; none: x, 0 to 255."),
      transform_key(),
      key("data", "train_limit", image_count, field(&E::data, &D::train_limit),
          "Train on only the first N images of a fixed, class-stratified order; null: on all."),
      key("data", "test_limit", image_count, field(&E::data, &D::test_limit),
          "Test on only the first N images of a fixed, class-stratified order; null: on all."),
      younger(key("data", "validation", image_count, field(&E::data, &D::validation),
                  "Hold the last N training images of that order back from training, the same for "
                  "every seed, and evaluate on them too; null: none.")),
      key("data", "class_names", NameList{kMostClassNames, kLongestClassName},
          field(&E::data, &D::class_names),
          "Names of all classes, from class 0 on, for tables and pictures; null: their numbers. "
          "Not part of the experiment."),

      model_type_key(),
      model_key("hidden", IntegerList{16, units}, &MlpConfig::hidden,
                "Units of the hidden linear layers, first to last."),
      model_key("dropout", below_one, &MlpConfig::dropout,
                "Probability to drop a unit after the last hidden layer."),
      model_key("conv1_channels", channels, &CnnConfig::conv1_channels,
                "Output channels of the first convolution."),
      model_key("conv2_channels", channels, &CnnConfig::conv2_channels,
                "Output channels of the second convolution."),
      model_key("hidden", units, &CnnConfig::hidden, "Units of the hidden linear layer."),
      model_key("dropout2d", below_one, &CnnConfig::dropout2d,
                "Probability to drop a channel after the second convolution."),
      model_key("dropout", below_one, &CnnConfig::dropout,
                "Probability to drop a unit after the hidden linear layer."),
      layers_key(),
      younger(
          key("model", "initialization", Choice{enum_names(kInitializations)},
              field(&E::initialization),
              "he: weights from N(0, 2/n_in), biases 0 (the paper's eq. 20); pytorch: both from "
              "U(−1/√n_in, 1/√n_in); xavier: weights from U(−a, a), a = √(6/(n_in + n_out)).")),
      model_key("k", IntegerRange{1, 1'000}, &KnnConfig::k,
                "Nearest training images that vote; at most as many as there are."),
      model_key("weights", Choice{enum_names(kVoteWeights)}, &KnnConfig::weights,
                "What a vote counts: 1, or 1 / distance, where exact matches outvote all others."),
      model_key("kernel", Choice{enum_names(kSvmKernels)}, &SvmConfig::kernel,
                "rbf: exp(−γ ‖x − y‖²); linear: x · y; of pixels scaled to 0 … 1."),
      model_key("C", positive, &SvmConfig::C, "Cost of a training image on the wrong side."),
      gamma_key(positive),

      type_key("optimizer", &E::optimizer,
               "Adam (the paper's eq. 15 to 18), ε outside the root, or stochastic gradient "
               "descent, as in PyTorch."),
      optimizer_key("learning_rate", positive, &A::learning_rate, "Step size α."),
      optimizer_key("beta1", below_one, &A::beta1, "Decay of the mean of the gradients, β₁."),
      optimizer_key("beta2", below_one, &A::beta2,
                    "Decay of the mean of the squared gradients, β₂."),
      optimizer_key("epsilon", positive, &A::epsilon, "ε, added to the root of the second moment."),
      optimizer_key("weight_decay", not_negative, &A::weight_decay,
                    "Factor of the L2 penalty, added to the gradient."),
      optimizer_key("learning_rate", positive, &S::learning_rate, "Step size η."),
      optimizer_key("momentum", below_one, &S::momentum,
                    "Share of the last step's direction that the next one keeps."),
      nesterov_key(),
      optimizer_key("weight_decay", not_negative, &S::weight_decay,
                    "Factor of the L2 penalty, added to the gradient."),

      epochs_key(),
      younger(key("training", "steps", IntegerRange{1, 1'000'000'000},
                  field(&E::training, &T::steps),
                  "Steps after which training ends, in place of training.epochs; null: after "
                  "those.")),
      key("training", "batch_size", IntegerRange{1, 1'048'576}, field(&E::training, &T::batch_size),
          "Images per step; the last, partial batch of an epoch is kept."),
      augment_key(),
      key("training", "engine", engine, field(&E::training, &T::engine),
          "LibTorch, or native: this project's kernels, on the CPU only; several times as fast for "
          "MLPs and the CNN."),
      younger(key("training", "evaluate_every", IntegerRange{1, kMaxEpochs},
                  field(&E::training, &T::evaluate_every),
                  "Epochs from one evaluation, and checkpoint, to the next; there is one after the "
                  "last in any case.")),

      key("", "output", Path{{"name", "seed"}}, field(&E::output),
          "The run folder; {name} and {seed} are filled in."),
  };
}

constexpr std::array<std::string_view, 2> kSectionsOfNetworks = {"optimizer", "training"};
constexpr std::array<std::string_view, 2> kKeysOfNetworks = {"data.normalization",
                                                             "model.initialization"};

template <std::size_t N>
bool is_among(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The key that chooses among a section's alternatives; null where there is none.
const Key* type_key_of(std::string_view section) {
  const std::vector<Key>& keys = experiment_keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& key) {
    return key.section == section && key.name == "type";
  });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace

bool Key::is_of_networks() const {
  return is_among(section, kSectionsOfNetworks) || is_among(path(), kKeysOfNetworks);
}

bool Key::applies_to(const ExperimentConfig& config) const {
  if (is_of_networks() && !is_network(config.model)) return false;
  return type.empty() || type_key_of(section)->get(config) == type;
}

bool Key::counts_in(const ExperimentConfig& config) const {
  return applies_to(config) && !(is_replaced && is_replaced(config));
}

bool Key::depends_on_type() const { return !type.empty() && section_types(section).size() > 1; }

bool Key::accepts(const json& value) const {
  if (value.is_null()) return nullable;
  return mnist_bench::accepts(rule, value);
}

std::string Key::allowed() const { return describe(rule) + (nullable ? ", or null" : ""); }

ordered_json Key::default_value() const {
  ExperimentConfig config;
  if (!type.empty()) type_key_of(section)->set(config, type);
  return get(config);
}

std::vector<std::string> section_types(std::string_view section) {
  const Key* key = type_key_of(section);
  return key == nullptr ? std::vector<std::string>{} : std::get<Choice>(key->rule).values;
}

std::vector<std::string> classical_types() {
  return types_of(static_cast<const ClassicalConfig*>(nullptr));
}

const std::vector<Key>& experiment_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

}  // namespace mnist_bench
