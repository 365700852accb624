#include "config/keys.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace mnist_bench {

NLOHMANN_JSON_SERIALIZE_ENUM(Engine, {{Engine::libtorch, to_string(Engine::libtorch)},
                                      {Engine::native, to_string(Engine::native)}})
NLOHMANN_JSON_SERIALIZE_ENUM(Normalization, {{Normalization::standardize, "standardize"},
                                             {Normalization::unit, "unit"},
                                             {Normalization::dataset, "dataset"},
                                             {Normalization::none, "none"}})

namespace {

using nlohmann::json;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
json encode(const T& field) {
  if constexpr (kIsOptional<T>) {
    return field ? encode(*field) : json(nullptr);
  } else {
    return field;
  }
}

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

ModelConfig default_model(std::string_view type) {
  if (type == CnnConfig::kType) return CnnConfig{};
  return MlpConfig{};
}

/// field(&ExperimentConfig::data, &DataConfig::dataset)(config) is config.data.dataset.
template <class... Members>
auto field(Members... members) {
  return [=](auto& config) -> auto& { return (config.*....*members); };
}

template <class Model, class T>
auto model_field(T Model::*member) {
  return [=](auto& config) -> auto& { return std::get<Model>(config.model).*member; };
}

/// A key that stands for the field of a struct. A key is nullable when its field is optional.
template <class Field>
Key key(std::string section, std::string name, Rule rule, Field field, std::string meaning) {
  using T = std::remove_reference_t<decltype(field(std::declval<ExperimentConfig&>()))>;
  Key key;
  key.section = std::move(section);
  key.name = std::move(name);
  key.rule = std::move(rule);
  key.nullable = kIsOptional<T>;
  key.meaning = std::move(meaning);
  key.get = [field](const ExperimentConfig& config) { return encode(field(config)); };
  key.set = [field](ExperimentConfig& config, const json& value) { decode(value, field(config)); };
  return key;
}

template <class Model, class T>
Key model_key(std::string name, Rule rule, T Model::*member, std::string meaning) {
  Key result =
      key("model", std::move(name), std::move(rule), model_field(member), std::move(meaning));
  result.model = Model::kType;
  return result;
}

/// A key with one allowed value so far, which no field holds.
Key fixed_key(std::string section, std::string name, const std::string& value,
              std::string meaning) {
  Key key;
  key.section = std::move(section);
  key.name = std::move(name);
  key.rule = Choice{{value}};
  key.meaning = std::move(meaning);
  key.get = [value](const ExperimentConfig&) { return value; };
  key.set = [](ExperimentConfig&, const json&) {};
  return key;
}

Key name_key(const Rule& label) {
  Key name = key("", "name", label, field(&ExperimentConfig::name),
                 "Name of the experiment; absent: the config file's name without its extension.");
  name.if_absent = IfAbsent::file_name;
  return name;
}

Key model_type_key() {
  Key type;
  type.section = "model";
  type.name = "type";
  type.rule = Choice{{kModelTypes.begin(), kModelTypes.end()}};
  type.if_absent = IfAbsent::error;
  type.meaning = "Multilayer perceptron (the paper's Table 1) or convolutional network (Table 2).";
  type.get = [](const ExperimentConfig& config) { return model_type(config.model); };
  type.set = [](ExperimentConfig& config, const json& value) {
    config.model = default_model(value.get_ref<const std::string&>());
  };
  return type;
}

std::vector<Key> make_keys() {
  using E = ExperimentConfig;
  using D = DataConfig;
  using A = AdamConfig;
  using T = TrainingConfig;

  const Text label{"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$", 100,
                   "1 to 100 of A–Z, a–z, 0–9, '.', '_' and '-', not starting with '.'"};
  const Text device{"^(auto|cpu|cuda(:(0|[1-9][0-9]{0,2}))?)$", 8,
                    R"("auto", "cpu", "cuda" or "cuda:N" (N: 0 to 999))"};
  const Choice engine{{"libtorch", "native"}};
  const Choice normalization{{"standardize", "unit", "dataset", "none"}};
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
          "Seed of all random streams: initial weights, order of images, dropout."),
      key("", "device", device, field(&E::device),
          "Where to compute; auto: CUDA if there is a device, else the CPU."),
      key("", "threads", IntegerRange{1, 1'024}, field(&E::threads),
          "CPU threads; null: as many as cores, control group, OMP_NUM_THREADS and "
          "SLURM_CPUS_PER_TASK allow."),

      key("data", "dataset", label, field(&E::data, &D::dataset),
          "Label of the data set in the records; must be mnist while data.directory is null."),
      key("data", "directory", Path{}, field(&E::data, &D::directory),
          "Folder of the four IDX files, raw or .gz, relative to the current folder; "
          "null: the MNIST that ships with the project."),
      key("data", "normalization", normalization, field(&E::data, &D::normalization),
          "standardize: (x/255 − 0.1307)/0.3081; unit: x/255; dataset: as standardize, with mean "
          "and SD of all training images of the file; none: x, 0 to 255."),
      key("data", "train_limit", image_count, field(&E::data, &D::train_limit),
          "Train on only the first N images of a fixed, class-stratified order; null: on all."),
      key("data", "test_limit", image_count, field(&E::data, &D::test_limit),
          "Test on only the first N images of a fixed, class-stratified order; null: on all."),

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

      fixed_key("optimizer", "type", "adam",
                "Adam (the paper's eq. 15 to 18), ε outside the root."),
      key("optimizer", "learning_rate", positive, field(&E::optimizer, &A::learning_rate),
          "Step size α."),
      key("optimizer", "beta1", below_one, field(&E::optimizer, &A::beta1),
          "Decay of the mean of the gradients, β₁."),
      key("optimizer", "beta2", below_one, field(&E::optimizer, &A::beta2),
          "Decay of the mean of the squared gradients, β₂."),
      key("optimizer", "epsilon", positive, field(&E::optimizer, &A::epsilon),
          "ε, added to the root of the second moment."),
      key("optimizer", "weight_decay", not_negative, field(&E::optimizer, &A::weight_decay),
          "Factor of the L2 penalty, added to the gradient."),

      key("training", "epochs", IntegerRange{1, 100'000}, field(&E::training, &T::epochs),
          "Passes over the training images."),
      key("training", "batch_size", IntegerRange{1, 1'048'576}, field(&E::training, &T::batch_size),
          "Images per step; the last, partial batch of an epoch is kept."),
      key("training", "engine", engine, field(&E::training, &T::engine),
          "What computes: LibTorch, or native: this project's kernels, on the CPU alone, the same "
          "mathematics many times faster."),

      key("", "output", Path{{"name", "seed"}}, field(&E::output),
          "The run folder; {name} and {seed} are filled in."),
  };
}

}  // namespace

bool Key::accepts(const json& value) const {
  if (value.is_null()) return nullable;
  return std::visit([&](const auto& r) { return r.accepts(value); }, rule);
}

std::string Key::allowed() const {
  return std::visit([](const auto& r) { return r.words(); }, rule) + (nullable ? ", or null" : "");
}

json Key::default_value() const {
  ExperimentConfig config;
  config.model = default_model(model);
  return get(config);
}

const std::vector<Key>& experiment_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

}  // namespace mnist_bench
