#include "config/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"
#include "config/layer_keys.h"
#include "transform/augmentation.h"
#include "transform/kind.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;

ordered_json key_schema(const Key& key) {
  ordered_json schema = {{"description", key.meaning}};
  schema.update(mnist_bench::schema(key.rule));
  if (key.nullable) schema["type"] = {schema["type"], "null"};
  if (key.if_absent == IfAbsent::default_value) schema["default"] = key.default_value();
  return schema;
}

ordered_json object_schema(const ordered_json& properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

/// The keys of `section` for models of `type`.
ordered_json section_properties(std::string_view section, std::string_view type) {
  auto properties = ordered_json::object();
  for (const Key& key : experiment_keys()) {
    if (key.section == section && key.belongs_to(type)) properties[key.name] = key_schema(key);
  }
  return properties;
}

/// Adds the dependencies between the section's keys for models of `type`.
void add_dependencies(ordered_json& schema, std::string_view section, std::string_view type) {
  for (const Key& key : experiment_keys()) {
    if (key.section != section || !key.belongs_to(type) || !key.dependency) continue;
    // A schema object has one "if": a second would replace the first, though the reader checks
    // both.
    if (schema.contains("if")) {
      throw std::logic_error("two keys of a section depend on others; join them in an allOf");
    }
    schema["if"] = key.dependency->when;
    schema["then"] = key.dependency->then;
  }
}

/// One of the alternatives that the section's "type" chooses from.
ordered_json alternative_schema(const std::string& section, const std::string& type) {
  ordered_json properties = section_properties(section, type);
  properties["type"]["enum"] = {type};
  ordered_json schema = {{"title", type}};
  schema.update(object_schema(properties));
  // Without a "type" it is the default one, if there is one.
  schema["required"] = ordered_json::array();
  for (const Key& key : experiment_keys()) {
    if (key.section != section || !key.belongs_to(type)) continue;
    const bool is_type = key.name == "type" && type != section_types(section).front();
    if (is_type || key.if_absent == IfAbsent::error) schema["required"].push_back(key.name);
  }
  add_dependencies(schema, section, type);
  return schema;
}

ordered_json section_schema(const std::string& section) {
  const std::vector<std::string> types = section_types(section);
  if (types.size() > 1) {
    auto alternatives = ordered_json::array();
    for (const std::string& type : types) {
      alternatives.push_back(alternative_schema(section, type));
    }
    return {{"oneOf", alternatives}};
  }
  const std::string type = types.empty() ? "" : types.front();
  ordered_json schema = object_schema(section_properties(section, type));
  add_dependencies(schema, section, type);
  return schema;
}

ordered_json layer_schema(const LayerKind& kind) {
  ordered_json properties = {{"type", {{"description", kind.meaning}, {"const", kind.type}}},
                             {"name", schema(layer_name_rule())}};
  ordered_json required = {"type"};
  for (const LayerKey& key : kind.keys) {
    properties[key.name] = {{"description", key.meaning}};
    properties[key.name].update(schema(key.rule));
    if (key.default_value) properties[key.name]["default"] = *key.default_value;
    if (key.required()) required.push_back(key.name);
  }
  ordered_json object = {{"title", kind.type}};
  object.update(object_schema(properties));
  object["required"] = required;
  return object;
}

ordered_json transform_schema(const TransformForm& form) {
  ordered_json properties = {{"type", {{"description", form.meaning}, {"const", form.type}}}};
  ordered_json required = {"type"};
  for (const TransformKey& key : form.keys) {
    properties[key.name] = {{"description", key.meaning}};
    properties[key.name].update(schema(key.rule));
    if (!key.default_value) {
      required.push_back(key.name);
      continue;
    }
    std::visit([&](const auto& value) { properties[key.name]["default"] = value; },
               *key.default_value);
  }
  ordered_json object = {{"title", form.type}};
  object.update(object_schema(properties));
  object["required"] = required;
  return object;
}

ordered_json transforms_schema(const std::vector<const TransformForm*>& forms) {
  auto alternatives = ordered_json::array();
  for (const TransformForm* form : forms) alternatives.push_back(transform_schema(*form));
  return {{"oneOf", alternatives}};
}

/// That a model which is no network has none of the networks' keys.
void add_keys_of_networks(ordered_json& schema) {
  schema["if"] = {
      {"properties", {{"model", {{"properties", {{"type", {{"enum", classical_types()}}}}}}}}}};
  ordered_json& sections = schema["then"]["properties"];
  for (const Key& key : experiment_keys()) {
    if (key.is_of_networks()) sections[key.section]["properties"][key.name] = false;
  }
}

std::string code(const std::string& text) { return "`" + text + "`"; }

std::string default_cell(const Key& key) {
  switch (key.if_absent) {
    case IfAbsent::error:
      return "required";
    case IfAbsent::file_name:
      return "the file's name";
    case IfAbsent::default_value:
      break;
  }
  return code(key.default_value().dump());
}

std::string default_cell(const LayerKey& key) {
  if (key.default_value) return code(key.default_value->dump());
  return key.required() ? "required" : code(key.default_key);
}

/// The kinds of layers, those without settings in one row.
std::string layers_markdown() {
  std::string table =
      "| Layer | Setting | Type and range | Default | Meaning |\n|---|---|---|---|---|\n";
  for (const LayerKind& kind : layer_kinds()) {
    table += fmt::format("| {} | | | | {} |\n", code(std::string(kind.type)), kind.meaning);
    for (const LayerKey& key : kind.keys) {
      table += fmt::format("| {} | {} | {} | {} | {} |\n", code(std::string(kind.type)),
                           code(key.name), describe(key.rule), default_cell(key), key.meaning);
    }
  }
  return table;
}

/// "`dx`: integer -1024 to 1024, default 0".
std::string setting_cell(const TransformKey& key) {
  const std::string setting = fmt::format("{}: {}", code(key.name), describe(key.rule));
  if (!key.default_value) return setting;
  return setting + std::visit([](const auto& value) { return fmt::format(", default {}", value); },
                              *key.default_value);
}

/// A row for each kind.
std::string transforms_markdown(std::string_view title,
                                const std::vector<const TransformForm*>& forms) {
  std::string table = fmt::format("| {} | Settings | Meaning |\n|---|---|---|\n", title);
  for (const TransformForm* form : forms) {
    std::vector<std::string> settings;
    for (const TransformKey& key : form->keys) settings.push_back(setting_cell(key));
    table += fmt::format("| {} | {} | {} |\n", code(std::string(form->type)),
                         fmt::join(settings, "; "), form->meaning);
  }
  return table;
}

}  // namespace

