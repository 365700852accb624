#include "config/schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "config/keys.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;

ordered_json key_schema(const Key& key) {
  ordered_json schema = {{"description", key.meaning}};
  schema.update(std::visit([](const auto& rule) { return rule.schema(); }, key.rule));
  if (key.nullable) schema["type"] = {schema["type"], "null"};
  if (key.if_absent == IfAbsent::default_value) schema["default"] = key.default_value();
  return schema;
}

ordered_json object_schema(const ordered_json& properties) {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

ordered_json data_schema(const ordered_json& properties) {
  ordered_json schema = object_schema(properties);
  schema["if"] = {{"properties", {{"directory", {{"type", "null"}}}}}};
  schema["then"] = {{"properties", {{"dataset", {{"const", kShippedDataset}}}}}};
  return schema;
}

/// The keys of `section` for models of `type`.
ordered_json section_properties(std::string_view section, std::string_view type) {
  auto properties = ordered_json::object();
  for (const Key& key : experiment_keys()) {
    if (key.section == section && key.applies_to(type)) properties[key.name] = key_schema(key);
  }
  return properties;
}

ordered_json model_schema(std::string_view type) {
  ordered_json properties = section_properties("model", type);
  properties["type"]["enum"] = {type};
  ordered_json schema = {{"title", type}};
  schema.update(object_schema(properties));
  schema["required"] = {"type"};
  return schema;
}

ordered_json section_schema(const std::string& section) {
  if (section == "model") {
    auto models = ordered_json::array();
    for (const std::string_view type : kModelTypes) models.push_back(model_schema(type));
    return {{"oneOf", models}};
  }
  const ordered_json properties = section_properties(section, "");
  return section == "data" ? data_schema(properties) : object_schema(properties);
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
  return schema;
}

std::string config_reference_markdown() {
  std::string table = "| Key | Type and range | Default | Meaning |\n|---|---|---|---|\n";
  for (const Key& key : experiment_keys()) {
    const std::string model = key.model.empty() ? "" : fmt::format(" ({})", key.model);
    table += fmt::format("| {}{} | {} | {} | {} |\n", code(key.path()), model, key.allowed(),
                         default_cell(key), key.meaning);
  }
  return table;
}

}  // namespace mnist_bench
