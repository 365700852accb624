#include "report/corruption_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/json_of.h"
#include "base/text.h"
#include "report/rounding.h"
#include "report/severity.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// A kind of corruption, in the order of the kinds.
using Kind = std::pair<std::size_t, std::string>;
using Severity = std::pair<double, std::string>;

/// A set of corrupted images.
struct CorruptedSet {
  Kind kind;
  Severity severity;
  std::string data;
  std::string spec;
  std::int64_t images = 0;

  bool operator==(const CorruptedSet&) const = default;
  bool operator<(const CorruptedSet& other) const {
    return std::tie(kind, severity, data, spec, images) <
           std::tie(other.kind, other.severity, other.data, other.spec, other.images);
  }
};
/// The shares of wrong images, 0 … 1.
using Errors = std::map<CorruptedSet, double>;

/// Nothing for images without a corruption.
std::optional<CorruptedSet> corrupted_set(const StoredEvaluation& stored) {
  const Evaluation& evaluation = stored.evaluation;
  CorruptedSet set{.kind = {},
                   .severity = {},
                   .data = stored.data,
                   .spec = canonical_spec(evaluation.transform),
                   .images = evaluation.data.samples};
  if (stored.data.starts_with(kMnistCData)) {
    if (stored.data == std::string(kMnistCData) + "identity") return std::nullopt;
    set.kind = {std::numeric_limits<std::size_t>::max(), stored.data};
    set.severity = {0.0, stored.data};
    return set;
  }
  const std::optional<ChainSeverity> where = severity_of(evaluation.transform);
  if (!where || (!where->axis.empty() && where->unchanged_at == where->severity)) {
    return std::nullopt;
  }
  set.kind = {where->order, where->family};
  set.severity = {where->severity, where->name};
  return set;
}

Errors errors_of(const StoredRun& run, const EvaluationsOfRuns& evaluations) {
  Errors errors;
  const auto of_run = evaluations.find(run.folder);
  if (of_run == evaluations.end()) return errors;
  for (const StoredEvaluation& stored : of_run->second) {
    const std::optional<double>& accuracy = stored.evaluation.test.metrics.accuracy;
    const std::optional<CorruptedSet> set = corrupted_set(stored);
    if (set && accuracy) errors[*set] = 1.0 - *accuracy;
  }
  return errors;
}

std::vector<Errors> errors_of(const RunGroup& group, const EvaluationsOfRuns& evaluations) {
  std::vector<Errors> all;
  for (const StoredRun& run : group.completed) all.push_back(errors_of(run, evaluations));
  return all;
}

bool have_same_sets(const Errors& a, const Errors& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](const auto& one, const auto& other) { return one.first == other.first; });
}

/// Of runs with the same sets.
Errors mean_of(const std::vector<Errors>& runs) {
  Errors mean;
  for (const Errors& errors : runs) {
    for (const auto& [set, error] : errors) {
      mean[set] += error / static_cast<double>(runs.size());
    }
  }
  return mean;
}

/// The error at each severity, the mean over its sets (directions of a shift).
using BySeverity = std::map<Severity, double>;

std::map<Kind, BySeverity> by_kind(const Errors& errors) {
  std::map<Kind, std::map<Severity, std::vector<double>>> values;
  for (const auto& [set, error] : errors) values[set.kind][set.severity].push_back(error);
  std::map<Kind, BySeverity> kinds;
  for (const auto& [kind, severities] : values) {
    for (const auto& [severity, of_severity] : severities) {
      kinds[kind][severity] = *summary_of(of_severity).mean;
    }
  }
  return kinds;
}

double sum_of(const BySeverity& errors) {
  double sum = 0.0;
  for (const auto& [severity, error] : errors) sum += error;
  return sum;
}

/// The ratio of each kind in which the baseline errs.
std::vector<RelativeError> relative_errors(const Errors& errors, const Errors& baseline) {
  std::vector<RelativeError> relative;
  const std::map<Kind, BySeverity> of_kinds = by_kind(errors);
  for (const auto& [kind, severities] : by_kind(baseline)) {
    const double sum = sum_of(severities);
    if (sum <= 0.0) continue;
    RelativeError of_kind{.kind = kind.second,
                          .severities = {},
                          .baseline_error = sum / static_cast<double>(severities.size()),
                          .ratio = sum_of(of_kinds.at(kind)) / sum};
    for (const auto& [severity, error] : severities) {
      of_kind.severities.push_back(severity.second);
    }
    relative.push_back(std::move(of_kind));
  }
  return relative;
}

double mce_of(const std::vector<RelativeError>& kinds) {
  double sum = 0.0;
  for (const RelativeError& kind : kinds) sum += kind.ratio;
  return 100.0 * sum / static_cast<double>(kinds.size());
}

bool has_same_runs(const RunGroup& a, const RunGroup& b) {
  const auto folders = [](const RunGroup& group) {
    std::set<std::filesystem::path> all;
    for (const StoredRun& run : group.completed) all.insert(run.folder);
    return all;
  };
  return folders(a) == folders(b);
}