ordered_json config_schema() {
  ordered_json properties = {
      {kSchemaKey,
       {{"description", "Where this schema is, for editors; not read."}, {"type", "string"}}}};
  for (const Key& key : experiment_keys()) {
    if (key.section.empty()) {
      properties[key.name] = key_schema(key);
    } else if (!properties.contains(key.section)) {
      properties[key.section] = section_schema(key.section);
    }
  }
  ordered_json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "mnist-bench experiment"},
      {"description",
       "One experiment. Only model.type is required; the defaults are the paper's."}};
  schema.update(object_schema(properties));
  schema["required"] = {"model"};
  add_keys_of_networks(schema);
  auto layers = ordered_json::array();
  for (const LayerKind& kind : layer_kinds()) layers.push_back(layer_schema(kind));
  schema["$defs"] = {{"layer", {{"oneOf", layers}}},
                     {"transform", transforms_schema(forms_of(transform_kinds()))},
                     {"augmentation", transforms_schema(augmentation_forms())}};
  return schema;
}

std::string config_reference_markdown() {
  std::string table = "| Key | Type and range | Default | Meaning |\n|---|---|---|---|\n";
  for (const Key& key : experiment_keys()) {
    const std::string type = key.depends_on_type() ? fmt::format(" ({})", key.type) : "";
    table += fmt::format("| {}{} | {} | {} | {} |\n", code(key.path()), type, key.allowed(),
                         default_cell(key), key.meaning);
  }
  std::vector<std::string> of_networks;
  for (const Key& key : experiment_keys()) {
    // A key of several types stands in the table once for each.
    const std::string path = code(key.path());
    if (key.is_of_networks() && std::ranges::count(of_networks, path) == 0) {
      of_networks.push_back(path);
    }
  }
  return table +
         fmt::format("\nOnly networks have {}: models of type {} refuse them.\n",
                     fmt::join(of_networks, ", "), fmt::join(classical_types(), " and ")) +
         fmt::format("\nLayers of `model.layers`; each may have a `name` ({}).\n\n{}",
                     describe(layer_name_rule()), layers_markdown()) +
         "\nTransforms of `data.transform`.\n\n" +
         transforms_markdown("Transform", forms_of(transform_kinds())) +
         "\nAugmentations of `training.augment`.\n\n" +
         transforms_markdown("Augmentation", augmentation_forms());
}

}  // namespace mnist_bench
