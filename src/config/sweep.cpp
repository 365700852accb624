#include "config/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/strict_json.h"
#include "config/keys.h"
#include "config/read.h"
#include "config/run_keys.h"
#include "config/shipped_configs.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRuns = 100'000;
constexpr std::size_t kLongestFolderName = 120;
constexpr std::array kSweepKeys = {"name", "configs", "seeds", "grid", "output"};

/// A sweep file while it is read.
struct Document {
  std::string file;
  /// The folder that its paths are relative to.
  std::filesystem::path folder;
  json content;

  [[noreturn]] void fail(const std::string& pointer, const std::string& problem) const {
    throw Error(ExitCode::usage, fmt::format("{}: {}: {}", file, pointer, problem));
  }
  [[noreturn]] void fail(const std::string& pointer, const json& found,
                         const std::string& allowed) const {
    fail(pointer, fmt::format("found {}; allowed: {}", excerpt(found), allowed));
  }
};

const Key& experiment_key(const std::string& path) {
  return *std::find_if(experiment_keys().begin(), experiment_keys().end(),
                       [&](const Key& key) { return key.path() == path; });
}

void require_known_keys(const Document& document) {
  if (!document.content.is_object()) document.fail("top level", document.content, "an object");
  if (document.content.contains("model") && !document.content.contains("configs")) {
    throw Error(ExitCode::usage, document.file + ": this is an experiment config, not a sweep",
                "train it with: mnist-bench run " + document.file);
  }
  for (const auto& [name, value] : document.content.items()) {
    if (name == kSchemaKey) continue;
    const std::vector<std::string> known(kSweepKeys.begin(), kSweepKeys.end());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto close = nearest(name, known);
    document.fail("/" + escaped(name),
                  fmt::format("unknown key (found {}); {}", excerpt(value),
                              close ? fmt::format("did you mean \"{}\"?", *close)
                                    : fmt::format("allowed: {}", fmt::join(known, ", "))));
  }
}

/// A string that the experiment key `like` would accept too, or `otherwise` where there is none.
std::string read_text(const Document& document, const std::string& name, const Key& like,
                      const std::string& otherwise) {
  if (!document.content.contains(name)) return otherwise;
  const json& value = document.content[name];
  if (!like.accepts(value)) document.fail("/" + name, value, like.allowed());
  return value;
}

