#include "config/layer_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/nearest.h"
#include "base/strict_json.h"

namespace mnist_bench {

namespace layer {
template <class Json>
void to_json(Json& value, Shortcut shortcut) {
  value = enum_name(kShortcuts, shortcut);
}
void from_json(const nlohmann::json& value, Shortcut& shortcut) {
  shortcut = enum_value(kShortcuts, value.get_ref<const std::string&>()).value();
}
}  // namespace layer

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

const IntegerRange kChannels{1, 4'096};
const IntegerRange kUnits{1, 65'536};
const IntegerRange kWindow{1, 1'024};
const IntegerRange kPadding{0, 1'024};
const NumberRange kProbability{0.0, /*open=*/false, /*below=*/1.0};

constexpr const char* kOnePerClass = "classes";

/// A setting that is a field of `Of`.
template <class Of, class T>
LayerKey setting(std::string name, Rule rule, T Of::*member, std::string meaning) {
  LayerKey key;
  key.name = std::move(name);
  key.rule = std::move(rule);
  key.meaning = std::move(meaning);
  key.get = [member](const layer::Kind& kind) { return ordered_json(std::get<Of>(kind).*member); };
  key.set = [member](layer::Kind& kind, const json& value) {
    value.get_to(std::get<Of>(kind).*member);
  };
  return key;
}

LayerKey with_default(LayerKey key, json value) {
  key.default_value = std::move(value);
  return key;
}

LayerKey as_another(LayerKey key, std::string other) {
  key.default_key = std::move(other);
  return key;
}

LayerKey units_key() {
  LayerKey key;
  key.name = "units";
  key.rule = IntegerOrWord{kUnits, kOnePerClass};
  key.meaning = "Outputs; \"classes\": one for each class of the data.";
  key.get = [](const layer::Kind& kind) {
    const auto& units = std::get<layer::Linear>(kind).units;
    return units ? ordered_json(*units) : ordered_json(kOnePerClass);
  };
  key.set = [](layer::Kind& kind, const json& value) {
    auto& units = std::get<layer::Linear>(kind).units;
    units.reset();
    if (value.is_number()) units = value.get<std::int64_t>();
  };
  return key;
}

template <class Pool>
std::vector<LayerKey> pool_keys() {
  return {setting("size", kWindow, &Pool::size, "Rows and columns of the window."),
          as_another(setting("stride", kWindow, &Pool::stride, "Step of the window."), "size"),
          with_default(setting("padding", kPadding, &Pool::padding,
                               "Border on each side, at most half of size."),
                       0)};
}

/// A kind without settings.
template <class Kind>
requires std::is_empty_v<Kind> LayerKind describe(Kind kind) {
  return {Kind::kType, std::string(Kind::kMeaning), {}, kind};
}

// One for each of the others: without it, layer_kinds() does not compile.

LayerKind describe(layer::Linear kind) {
  return {layer::Linear::kType, "All inputs to all outputs, with a bias.", {units_key()}, kind};
}

LayerKind describe(layer::Conv2d kind) {
  using C = layer::Conv2d;
  return {
      layer::Conv2d::kType,
      "Convolution with square kernels.",
      {setting("channels", kChannels, &C::channels, "Output channels."),
       setting("kernel", kWindow, &C::kernel, "Rows and columns of a kernel."),
       with_default(setting("stride", kWindow, &C::stride, "Step of the kernel."), 1),
       with_default(setting("padding", kPadding, &C::padding, "Border of zeros on each side."), 0),
       with_default(setting("bias", Boolean{}, &C::bias, "Whether each channel has one."), true)},
      kind};
}

LayerKind describe(layer::MaxPool2d kind) {
  return {layer::MaxPool2d::kType, "The largest value of each window.",
          pool_keys<layer::MaxPool2d>(), kind};
}

LayerKind describe(layer::AvgPool2d kind) {
  return {layer::AvgPool2d::kType, "The mean of each window, zeros of the border included.",
          pool_keys<layer::AvgPool2d>(), kind};
}

LayerKind describe(layer::Dropout kind) {
  return {layer::Dropout::kType,
          "Drops units in training.",
          {setting("p", kProbability, &layer::Dropout::p, "Probability to drop a unit.")},
          kind};
}

LayerKind describe(layer::Dropout2d kind) {
  return {layer::Dropout2d::kType,
          "Drops whole channels in training.",
          {setting("p", kProbability, &layer::Dropout2d::p, "Probability to drop a channel.")},
          kind};
}

LayerKind describe(layer::Residual kind) {
  using R = layer::Residual;
  return {layer::Residual::kType,
          "Adds a shortcut to the output of its layers.",
          {setting("layers", LayerList{}, &R::layers, "The layers parallel to the shortcut."),
           with_default(setting("shortcut", Choice{enum_names(layer::kShortcuts)}, &R::shortcut,
                                "The input; its every s-th row and column, with channels of zeros; "
                                "or a 1 × 1 convolution of it."),
                        enum_name(layer::kShortcuts, R{}.shortcut))},
          kind};
}

LayerKind describe(layer::Repeat kind) {
  using R = layer::Repeat;
  return {layer::Repeat::kType,
          "Its layers several times in a row, each time with their own parameters.",
          {setting("times", IntegerRange{1, kMaxLayers}, &R::times, "How often."),
           setting("layers", LayerList{}, &R::layers, "The layers to repeat.")},
          kind};
}

template <class... Kinds>
std::vector<LayerKind> describe_all(const std::variant<Kinds...>* /*deduced from*/) {
  return {describe(Kinds{})...};
}

std::string quoted_types() {
  std::vector<std::string_view> types;
  for (const LayerKind& kind : layer_kinds()) types.push_back(kind.type);
  return fmt::format("\"{}\"", fmt::join(types, "\" or \""));
}

const LayerKind* kind_of(std::string_view type) {
  const auto found = std::find_if(layer_kinds().begin(), layer_kinds().end(),
                                  [&](const LayerKind& kind) { return kind.type == type; });
  return found == layer_kinds().end() ? nullptr : &*found;
}

std::string unknown_type(const json& found) {
  std::vector<std::string> types;
  for (const LayerKind& kind : layer_kinds()) types.emplace_back(kind.type);
  const auto close = found.is_string() ? nearest(found.get<std::string>(), types) : std::nullopt;
  return fmt::format("found {}; {}", excerpt(found),
                     close ? fmt::format("did you mean \"{}\"?", *close)
                           : fmt::format("allowed: {}", quoted_types()));
}

std::string unknown_key(const LayerKind& kind, const std::string& name, const json& found) {
  std::vector<std::string> names = {"type", "name"};
  for (const LayerKey& key : kind.keys) names.push_back(key.name);
  const auto close = nearest(name, names);
  return fmt::format("unknown key of \"{}\" (found {}); {}", kind.type, excerpt(found),
                     close ? fmt::format("did you mean \"{}\"?", *close)
                           : fmt::format("allowed: {}", fmt::join(names, ", ")));
}

std::optional<Problem> problem_in_list(const json& list, int depth);

std::optional<Problem> problem_in_setting(const json& layer, const LayerKey& key, int depth) {
  const json::json_pointer where = json::json_pointer() / key.name;
  if (!layer.contains(key.name)) {
    if (!key.required()) return std::nullopt;
    return Problem{where, fmt::format("missing; allowed: {}", describe(key.rule))};
  }
  const json& value = layer[key.name];
  if (!accepts(key.rule, value)) {
    return Problem{where, fmt::format("found {}; allowed: {}{}", excerpt(value), describe(key.rule),
                                      integer_advice(key.rule, value))};
  }
  if (!std::holds_alternative<LayerList>(key.rule)) return std::nullopt;
  auto problem = problem_in_list(value, depth + 1);
  if (problem) problem->where = where / problem->where;
  return problem;
}

std::optional<Problem> problem_in_layer(const json& layer, int depth) {
  const json::json_pointer here;
  if (!layer.is_object()) {
    return Problem{here, fmt::format("found {}; allowed: an object with \"type\"", excerpt(layer))};
  }
  if (!layer.contains("type")) {
    return Problem{here / "type", fmt::format("missing; allowed: {}", quoted_types())};
  }
  const json& type = layer["type"];
  const LayerKind* kind = type.is_string() ? kind_of(type.get<std::string>()) : nullptr;
  if (kind == nullptr) return Problem{here / "type", unknown_type(type)};
  for (const auto& item : layer.items()) {
    const std::string& name = item.key();
    const json& value = item.value();
    const bool is_setting = std::any_of(kind->keys.begin(), kind->keys.end(),
                                        [&](const LayerKey& key) { return key.name == name; });
    if (name == "name" && !accepts(layer_name_rule(), value)) {
      return Problem{here / name, fmt::format("found {}; allowed: {}", excerpt(value),
                                              describe(layer_name_rule()))};
    }
    if (!is_setting && name != "type" && name != "name") {
      return Problem{here / name, unknown_key(*kind, name, value)};
    }
  }
  for (const LayerKey& key : kind->keys) {
    if (auto problem = problem_in_setting(layer, key, depth)) return problem;
  }
  return std::nullopt;
}

std::optional<Problem> problem_in_list(const json& list, int depth) {
  if (depth > kMaxLayerDepth) {
    return Problem{json::json_pointer(),
                   fmt::format("lists nested more than {} deep", kMaxLayerDepth)};
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto problem = problem_in_layer(list[i], depth)) {
      problem->where = json::json_pointer() / i / problem->where;
      return problem;
    }
  }
  return std::nullopt;
}

/// The layers with each repeat written out, those within blocks included. A double, because
/// repeats multiply.
double count(const std::vector<Layer>& layers) {
  double sum = 0;
  for (const Layer& layer : layers) {
    if (const auto* repeat = std::get_if<layer::Repeat>(&layer.kind)) {
      sum += static_cast<double>(repeat->times) * count(repeat->layers);
    } else {
      const auto* block = std::get_if<layer::Residual>(&layer.kind);
      sum += 1 + (block != nullptr ? count(block->layers) : 0);
    }
  }
  return sum;
}

}  // namespace

const std::vector<LayerKind>& layer_kinds() {
  static const std::vector<LayerKind> kinds =
      describe_all(static_cast<const layer::Kind*>(nullptr));
  return kinds;
}

const Rule& layer_name_rule() {
  static const Rule rule = Text{"^[A-Za-z_][A-Za-z0-9_]{0,63}$", 64,
                                "1 to 64 of A–Z, a–z, 0–9 and '_', not starting with a digit"};
  return rule;
}

std::optional<Problem> problem_in_layers(const json& list) {
  if (auto problem = problem_in_list(list, 0)) return problem;
  const double layers = count(list.get<std::vector<Layer>>());
  if (layers <= static_cast<double>(kMaxLayers)) return std::nullopt;
  return Problem{
      json::json_pointer(),
      fmt::format("{} layers, each repeat written out; allowed: at most {}", layers, kMaxLayers)};
}

void to_json(ordered_json& value, const Layer& layer) {
  const LayerKind& kind = layer_kinds()[layer.kind.index()];
  value = {{"type", kind.type}};
  if (layer.name) value["name"] = *layer.name;
  for (const LayerKey& key : kind.keys) value[key.name] = key.get(layer.kind);
}

void from_json(const json& value, Layer& layer) {
  const LayerKind& kind = *kind_of(value.at("type").get_ref<const std::string&>());
  layer.kind = kind.initial;
  layer.name.reset();
  if (value.contains("name")) layer.name = value["name"].get<std::string>();
  for (const LayerKey& key : kind.keys) {
    if (value.contains(key.name)) {
      key.set(layer.kind, value[key.name]);
    } else if (!key.default_key.empty()) {
      key.set(layer.kind, value.at(key.default_key));
    } else {
      key.set(layer.kind, *key.default_value);
    }
  }
}

}  // namespace mnist_bench