/// Why the group has no mCE; nothing where it has one.
std::optional<std::string> problem_with(const RunGroup& group, const std::vector<Errors>& runs,
                                        const RunGroup& baseline, const Errors& baseline_errors) {
  const bool same_sets = std::all_of(runs.begin(), runs.end(), [&](const Errors& errors) {
    return have_same_sets(errors, baseline_errors);
  });
  if (!same_sets) {
    return fmt::format("{} has no mCE: a run of it lacks sets of images of {}, or has others.",
                       group.label, baseline.label);
  }
  const bool is_own_test_set =
      std::any_of(baseline_errors.begin(), baseline_errors.end(),
                  [](const auto& error) { return error.first.data == kOwnTestSet; });
  if (is_own_test_set && !share_test_images(group, baseline)) {
    return fmt::format("{} has no mCE: its test images are not those of {}.", group.label,
                       baseline.label);
  }
  return std::nullopt;
}

std::string mce_text(const GroupCorruptionError& group) {
  const double sd = group.mce.sd.value_or(0.0);
  const int decimals = decimals_for(sd, 100.0, /*otherwise=*/1);
  std::string text = fmt::format("{} {}", group.group, rounded(*group.mce.mean, decimals));
  if (group.mce.sd) text += " ± " + rounded(sd, decimals);
  if (group.mce.is_deterministic) text += fmt::format(" ({})", kDeterministic);
  return fmt::format("{} (n = {})", text, group.mce.n);
}

ReportTable kinds_table(const CorruptionErrors& errors) {
  ReportTable table{.title = "",
                    .columns = {Align::left, Align::right, Align::right},
                    .header = {"corruption", "severities", errors.baseline + " error [%]"},
                    .rows = {}};
  for (const RelativeError& kind : errors.groups.front().kinds) {
    table.rows.push_back({kind.kind, std::to_string(kind.severities.size()),
                          fmt::format("{:.2f}", 100.0 * kind.baseline_error)});
  }
  for (const GroupCorruptionError& group : errors.groups) {
    table.columns.push_back(Align::right);
    table.header.push_back(group.group);
    for (std::size_t i = 0; i < group.kinds.size(); ++i) {
      table.rows[i].push_back(fmt::format("{:.2f}", group.kinds[i].ratio));
    }
  }
  return table;
}

}  // namespace

CorruptionErrors corruption_errors(const RunGroup& baseline, const std::vector<RunGroup>& groups,
                                   const EvaluationsOfRuns& evaluations) {
  CorruptionErrors found{.baseline = baseline.label,
                         .baseline_runs = static_cast<std::int64_t>(baseline.completed.size()),
                         .groups = {},
                         .notes = {}};
  const std::vector<Errors> baseline_runs = errors_of(baseline, evaluations);
  const Errors mean = mean_of(baseline_runs);
  if (mean.empty()) {
    found.notes.emplace_back(
        "There is no mCE: none of these sets of images has a corruption (a transform other than "
        "the identity).");
    return found;
  }
  for (const auto& [kind, severities] : by_kind(mean)) {
    if (sum_of(severities) > 0.0) continue;
    found.notes.push_back(
        fmt::format("{} is left out: {} makes no error there, and nothing can be divided by 0.",
                    kind.second, baseline.label));
  }
  for (const RunGroup& group : groups) {
    if (group.completed.empty() || has_same_runs(group, baseline)) continue;
    const std::vector<Errors> runs = errors_of(group, evaluations);
    std::vector<Errors> all = runs;
    all.insert(all.end(), baseline_runs.begin(), baseline_runs.end());
    if (const auto problem = problem_with(group, all, baseline, mean)) {
      found.notes.push_back(*problem);
      continue;
    }
    GroupCorruptionError of_group{
        .group = group.label, .mce = {}, .kinds = relative_errors(mean_of(runs), mean)};
    if (of_group.kinds.empty()) continue;
    std::vector<double> mce;
    for (const Errors& errors : runs) mce.push_back(mce_of(relative_errors(errors, mean)));
    of_group.mce = summary_of_results(group, mce);
    found.groups.push_back(std::move(of_group));
  }
  return found;
}

std::string to_text(const CorruptionErrors& errors) {
  std::string text;
  if (!errors.groups.empty()) {
    text = fmt::format("mCE against {} (n = {}), which has 100:\n", errors.baseline,
                       errors.baseline_runs);
    for (const GroupCorruptionError& group : errors.groups) text += "  " + mce_text(group) + "\n";
    const ReportTable table = kinds_table(errors);
    text +=
        "It hides that one model wins at shifts and loses at noise: see the rows above.\n"
        "Errors relative to the baseline's, by kind of corruption:\n\n" +
        text_table(table.columns, table.header, table.rows);
  }
  for (const std::string& note : errors.notes) text += note + "\n";
  return text;
}

nlohmann::ordered_json to_json(const CorruptionErrors& errors) {
  Json groups = Json::array();
  for (const GroupCorruptionError& group : errors.groups) {
    Json kinds = Json::array();
    for (const RelativeError& kind : group.kinds) {
      kinds.push_back({{"kind", kind.kind},
                       {"ratio", kind.ratio},
                       {"severities", kind.severities},
                       {"baseline_error", kind.baseline_error}});
    }
    groups.push_back({{"group", group.group},
                      {"mce", json_of(group.mce.mean)},
                      {"sd", json_of(group.mce.sd)},
                      {"n", group.mce.n},
                      {"kinds", std::move(kinds)}});
  }
  return {{"baseline", errors.baseline},
          {"baseline_runs", errors.baseline_runs},
          {"groups", std::move(groups)},
          {"notes", errors.notes}};
}

}  // namespace mnist_bench