std::uint64_t read_seed(const Document& document, const std::string& pointer, const json& value) {
  static const Key& seed = experiment_key("seed");
  if (!seed.accepts(value)) {
    document.fail(pointer, value, seed.allowed() + integer_advice(seed.rule, value));
  }
  return value;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// What a sweep file would have for "1-10" or "1,2,5".
json seeds_of(const std::string& text) {
  const auto number = [&](const std::string& digits) {
    const bool is_number = !digits.empty() && digits.size() <= 19 &&
                           digits.find_first_not_of("0123456789") == std::string::npos;
    if (is_number) return json(std::stoull(digits));
    throw Error(ExitCode::usage,
                fmt::format("--seeds {}: neither a range nor a list", escaped(text)),
                "write 1-10 or 1,2,5, without spaces");
  };
  if (const std::size_t dash = text.find('-'); dash != std::string::npos) {
    const json from = number(text.substr(0, dash));
    const json to = number(text.substr(dash + 1));
    if (from <= to) return {{"from", from}, {"to", to}};
    throw Error(ExitCode::usage,
                fmt::format("--seeds {}: the range ends before it starts", escaped(text)),
                fmt::format("did you mean {}-{}?", to.dump(), from.dump()));
  }
  json seeds = json::array();
  for (const std::string& digits : split_at_commas(text)) seeds.push_back(number(digits));
  return seeds;
}

std::vector<std::uint64_t> read_seeds(const Document& document) {
  const json value = document.content.value("seeds", json());
  const char* allowed = R"(a list of seeds, or {"from": 1, "to": 5})";
  std::vector<std::uint64_t> seeds;
  if (value.is_array() && !value.empty()) {
    std::set<std::uint64_t> known;
    for (std::size_t i = 0; i < value.size(); ++i) {
      seeds.push_back(read_seed(document, fmt::format("/seeds/{}", i), value[i]));
      if (!known.insert(seeds.back()).second) {
        document.fail(fmt::format("/seeds/{}", i), fmt::format("seed {} twice", seeds.back()));
      }
    }
  } else if (value.is_object() && value.size() == 2 && value.contains("from") &&
             value.contains("to")) {
    const std::uint64_t from = read_seed(document, "/seeds/from", value["from"]);
    const std::uint64_t to = read_seed(document, "/seeds/to", value["to"]);
    if (to < from || to - from >= kMostRuns) {
      document.fail(
          "/seeds/to", value["to"],
          fmt::format("{} to {} (at most {} seeds)", from, from + kMostRuns - 1, kMostRuns));
    }
    for (std::uint64_t seed = from; seed <= to; ++seed) seeds.push_back(seed);
  } else if (value.is_null()) {
    document.fail("/seeds", fmt::format("missing; allowed: {}", allowed));
  } else {
    document.fail("/seeds", value, allowed);
  }
  return seeds;
}

/// The keys of an axis, which commas separate.
std::vector<std::string> axis_keys(const Document& document, const std::string& pointer,
                                   const std::string& name) {
  std::vector<std::string> keys = split_at_commas(name);
  for (std::string& key : keys) {
    key.erase(0, key.find_first_not_of(' '));
    key.erase(key.find_last_not_of(' ') + 1);
  }
  for (const std::string& key : keys) {
    if (const auto own = own_key_of_sweep(key)) {
      document.fail(pointer, fmt::format("set by the sweep's own key \"{}\"", *own));
    }
    if (!defines_experiment(key)) {
      document.fail(
          pointer,
          fmt::format(
              "does not define the experiment, so a report could not distinguish its values; sweep "
              "once for each, with {}=VALUE and its own --output",
              key));
    }
  }
  return keys;
}

/// The overrides of one point of an axis.
std::vector<std::string> axis_point(const Document& document, const std::string& pointer,
                                    const GridAxis& axis, const json& value) {
  if (axis.keys.size() == 1) return {axis.keys.front() + "=" + value.dump()};
  if (!value.is_array() || value.size() != axis.keys.size()) {
    document.fail(fmt::format("{}/{}", pointer, axis.points.size()), value,
                  fmt::format("a list of {} values, one for each key", axis.keys.size()));
  }
  std::vector<std::string> point;
  for (std::size_t k = 0; k < axis.keys.size(); ++k) {
    point.push_back(axis.keys[k] + "=" + value[k].dump());
  }
  return point;
}

/// `where` points at `value`, which may be null: there is none.
std::vector<GridAxis> read_grid(const Document& document, const std::string& where,
                                const json& value) {
  if (value.is_null()) return {};
  if (!value.is_object()) document.fail(where, value, "an object of keys with lists of values");
  if (value.size() > experiment_keys().size()) {
    document.fail(where, fmt::format("{} keys, but there are only {}; see mnist-bench config "
                                     "reference",
                                     value.size(), experiment_keys().size()));
  }
  std::vector<GridAxis> grid;
  std::set<std::string> keys;
  for (const auto& [name, values] : value.items()) {
    const std::string pointer = fmt::format("{}/{}", where, escaped(name));
    GridAxis axis{.name = name, .keys = axis_keys(document, pointer, name), .points = {}};
    for (const std::string& key : axis.keys) {
      if (!keys.insert(key).second) document.fail(pointer, fmt::format("the key {} twice", key));
    }
    if (!values.is_array() || values.empty()) {
      document.fail(pointer, values, "a list of one or more values");
    }
    std::set<std::string> known;
    for (const json& item : values) {
      axis.points.push_back(axis_point(document, pointer, axis, item));
      if (!known.insert(item.dump()).second) {
        document.fail(pointer, fmt::format("the value {} twice", item.dump()));
      }
    }
    grid.push_back(std::move(axis));
  }
  return grid;
}

/// A path, or an object with a path and a grid of its own.
SweptConfig read_config(const Document& document, const std::string& pointer, const json& value,
                        const std::vector<GridAxis>& common) {
  const auto path_at = [&](const std::string& where, const json& text) {
    const Path path;
    if (!path.accepts(text)) document.fail(where, text, path.describe());
    return (document.folder / text.get<std::string>()).lexically_normal();
  };
  if (!value.is_object()) return {.file = path_at(pointer, value), .grid = common};
  for (const auto& [name, unused] : value.items()) {
    if (name == "config" || name == "grid") continue;
    document.fail(fmt::format("{}/{}", pointer, escaped(name)),
                  "unknown key; allowed: config, grid");
  }
  SweptConfig swept{.file = path_at(pointer + "/config", value.value("config", json())),
                    .grid = read_grid(document, pointer + "/grid", value.value("grid", json()))};
  for (const GridAxis& own : swept.grid) {
    for (const GridAxis& axis : common) {
      for (const std::string& key : axis.keys) {
        if (std::find(own.keys.begin(), own.keys.end(), key) == own.keys.end()) continue;
        document.fail(fmt::format("{}/grid/{}", pointer, escaped(own.name)),
                      fmt::format("the key {} is in the sweep's grid, too", key));
      }
    }
  }
  swept.grid.insert(swept.grid.begin(), common.begin(), common.end());
  return swept;
}

/// `grid`: of all configs, put before their own.
std::vector<SweptConfig> read_configs(const Document& document, const std::vector<GridAxis>& grid) {
  const json value = document.content.value("configs", json());
  const char* allowed = "a list of one or more paths of experiment configs";
  if (value.is_null()) document.fail("/configs", fmt::format("missing; allowed: {}", allowed));
  if (!value.is_array() || value.empty()) document.fail("/configs", value, allowed);
  std::vector<SweptConfig> configs;
  for (const json& item : value) {
    configs.push_back(
        read_config(document, fmt::format("/configs/{}", configs.size()), item, grid));
  }
  return configs;
}

/// Throws for too many runs, before any is planned: of this config, with all of the seeds, as often
/// as there are configs.
void require_few_runs(const SweepConfig& sweep, const SweptConfig& config) {
  std::vector<std::size_t> factors = {sweep.configs.size(), sweep.seeds.size()};
  std::string product = fmt::format("configs: {} × seeds: {}", factors[0], factors[1]);
  for (const GridAxis& axis : config.grid) {
    factors.push_back(axis.points.size());
    product += fmt::format(" × {}: {}", axis.name, axis.points.size());
  }
  // No factor is 0, and the quotients do not overflow as the product would.
  std::size_t remaining = kMostRuns;
  for (const std::size_t factor : factors) remaining /= factor;
  if (remaining > 0) return;
  throw Error(
      ExitCode::usage,
      fmt::format("{}: {} makes more than {} runs", sweep.file.string(), product, kMostRuns),
      "use a smaller grid or fewer seeds, or split it into several sweeps");
}

/// All points of the grid as overrides; one empty point for an empty grid.
std::vector<std::vector<std::string>> grid_points(const std::vector<GridAxis>& grid) {
  std::vector<std::vector<std::string>> points = {{}};
  for (const GridAxis& axis : grid) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& point : points) {
      for (const std::vector<std::string>& of_axis : axis.points) {
        longer.push_back(point);
        longer.back().insert(longer.back().end(), of_axis.begin(), of_axis.end());
      }
    }
    points = std::move(longer);
  }
  return points;
}

