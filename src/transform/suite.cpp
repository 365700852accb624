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

/// The clean set and all severities of the kinds that are called `type`; empty: of all.
std::vector<TransformChain> severities_of(std::string_view type) {
  std::vector<TransformChain> points = {{}};
  for (const TransformKind& kind : transform_kinds()) {
    if (!type.empty() && kind.type != type) continue;
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

Suite read_suite(const std::string& file) {
  const std::string text = read_input(file, kMostSuiteBytes, ExitCode::usage);
  const nlohmann::json list = parse_strict_json(text, file);
  const auto is_spec = [](const nlohmann::json& item) { return item.is_string(); };
  if (!list.is_array() || list.empty() || list.size() > kMostPoints ||
      !std::all_of(list.begin(), list.end(), is_spec)) {
    throw Error(ExitCode::usage,
                fmt::format("{}: found {}; allowed: a list of 1 to {} SPECs", file, excerpt(list),
                            kMostPoints),
                R"(write, for example, ["identity", "rotate:degrees=15"])");
  }
  Suite suite{.name = std::filesystem::path(file).stem().string(), .points = {}};
  for (const nlohmann::json& spec : list) {
    TransformChain chain = parse_spec(spec.get<std::string>(), file + ":");
    if (canonical_spec(chain) == canonical_spec({})) chain.clear();
    if (std::find(suite.points.begin(), suite.points.end(), chain) == suite.points.end()) {
      suite.points.push_back(std::move(chain));
    }
  }
  return suite;
}

}  // namespace

std::vector<std::string> suite_names() { return {"standard", "shift", "quick"}; }

std::optional<Suite> shipped_suite(const std::string& name) {
  if (name == "standard") return Suite{.name = name, .points = severities_of("")};
  if (name == "shift") return Suite{.name = name, .points = severities_of(name)};
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
              fmt::format("name {}, a JSON file with a list of SPECs, or mnist-c:DIR",
                          fmt::join(suite_names(), ", ")));
}

}  // namespace mnist_bench
