#include "config/read.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <variant>

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/strict_json.h"
#include "config/keys.h"
#include "config/shipped_configs.h"

namespace mnist_bench {
namespace {

using nlohmann::json;

/// The document to read, and for each dotted key that an override has set, that override.
struct Source {
  json document;
  std::string file;
  std::map<std::string, std::string> overrides;
  /// Whether the experiment may be named after it.
  bool is_named = true;
};

[[noreturn]] void fail(const std::string& origin, const json::json_pointer& where,
                       const std::string& problem) {
  const std::string location = where.empty() ? "top level" : escaped(where.to_string());
  throw Error(ExitCode::usage, fmt::format("{}: {}: {}", origin, location, problem));
}

json::json_pointer pointer(const std::string& section, const std::string& name) {
  return section.empty() ? json::json_pointer() / name : json::json_pointer() / section / name;
}

/// The override that has set `key`, or the file.
const std::string& origin_of(const Source& source, const Key& key) {
  const auto override_text = source.overrides.find(key.path());
  return override_text != source.overrides.end() ? override_text->second : source.file;
}

[[noreturn]] void fail(const Source& source, const Key& key, const std::string& problem) {
  fail(origin_of(source, key), pointer(key.section, key.name), problem);
}

/// The keys called `name` in `section`: none, one, or one per model type.
std::vector<const Key*> find_keys(std::string_view section, std::string_view name) {
  std::vector<const Key*> found;
  for (const Key& key : experiment_keys()) {
    if (key.section == section && key.name == name) found.push_back(&key);
  }
  return found;
}

bool is_section(std::string_view name) {
  return !name.empty() && std::any_of(experiment_keys().begin(), experiment_keys().end(),
                                      [&](const Key& key) { return key.section == name; });
}

/// The names in `section`, each once and in order; at the top level also the sections. Where the
/// types of `chosen` are known, only those that they have.
std::vector<std::string> names_in(std::string_view section,
                                  const std::optional<ExperimentConfig>& chosen) {
  std::vector<std::string> names;
  for (const Key& key : experiment_keys()) {
    const std::string& name = section.empty() && !key.section.empty() ? key.section : key.name;
    const bool is_here = section.empty() || key.section == section;
    const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
    if (is_here && is_new && (!chosen || key.applies_to(*chosen))) names.push_back(name);
  }
  return names;
}

/// The types that the document chooses, nothing else of it; absent where one is missing or wrong.
std::optional<ExperimentConfig> chosen_types(const Source& source) {
  ExperimentConfig config;
  for (const Key& key : experiment_keys()) {
    if (key.name != "type") continue;
    const json::json_pointer where = pointer(key.section, key.name);
    if (source.document.contains(where)) {
      if (!key.accepts(source.document[where])) return std::nullopt;
      key.set(config, source.document[where]);
    } else if (key.if_absent == IfAbsent::error) {
      return std::nullopt;
    }
  }
  return config;
}

/// The dotted key (or section) that was most likely meant.
std::optional<std::string> nearest_key(const std::string& section, const std::string& name,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const Key& key : experiment_keys()) {
    if (key.name == name) return key.path();  // the right name in the wrong place
    paths.push_back(key.path());
  }
  if (!section.empty() && !is_section(section)) return nearest(section + "." + name, paths);
  const std::optional<std::string> best = nearest(name, names);
  return best && !section.empty() ? section + "." + *best : best;
}

/// The hint for an unknown key: the nearest valid one or, if none is near, all of its section.
std::string advice(const Source& source, const std::string& section, const std::string& name) {
  const std::optional<ExperimentConfig> chosen = chosen_types(source);
  std::vector<std::string> names = names_in(section, chosen);
  const auto best = nearest_key(section, name, names);
  if (best) return fmt::format("did you mean \"{}\"?", *best);
  if (names.empty()) names = names_in("", chosen);  // no section, or none for such a model
  return fmt::format("allowed: {}", fmt::join(names, ", "));
}

/// The JSON value that the text after '=' means for `key`.
json override_value(const Key& key, const std::string& text, const std::string& origin) {
  if (key.nullable && text == "null") return nullptr;
  const bool is_string = std::holds_alternative<Text>(key.rule) ||
                         std::holds_alternative<Path>(key.rule) ||
                         std::holds_alternative<Choice>(key.rule);
  const auto parsed = [&] { return parse_strict_json(text, origin, /*comments=*/false); };
  if (is_string) return text.starts_with('"') ? parsed() : json(text);
  try {
    return parsed();
  } catch (const Error&) {
    return text;  // which the key's rule refuses, saying what is allowed
  }
}

/// Whether an override is of a section's "type".
bool sets_type(std::string_view text) { return text.substr(0, text.find('=')).ends_with(".type"); }

void apply_override(const std::string& text, Source& source) {
  const std::string origin = escaped(text);
  require_utf8(text, origin);
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    throw Error(ExitCode::usage, fmt::format("{}: not an override of the form KEY=VALUE", origin),
                "write, for example, training.epochs=1");
  }
  const std::string path = text.substr(0, equals);
  if (is_section(path)) {
    fail(origin, pointer("", path),
         fmt::format("a group of keys, to be set one by one; allowed: {}.{}", path,
                     fmt::join(names_in(path, std::nullopt), fmt::format(", {}.", path))));
  }
  const std::size_t dot = path.find('.');
  if (path.starts_with('.') || path.ends_with('.') || path.find("..") != std::string::npos) {
    throw Error(ExitCode::usage,
                fmt::format("{}: '{}' is not a key: there is a dot too many", origin, path),
                "write, for example, training.epochs=1");
  }
  const std::string section = dot == std::string::npos ? "" : path.substr(0, dot);
  const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
  const std::vector<const Key*> keys = find_keys(section, name);
  if (keys.empty()) {
    fail(origin, pointer(section, name), "unknown key; " + advice(source, section, name));
  }
  if (!source.overrides.emplace(path, origin).second) {
    fail(origin, pointer(section, name), "overridden twice");
  }
  json& document = source.document;
  if (!section.empty() && !document.contains(section)) document[section] = json::object();
  json& parent = section.empty() ? document : document[section];
  if (!parent.is_object()) return;  // the file's mistake, reported when it is read
  parent[name] = override_value(*keys.front(), text.substr(equals + 1), origin);
}