/// `text` with '_' for whatever is not a letter, a digit or in `allowed`.
std::string safe(std::string text, std::string_view allowed) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        allowed.find(c) == std::string_view::npos) {
      c = '_';
    }
  }
  return text;
}

/// A grid value, given as JSON text, as a part of a folder's name: a string without its quotes. So
/// that no two values share a name, strings such as "a/b", which would be a_b, and "null", which
/// would be null, end with a hash.
std::string value_name(const std::string& text) {
  const json value = json::parse(text);
  if (!value.is_string()) return safe(text, "._-,");
  const std::string word = value.get<std::string>();
  const std::string name = safe(word, "._-");
  if (name == word && !json::accept(word)) return name;
  return name + "_" + sha256_hex(text).substr(0, 8);
}

/// A point of the grid as the name of a folder: "optimizer.learning_rate=0.01,model.dropout=0".
std::string folder_name(const std::vector<std::string>& point) {
  std::vector<std::string> parts;
  for (const std::string& setting : point) {
    const std::size_t equals = setting.find('=');
    parts.push_back(setting.substr(0, equals + 1) + value_name(setting.substr(equals + 1)));
  }
  const std::string name = fmt::format("{}", fmt::join(parts, ","));
  if (name.size() <= kLongestFolderName) return name;
  const std::string hash = sha256_hex(fmt::format("{}", fmt::join(point, ","))).substr(0, 16);
  return name.substr(0, kLongestFolderName - hash.size() - 1) + "_" + hash;
}

