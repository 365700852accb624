#include "transform/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/strict_json.h"
#include "transform/kind.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kMostSuiteBytes = std::size_t{1} << 20U;
constexpr std::size_t kMostPoints = 1'000;

/// The clean set and all severities of the kinds of these types; none: of all.
std::vector<TransformChain> severities_of(const std::vector<std::string_view>& types) {
  std::vector<TransformChain> points = {{}};
  for (const TransformKind& kind : transform_kinds()) {
    const bool is_meant =
        types.empty() || std::find(types.begin(), types.end(), kind.type) != types.end();
    if (!is_meant) continue;
    for (const std::vector<Setting>& settings : kind.severities) {
      points.push_back({{.type = std::string(kind.type), .settings = settings}});
    }
  }
  return points;
}

std::vector<TransformChain> quick_points() {
  constexpr std::array kSpecs = {
      "identity",          "shift:dx=2",   "rotate:degrees=15", "gaussian_noise:sigma=0.3",
      "salt_pepper:p=0.1", "blur:sigma=1", "occlude:size=8",    "contrast:factor=0.4",
      "elastic:alpha=16"};
  std::vector<TransformChain> points;
  for (const char* spec : kSpecs) points.push_back(parse_spec(spec, "suite quick"));
  return points;
}

/// A point of a file: a SPEC, or the list of transforms that configs have. `where` is for errors.
TransformChain parse_point(const nlohmann::json& point, const std::string& where) {
  if (point.is_string()) return parse_spec(point.get<std::string>(), where + ":");
  if (!point.is_array()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: found {}; allowed: a SPEC, or a list of transforms", where,
                    excerpt(point)),
        R"(write, for example, "rotate:degrees=15", or [{"type": "rotate", "degrees": 15}])");
  }
  if (const auto problem = problem_in_transforms(point)) {
    throw Error(ExitCode::usage,
                fmt::format("{}, {}: {}", where, problem->where.to_string(), problem->text));
  }
  return point.get<TransformChain>();
}

Suite read_suite(const std::string& file) {
  const std::string name = std::filesystem::path(file).stem().string();
  const std::vector<std::string> shipped = suite_names();
  if (std::find(shipped.begin(), shipped.end(), name) != shipped.end()) {
    throw Error(ExitCode::usage, fmt::format("{}: its name is that of suite {}", file, name),
                "rename the file: a suite is named by its file");
  }
  const std::string text = read_input(file, kMostSuiteBytes, ExitCode::usage);
  const nlohmann::json list = parse_strict_json(text, file);
  if (!list.is_array() || list.empty() || list.size() > kMostPoints) {
    throw Error(ExitCode::usage,
                fmt::format("{}: found {}; allowed: a list of 1 to {} points", file, excerpt(list),
                            kMostPoints),
                R"(write, for example, ["identity", "rotate:degrees=15"])");
  }
  Suite suite{.name = name, .points = {}};
  for (std::size_t i = 0; i < list.size(); ++i) {
    TransformChain chain = parse_point(list[i], fmt::format("{}, /{}", file, i));
    if (canonical_spec(chain) == canonical_spec({})) chain.clear();
    if (std::find(suite.points.begin(), suite.points.end(), chain) == suite.points.end()) {
      suite.points.push_back(std::move(chain));
    }
  }
  return suite;
}

/// What to do about a name that is no suite's.
std::string remedy_for(const std::string& name) {
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) {
    return fmt::format("evaluate takes a folder of MNIST-C as mnist-c:{}", escaped(name));
  }
  if (name.ends_with(".json")) return "there is no such file here; name one with a list of SPECs";
  return fmt::format(
      "name {}, or a JSON file with a list of SPECs; evaluate also takes mnist-c:DIR",
      fmt::join(suite_names(), ", "));
}

}  // namespace

std::vector<std::string> specs_of(const Suite& suite) {
  std::vector<std::string> specs;
  for (const TransformChain& chain : suite.points) specs.push_back(canonical_spec(chain));
  return specs;
}

std::vector<std::string> suite_names() { return {"standard", "shift", "noise", "quick"}; }

std::optional<Suite> shipped_suite(const std::string& name) {
  if (name == "standard") return Suite{.name = name, .points = severities_of({})};
  if (name == "shift") return Suite{.name = name, .points = severities_of({"shift"})};
  if (name == "noise") {
    return Suite{.name = name,
                 .points = severities_of({"gaussian_noise", "salt_pepper", "shot_noise"})};
  }
  if (name == "quick") return Suite{.name = name, .points = quick_points()};
  return std::nullopt;
}

Suite find_suite(const std::string& name) {
  std::error_code error;
  if (is_stream(name) || std::filesystem::is_regular_file(name, error)) return read_suite(name);
  if (const auto suite = shipped_suite(name)) return *suite;
  const auto close = nearest(name, suite_names());
  throw Error(ExitCode::usage,
              fmt::format("there is no suite '{}'{}", escaped(name),
                          close ? fmt::format("; did you mean '{}'?", *close) : ""),
              remedy_for(name));
}

}  // namespace mnist_bench