void require_object(const Source& source, const json& value, const json::json_pointer& where) {
  if (value.is_object()) return;
  fail(source.file, where, fmt::format("found {}; allowed: an object", excerpt(value)));
}

/// Throws for a name that no key of the table has, whatever the model.
void require_known_keys(const Source& source) {
  if (source.document.contains("configs") && !source.document.contains("model")) {
    throw Error(ExitCode::usage, source.file + ": this is a sweep, not an experiment config",
                "run it with: mnist-bench sweep " + source.file);
  }
  const auto require_known = [&](const std::string& section, const std::string& name,
                                 const json& value) {
    if (!find_keys(section, name).empty()) return;
    fail(source.file, pointer(section, name),
         fmt::format("unknown key (found {}); {}", excerpt(value), advice(source, section, name)));
  };
  for (const auto& [name, value] : source.document.items()) {
    if (name == kSchemaKey) {
      if (!value.is_string()) {
        fail(source.file, pointer("", name),
             fmt::format("found {}; allowed: a string", excerpt(value)));
      }
    } else if (is_section(name)) {
      require_object(source, value, pointer("", name));
      for (const auto& [inner, inner_value] : value.items()) {
        require_known(name, inner, inner_value);
      }
    } else {
      require_known("", name, value);
    }
  }
}

/// Throws for a key that exists, but only for another type of its section.
void require_no_other_type(const Source& source, const Key& key, const ExperimentConfig& config) {
  for (const Key* same : find_keys(key.section, key.name)) {
    if (same->applies_to(config)) return;
  }
  if (key.is_of_networks() && !is_network(config.model)) {
    fail(source, key,
         fmt::format("belongs to networks, but model.type is \"{}\"; leave it out",
                     model_type(config.model)));
  }
  std::vector<std::string> types;
  for (const Key* same : find_keys(key.section, key.name)) {
    types.push_back(fmt::format("\"{}\"", same->type));
  }
  std::vector<std::string> allowed;
  for (const Key& other : experiment_keys()) {
    if (other.section == key.section && other.applies_to(config)) allowed.push_back(other.name);
  }
  fail(source, key,
       fmt::format(R"(belongs to {0}.type {1}, but {0}.type is {2}; allowed: {3})", key.section,
                   fmt::join(types, " or "),
                   find_keys(key.section, "type").front()->get(config).dump(),
                   fmt::join(allowed, ", ")));
}