/// All that the sweep varies.
std::vector<GridAxis> axes_of(const SweepConfig& sweep) {
  std::vector<GridAxis> axes;
  for (const SweptConfig& config : sweep.configs) {
    axes.insert(axes.end(), config.grid.begin(), config.grid.end());
  }
  return axes;
}

void require_free_keys(const SweepConfig& sweep, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    const std::string key = text.substr(0, text.find('='));
    if (const auto own = own_key_of_sweep(key)) {
      throw Error(ExitCode::usage, fmt::format("{}: a sweep sets {} itself", escaped(text), key),
                  key == "output" ? "use --output DIR"
                                  : fmt::format("change \"{}\" in the sweep file", *own));
    }
    for (const GridAxis& axis : axes_of(sweep)) {
      if (std::find(axis.keys.begin(), axis.keys.end(), key) != axis.keys.end()) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: {} is in the sweep's grid", escaped(text), key),
                    "change the grid, or override another key");
      }
    }
  }
}

/// The result of `make` for a config. Its errors also name the sweep file, which names the config.
template <typename Make>
auto naming_sweep(const SweepConfig& sweep, const std::filesystem::path& config, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    throw Error(
        error.code(),
        fmt::format("{}, config {}: {}", sweep.file.string(), config.string(), error.what()),
        std::filesystem::exists(config) ? error.remedy()
                                        : "configs are relative to the folder of the sweep file");
  }
}

/// `file`, or the shipped config that it names, which is then refused for what it is.
std::filesystem::path found_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) return file;
  const std::vector<std::string> names = shipped_config_names();
  const bool is_name = std::find(names.begin(), names.end(), file.string()) != names.end();
  return is_name ? find_config(file) : file;
}

}  // namespace

