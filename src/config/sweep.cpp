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

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/strict_json.h"
#include "config/keys.h"
#include "config/read.h"
#include "config/run_keys.h"
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

std::vector<std::filesystem::path> read_configs(const Document& document) {
  const json value = document.content.value("configs", json());
  const char* allowed = "a list of one or more paths of experiment configs";
  if (value.is_null()) document.fail("/configs", fmt::format("missing; allowed: {}", allowed));
  if (!value.is_array() || value.empty()) document.fail("/configs", value, allowed);
  std::vector<std::filesystem::path> configs;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Path path;
    if (!path.accepts(value[i])) {
      document.fail(fmt::format("/configs/{}", i), value[i], path.describe());
    }
    configs.push_back((document.folder / value[i].get<std::string>()).lexically_normal());
  }
  return configs;
}

std::uint64_t read_seed(const Document& document, const std::string& pointer, const json& value) {
  static const Key& seed = experiment_key("seed");
  if (!seed.accepts(value)) document.fail(pointer, value, seed.allowed());
  return value;
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

std::vector<GridAxis> read_grid(const Document& document) {
  const json value = document.content.value("grid", json::object());
  if (!value.is_object()) document.fail("/grid", value, "an object of keys with lists of values");
  if (value.size() > experiment_keys().size()) {
    document.fail("/grid", fmt::format("{} keys, but there are only {}; see mnist-bench config "
                                       "reference",
                                       value.size(), experiment_keys().size()));
  }
  std::vector<GridAxis> grid;
  for (const auto& [key, values] : value.items()) {
    const std::string pointer = "/grid/" + escaped(key);
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
    if (!values.is_array() || values.empty()) {
      document.fail(pointer, values, "a list of one or more values");
    }
    GridAxis axis{.key = key, .values = {}};
    std::set<std::string> known;
    for (const json& item : values) {
      axis.values.push_back(item.dump());
      if (!known.insert(axis.values.back()).second) {
        document.fail(pointer, fmt::format("the value {} twice", axis.values.back()));
      }
    }
    grid.push_back(std::move(axis));
  }
  return grid;
}

/// Throws for too many runs, before any is planned.
void require_few_runs(const SweepConfig& sweep) {
  std::vector<std::size_t> factors = {sweep.configs.size(), sweep.seeds.size()};
  std::string product = fmt::format("configs: {} × seeds: {}", factors[0], factors[1]);
  for (const GridAxis& axis : sweep.grid) {
    factors.push_back(axis.values.size());
    product += fmt::format(" × {}: {}", axis.key, axis.values.size());
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
      for (const std::string& value : axis.values) {
        longer.push_back(point);
        longer.back().push_back(axis.key + "=" + value);
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

void require_free_keys(const SweepConfig& sweep, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    const std::string key = text.substr(0, text.find('='));
    if (const auto own = own_key_of_sweep(key)) {
      throw Error(ExitCode::usage, fmt::format("{}: a sweep sets {} itself", escaped(text), key),
                  key == "output" ? "use --output DIR"
                                  : fmt::format("change \"{}\" in the sweep file", *own));
    }
    for (const GridAxis& axis : sweep.grid) {
      if (axis.key == key) {
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

}  // namespace

SweepConfig read_sweep(const std::filesystem::path& file,
                       const std::optional<std::string>& output) {
  const bool is_named = !is_stream(file);
  const std::string origin = file == "-" ? "stdin" : file.string();
  Document document{
      .file = origin,
      .folder = is_named ? file.parent_path() : std::filesystem::path(),
      .content = parse_strict_json(read_input(file, kMaxConfigBytes, ExitCode::usage), origin)};
  require_known_keys(document);
  if (output) document.content["output"] = *output;
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
  sweep.configs = read_configs(document);
  sweep.seeds = read_seeds(document);
  sweep.grid = read_grid(document);
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
  require_few_runs(sweep);
  const auto points = grid_points(sweep.grid);
  std::vector<ExperimentConfig> plan;
  std::map<std::string, std::filesystem::path> folders;  // and the config that took each
  for (const std::filesystem::path& file : sweep.configs) {
    const std::string text = naming_sweep(
        sweep, file, [&] { return read_file(file, kMaxConfigBytes, ExitCode::usage); });
    for (const auto& point : points) {
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
      for (const std::uint64_t seed : sweep.seeds) {
        config.seed = seed;
        config.output = (folder / fmt::format("seed-{}", seed)).string();
        plan.push_back(config);
      }
    }
  }
  return plan;
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