/// How to write what `rule` refuses: a list without brackets, a choice with a typing error, an
/// integer as a float.
std::string remedy_for(const Rule& rule, const json& value) {
  if (!value.is_string()) return integer_advice(rule, value);
  if (std::holds_alternative<IntegerList>(rule)) return "; write it as [256,128]";
  if (const auto* transforms = std::get_if<TransformList>(&rule)) {
    return "; write it as " + transforms->example;
  }
  const auto* choice = std::get_if<Choice>(&rule);
  const auto close =
      choice != nullptr ? nearest(value.get<std::string>(), choice->values) : std::nullopt;
  return close ? fmt::format("; did you mean \"{}\"?", *close) : "";
}

/// Reads one key of the document, if it is there, into the struct.
void read_key(const Source& source, const Key& key, ExperimentConfig& config) {
  const json::json_pointer where = pointer(key.section, key.name);
  const bool is_present = source.document.contains(where);
  if (!key.applies_to(config)) {
    if (is_present) require_no_other_type(source, key, config);
    return;
  }
  if (!is_present) {
    if (key.if_absent == IfAbsent::error) {
      fail(source, key, fmt::format("missing; allowed: {}", key.allowed()));
    }
    return;
  }
  const json& value = source.document[where];
  if (!key.accepts(value)) {
    const std::string type =
        key.depends_on_type() ? fmt::format(" ({}.type is \"{}\")", key.section, key.type) : "";
    fail(source, key,
         fmt::format("found {}; allowed: {}{}{}", excerpt(value), key.allowed(), type,
                     remedy_for(key.rule, value)));
  }
  if (const std::optional<Problem> problem = key.check ? key.check(value) : std::nullopt) {
    fail(origin_of(source, key), where / problem->where, problem->text);
  }
  key.set(config, value);
}

/// The name that a config without one has: its file's, if that can be a name.
std::string name_from_file(const Source& source) {
  const Key& key = *find_keys("", "name").front();
  if (!source.is_named) {
    fail(source, key,
         fmt::format("missing, and there is no file to take the name from; add \"name\", or "
                     "name=.. to the command; allowed: {}",
                     key.allowed()));
  }
  std::string stem = std::filesystem::path(source.file).stem().string();
  if (key.accepts(stem)) return stem;
  fail(source, key,
       fmt::format("missing, and the file's name \"{}\" is not a valid name; allowed: {}",
                   escaped(stem), key.allowed()));
}

void require_dependency(const Source& source, const Key& key, const ExperimentConfig& config) {
  if (!key.dependency || !key.applies_to(config)) return;
  if (const auto problem = key.dependency->problem(config)) fail(source, key, *problem);
}

ExperimentConfig parse(Source source, const std::vector<std::string>& overrides) {
  require_object(source, source.document, json::json_pointer());
  // The types first: they decide which keys an error names.
  for (const bool types : {true, false}) {
    for (const std::string& override_text : overrides) {
      if (sets_type(override_text) == types) apply_override(override_text, source);
    }
  }
  require_known_keys(source);
  ExperimentConfig config;
  // The types first: they decide which other keys there are.
  for (const bool types : {true, false}) {
    for (const Key& key : experiment_keys()) {
      if ((key.name == "type") == types) read_key(source, key, config);
    }
  }
  if (config.name.empty()) config.name = name_from_file(source);
  for (const Key& key : experiment_keys()) require_dependency(source, key, config);
  return config;
}

}  // namespace

ExperimentConfig parse_experiment(std::string_view text, std::string_view origin,
                                  const std::vector<std::string>& overrides) {
  return parse({parse_strict_json(text, origin), std::string(origin), {}}, overrides);
}

std::string config_origin(const std::filesystem::path& word) {
  const std::filesystem::path file = find_config(word);
  return file == "-" ? "stdin" : file.string();
}

ExperimentConfig read_experiment(const std::filesystem::path& word,
                                 const std::vector<std::string>& overrides) {
  const std::filesystem::path file = find_config(word);
  std::error_code error;  // any other fault of the file is found when it is read
  if (std::filesystem::is_directory(file, error)) {
    throw Error(ExitCode::usage,
                fmt::format("cannot read {}: it is a folder, not a config", file.string()),
                "name a config file, for example the config.json in a run folder");
  }
  const std::string origin = config_origin(word);
  const bool is_named = !is_stream(file);
  const std::string text = read_input(file, kMaxConfigBytes, ExitCode::usage);
  return parse({parse_strict_json(text, origin), origin, {}, is_named}, overrides);
}

}  // namespace mnist_bench