SweepConfig read_sweep(const std::filesystem::path& file, const std::optional<std::string>& output,
                       const std::optional<std::string>& seeds) {
  const bool is_named = !is_stream(file);
  const std::string origin = file == "-" ? "stdin" : file.string();
  Document document{.file = origin,
                    .folder = is_named ? file.parent_path() : std::filesystem::path(),
                    .content = parse_strict_json(
                        read_input(found_file(file), kMaxConfigBytes, ExitCode::usage), origin)};
  require_known_keys(document);
  if (output) document.content["output"] = *output;
  if (seeds) document.content["seeds"] = seeds_of(*seeds);
  SweepConfig sweep;
  sweep.file = origin;
  const Key& name = experiment_key("name");
  if (!is_named && !document.content.contains("name")) {
    document.fail("/name", "missing, and there is no file to take the name from; add \"name\"");
  }
  sweep.name = read_text(document, "name", name, file.stem().string());
  if (!name.accepts(sweep.name)) {
    document.fail("/name", fmt::format("missing, and the file's name \"{}\" is not a valid name",
                                       escaped(sweep.name)));
  }
  sweep.configs =
      read_configs(document, read_grid(document, "/grid", document.content.value("grid", json())));
  sweep.seeds = read_seeds(document);
  sweep.output = read_text(document, "output", experiment_key("output"), "runs/{name}");
  if (sweep.output.find("{seed}") != std::string::npos) {
    document.fail("/output", "the sweep's folder cannot depend on {seed}");
  }
  ExperimentConfig named;
  named.name = sweep.name;
  named.output = sweep.output;
  sweep.output = output_folder(named).string();
  return sweep;
}

std::vector<ExperimentConfig> plan_sweep(const SweepConfig& sweep,
                                         const std::vector<std::string>& overrides) {
  require_free_keys(sweep, overrides);
  for (const SweptConfig& config : sweep.configs) require_few_runs(sweep, config);
  std::vector<ExperimentConfig> plan;
  std::map<std::string, std::filesystem::path> folders;  // and the config that took each
  std::map<std::string, std::string> experiments;        // and the folder of each
  for (const SweptConfig& swept : sweep.configs) {
    const std::filesystem::path& file = swept.file;
    const std::string text = naming_sweep(
        sweep, file, [&] { return read_file(file, kMaxConfigBytes, ExitCode::usage); });
    for (const auto& point : grid_points(swept.grid)) {
      std::vector<std::string> all = overrides;
      all.insert(all.end(), point.begin(), point.end());
      ExperimentConfig config =
          naming_sweep(sweep, file, [&] { return parse_experiment(text, file.string(), all); });
      std::filesystem::path folder = std::filesystem::path(sweep.output) / config.name;
      if (!point.empty()) folder /= folder_name(point);
      if (const auto [taken, is_new] = folders.emplace(folder.string(), file); !is_new) {
        throw Error(ExitCode::usage,
                    fmt::format("{} and {} would both write to {}", taken->second.string(),
                                file.string(), folder.string()),
                    "give each config its own \"name\"");
      }
      if (const auto [same, is_new] = experiments.emplace(config_hash(config), folder.string());
          !is_new) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: {} and {} would be the same experiment", sweep.file.string(),
                                same->second, folder.string()),
                    "leave one of them out");
      }
      for (const std::uint64_t seed : sweep.seeds) {
        config.seed = seed;
        config.output = (folder / fmt::format("seed-{}", seed)).string();
        plan.push_back(config);
      }
    }
  }
  return plan;
}

std::vector<std::string> seed_warnings(const std::vector<ExperimentConfig>& runs) {
  std::map<std::string, std::size_t> seeds;  // of each experiment
  std::set<std::string> warned;              // names
  std::vector<std::string> warnings;
  for (const ExperimentConfig& run : runs) {
    if (is_network(run.model) || ++seeds[config_hash(run)] < 2) continue;
    if (!warned.insert(run.name).second) continue;
    warnings.push_back(
        fmt::format("{}: a seed changes nothing with model.type \"{}\": each further one computes "
                    "the same again; one is enough",
                    run.name, model_type(run.model)));
  }
  return warnings;
}

std::vector<ExperimentConfig> shard_of(const std::vector<ExperimentConfig>& plan,
                                       std::int64_t index, std::int64_t count) {
  std::vector<ExperimentConfig> shard;
  for (auto i = static_cast<std::size_t>(index - 1); i < plan.size();
       i += static_cast<std::size_t>(count)) {
    shard.push_back(plan[i]);
  }
  return shard;
}

}  // namespace mnist_bench
