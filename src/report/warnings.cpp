#include "report/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "record/devices.h"
#include "record/metric_table.h"
#include "record/result_json.h"
#include "report/condition_warnings.h"

namespace mnist_bench {
namespace {

std::vector<std::string> repeated_runs(const RunGroup& group) {
  std::vector<std::string> warnings;
  for (const StoredRun& run : group.repeated) {
    const StoredRun* original = counted_for(group, run);
    if (original == nullptr) continue;
    const std::uint64_t seed = run.result.config.seed;
    const std::uint64_t of_counted = original->result.config.seed;
    const bool same = original->result.parameters_sha256 == run.result.parameters_sha256;
    const std::string what =
        seed == of_counted
            ? fmt::format("seed {} occurs more than once", seed)
            : fmt::format("seeds {} and {} are one run, copied and renamed", of_counted, seed);
    warnings.push_back(fmt::format(
        "{}: {}: {} counts, {} does not ({})", group.label, what, original->folder.string(),
        run.folder.string(), same ? "the same parameters" : "it ended with other parameters"));
  }
  return warnings;
}

std::vector<std::string> missing_values(const RunGroup& group) {
  std::vector<std::string> warnings;
  for (const Metric& metric : reported_metrics()) {
    if (metric.is_count() || !metric.applies(first_run(group).result.config)) continue;
    std::vector<std::string> seeds;
    for (const StoredRun& run : group.completed) {
      // A run on several devices has no time per epoch of one; warn_of_moves says so.
      if (metric.finite_value(run.result) || devices_of(run.result).size() > 1) continue;
      seeds.push_back(std::to_string(run.result.config.seed));
    }
    if (seeds.empty()) continue;
    warnings.push_back(fmt::format("{}: {} has no finite value for seed {}; its n is {}",
                                   group.label, metric.title, listed(seeds, kMostListed),
                                   group.summaries.at(metric.key).n));
  }
  return warnings;
}

/// Notes that were made when the group's records were read, each once, with its runs.
std::vector<std::string> record_notes(const RunGroup& group) {
  std::map<std::string, std::vector<std::string>> folders;
  for (const StoredRun& run : group.completed) {
    for (const std::string& note : run.result.notes) folders[note].push_back(run.folder.string());
  }
  std::vector<std::string> warnings;
  for (const auto& [note, where] : folders) {
    warnings.push_back(fmt::format("{}: {} ({})", group.label, note, listed(where, kMostListed)));
  }
  return warnings;
}

std::vector<std::string> different_names(const RunGroup& group) {
  if (group.completed.empty() || !class_names_of(group).empty()) return {};
  const bool named = std::any_of(
      group.completed.begin(), group.completed.end(),
      [](const StoredRun& run) { return run.result.config.data.class_names.has_value(); });
  if (!named) return {};
  return {
      fmt::format("{}: its runs name their classes differently (data.class_names), so that the "
                  "classes have their numbers here",
                  group.label)};
}

std::vector<std::string> interrupted_runs(const RunGroup& group) {
  std::vector<std::string> notes;
  for (const StoredRun& run : group.interrupted) {
    // A classifier that is no network is fitted at once and has no checkpoint.
    const bool can_continue = is_network(run.result.config.model);
    notes.push_back(fmt::format("{} seed {}: {}, left out; run --resume {} ({})", group.label,
                                run.result.config.seed, run.result.error.value_or("interrupted"),
                                can_continue ? "continues it" : "starts it again",
                                run.folder.string()));
  }
  return notes;
}

/// Where so many experiments of one name have no images held back, somebody is choosing.
constexpr std::size_t kFewestOfAGrid = 3;

/// A warning for each name that several experiments share and that only test results tell apart.
std::vector<std::string> choices_by_test(const std::vector<RunGroup>& groups) {
  std::map<std::string, std::set<std::string>> variants;
  for (const RunGroup& group : groups) {
    const ExperimentConfig& config = first_run(group).result.config;
    if (group.completed.empty() || config.data.validation) continue;
    variants[config.name].insert(group.config_hash);
  }
  std::vector<std::string> warnings;
  for (const auto& [name, hashes] : variants) {
    if (hashes.size() < kFewestOfAGrid) continue;
    warnings.push_back(
        fmt::format("{}: the best of {} experiments by their test results looks better than it is; "
                    "to choose one, hold training images back (data.validation)",
                    name, hashes.size()));
  }
  return warnings;
}

}  // namespace

std::vector<std::string> report_warnings(const std::vector<RunGroup>& groups,
                                         const std::vector<std::filesystem::path>& unfinished,
                                         const std::string& why_not_ranked) {
  std::vector<std::string> warnings;
  if (!unfinished.empty()) {
    std::vector<std::string> folders;
    for (const auto& folder : unfinished) folders.push_back(folder.string());
    warnings.push_back(fmt::format(
        "without a result, left out (still running, or killed; run --resume continues a killed "
        "one): {}",
        listed(folders, kMostListed)));
  }
  for (const RunGroup& group : groups) {
    for (const auto& found : {interrupted_runs(group), repeated_runs(group), missing_values(group),
                              record_notes(group), different_names(group)}) {
      warnings.insert(warnings.end(), found.begin(), found.end());
    }
  }
  if (!why_not_ranked.empty()) {
    warnings.push_back("not ranked by the images held back: " + why_not_ranked);
  }
  for (const auto& found : {choices_by_test(groups), condition_warnings(groups)}) {
    warnings.insert(warnings.end(), found.begin(), found.end());
  }
  return warnings;
}

std::vector<std::string> failed_lines(const std::vector<RunGroup>& groups) {
  std::vector<std::string> lines;
  for (const RunGroup& group : groups) {
    for (const StoredRun& run : group.failed) {
      const RunResult& result = run.result;
      std::string line =
          fmt::format("{} seed {}: {}", group.label, result.config.seed, to_string(result.status));
      if (result.error) line += ": " + *result.error;
      lines.push_back(fmt::format("{} ({})", line, run.folder.string()));
    }
  }
  return lines;
}

}  // namespace mnist_bench
