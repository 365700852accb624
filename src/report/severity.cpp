#include "report/severity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "transform/kind.h"

namespace mnist_bench {
namespace {

double number_of(const Setting& setting) {
  const auto* integer = std::get_if<std::int64_t>(&setting);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(setting);
}

std::string setting_text(const Setting& setting) {
  return std::visit([](const auto& value) { return fmt::format("{}", value); }, setting);
}

/// The distance of a shift along a row, a column or a diagonal; nothing for another one.
std::optional<std::int64_t> shift_distance(const Transform& transform) {
  const std::int64_t dx = std::abs(std::get<std::int64_t>(transform.settings.at(0)));
  const std::int64_t dy = std::abs(std::get<std::int64_t>(transform.settings.at(1)));
  if (dx != dy && dx != 0 && dy != 0) return std::nullopt;
  return std::max(dx, dy);
}

/// A family of its own.
ChainSeverity severity_alone(std::size_t order, const std::string& spec) {
  return {.order = order, .family = spec, .axis = "", .unchanged_at = {}, .name = spec};
}

/// A run's accuracies at one severity, by SPEC.
using RunAtPoint = std::map<std::string, double>;
using RunKey = std::pair<std::size_t, std::uint64_t>;  ///< group and seed

struct PointValues {
  std::string name;
  std::int64_t images = 0;
  std::map<RunKey, RunAtPoint> runs;
};

struct FamilyValues {
  std::string axis;
  std::optional<double> unchanged_at;
  std::map<std::pair<double, std::string>, PointValues> points;
};
using FamilyKey = std::pair<std::size_t, std::string>;

/// The set of SPECs that most runs have; of equals the largest.
std::vector<std::string> usual_specs(const PointValues& values) {
  std::map<std::vector<std::string>, std::size_t> runs_with;
  for (const auto& [run, accuracies] : values.runs) {
    std::vector<std::string> specs;
    for (const auto& [spec, accuracy] : accuracies) specs.push_back(spec);
    ++runs_with[specs];
  }
  return std::max_element(runs_with.begin(), runs_with.end(),
                          [](const auto& a, const auto& b) {
                            return std::pair(a.second, a.first.size()) <
                                   std::pair(b.second, b.first.size());
                          })
      ->first;
}

/// The mean over `specs`; nothing for a run that lacks one of them.
std::optional<double> mean_over(const std::vector<std::string>& specs, const RunAtPoint& run) {
  double sum = 0.0;
  for (const std::string& spec : specs) {
    const auto found = run.find(spec);
    if (found == run.end()) return std::nullopt;
    sum += found->second;
  }
  return sum / static_cast<double>(specs.size());
}

SeverityPoint point_of(double severity, const PointValues& values, std::size_t groups) {
  SeverityPoint point{.severity = severity,
                      .name = values.name,
                      .specs = usual_specs(values),
                      .images = values.images,
                      .accuracy = std::vector<ValuesBySeed>(groups)};
  for (const auto& [run, accuracies] : values.runs) {
    const auto& [group, seed] = run;
    if (const auto mean = mean_over(point.specs, accuracies)) point.accuracy[group][seed] = *mean;
  }
  return point;
}

void add_run(const StoredRun& run, std::size_t group, const StoredEvaluation& stored,
             std::map<FamilyKey, FamilyValues>& families) {
  const Evaluation& evaluation = stored.evaluation;
  const std::optional<double> accuracy = own_accuracy(stored);
  if (!accuracy) return;
  const std::optional<ChainSeverity> where = severity_of(evaluation.transform);
  if (!where) return;
  FamilyValues& family = families[{where->order, where->family}];
  family.axis = where->axis;
  family.unchanged_at = where->unchanged_at;
  PointValues& point = family.points[{where->severity, where->name}];
  point.name = where->name;
  point.images = evaluation.data.samples;
  point.runs[{group, run.result.config.seed}][canonical_spec(evaluation.transform)] = *accuracy;
}

/// The accuracies without a transform of the runs at any of the points.
std::vector<ValuesBySeed> clean_of(const std::vector<RunGroup>& groups,
                                   const std::vector<SeverityPoint>& points) {
  std::vector<ValuesBySeed> clean(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const StoredRun& run : groups[g].completed) {
      const std::uint64_t seed = run.result.config.seed;
      const bool shown = std::any_of(points.begin(), points.end(), [&](const SeverityPoint& point) {
        return point.accuracy[g].contains(seed);
      });
      const std::optional<double>& accuracy = run.result.test->metrics.accuracy;
      if (shown && accuracy) clean[g][seed] = *accuracy;
    }
  }
  return clean;
}

}  // namespace

std::optional<ChainSeverity> severity_of(const TransformChain& chain) {
  TransformChain changing = chain;
  std::erase_if(changing, [](const Transform& each) { return each.type == "identity"; });
  if (changing.empty()) return std::nullopt;
  const std::vector<TransformKind>& kinds = transform_kinds();
  const std::string spec = canonical_spec(changing);
  if (changing.size() > 1) return severity_alone(kinds.size(), spec);
  const Transform& transform = changing.front();
  const TransformKind* const kind = find_transform_kind(transform.type);
  const auto order = static_cast<std::size_t>(kind - kinds.data());
  if (transform.type == "shift") {
    const auto distance = shift_distance(transform);
    if (!distance) return severity_alone(order, spec);
    return ChainSeverity{.order = order,
                         .family = "shift",
                         .axis = "distance [px], mean of the directions",
                         .unchanged_at = 0.0,
                         .severity = static_cast<double>(*distance),
                         .name = fmt::format("{} px", *distance)};
  }
  // Two seeds of a random stream are no severities.
  if (kind->keys.empty() || kind->keys.front().name == "seed") return severity_alone(order, spec);
  std::string family = transform.type;
  for (std::size_t i = 1; i < kind->keys.size(); ++i) {
    family += fmt::format(", {} {}", kind->keys[i].name, setting_text(transform.settings.at(i)));
  }
  return ChainSeverity{.order = order,
                       .family = family,
                       .axis = kind->keys.front().name,
                       .unchanged_at = kind->unchanged_at,
                       .severity = number_of(transform.settings.front()),
                       .name = setting_text(transform.settings.front())};
}

ChainOrder order_of(const TransformChain& chain) {
  ChainOrder order{.family = {}, .spec = canonical_spec(chain)};
  const std::optional<ChainSeverity> where = severity_of(chain);
  if (!where) return order;
  order.changes_images = true;
  order.kind = where->order;
  order.family = where->family;
  order.severity = where->severity;
  return order;
}

std::vector<TransformFamily> transform_families(const std::vector<RunGroup>& groups,
                                                const EvaluationsOfRuns& evaluations) {
  std::map<FamilyKey, FamilyValues> values;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const StoredRun& run : groups[g].completed) {
      const auto of_run = evaluations.find(run.folder);
      if (of_run == evaluations.end()) continue;
      for (const StoredEvaluation& stored : of_run->second) add_run(run, g, stored, values);
    }
  }
  const std::vector<TransformKind>& kinds = transform_kinds();
  std::vector<TransformFamily> families;
  for (const auto& [key, of_family] : values) {
    const std::size_t order = key.first;
    TransformFamily family{.type = order < kinds.size() ? std::string(kinds[order].type) : "",
                           .name = key.second,
                           .axis = of_family.axis,
                           .unchanged_at = of_family.unchanged_at,
                           .points = {},
                           .clean = {}};
    for (const auto& [at, point] : of_family.points) {
      family.points.push_back(point_of(at.first, point, groups.size()));
    }
    family.clean = clean_of(groups, family.points);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      for (SeverityPoint& point : family.points) {
        point.accuracy[g].is_at_every_seed = is_deterministic(groups[g]);
      }
      family.clean[g].is_at_every_seed = is_deterministic(groups[g]);
    }
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace mnist_bench
