#include "report/groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "config/difference.h"
#include "config/write.h"
#include "evaluate/paired_tests.h"
#include "record/devices.h"
#include "record/metric_table.h"

namespace mnist_bench {
namespace {

SampleSummary summary_over(const RunGroup& group, const Metric& metric) {
  const ValuesBySeed values = values_by_seed(group, metric);
  const SampleSummary summary = summary_of(values_of(values));
  if (values.is_at_every_seed) return without_scatter(summary);
  if (!metric.is_share()) return summary;
  return with_least_scatter(summary, resolution_sd(test_images(group).value_or(0)));
}

/// Sorts one experiment's runs into the group's lists.
void add_runs(RunGroup& group, const std::vector<StoredRun>& runs) {
  std::set<std::uint64_t> seeds;
  std::set<std::string> parameters;
  const auto is_new = [&](const RunResult& run) {
    if (seeds.contains(run.config.seed)) return false;
    // No two seeds end with the same parameters to the bit: one of the two is a copy.
    if (run.parameters_sha256 && !parameters.insert(*run.parameters_sha256).second) return false;
    return seeds.insert(run.config.seed).second;
  };
  for (const StoredRun& run : runs) {
    if (run.result.model && !group.model) group.model = run.result.model;
    if (run.result.status == RunStatus::interrupted) {
      group.interrupted.push_back(run);
    } else if (run.result.status != RunStatus::completed || !run.result.test) {
      group.failed.push_back(run);
    } else if (is_new(run.result)) {
      group.completed.push_back(run);
    } else {
      group.repeated.push_back(run);
    }
  }
  for (auto* list : {&group.completed, &group.failed, &group.interrupted, &group.repeated}) {
    std::stable_sort(list->begin(), list->end(), [](const StoredRun& a, const StoredRun& b) {
      return a.result.config.seed < b.result.config.seed;
    });
  }
}

/// One experiment's runs on one kind of device.
struct Members {
  std::string config_hash;
  std::string device;
  std::vector<StoredRun> runs;

  [[nodiscard]] const ExperimentConfig& config() const { return runs.front().result.config; }
};

std::vector<ExperimentConfig> configs_of(const std::vector<Members>& all) {
  std::vector<ExperimentConfig> configs;
  for (const Members& members : all) configs.push_back(members.config());
  return configs;
}

/// Puts the experiments of each name, within the places that they have, in the order of the values
/// that set them apart: that of their folders has 10 before 2.
void sort_namesakes(std::vector<Members>& all) {
  std::map<std::string, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < all.size(); ++i) places[all[i].config().name].push_back(i);
  const std::vector<SweptKey> keys = swept_keys(configs_of(all));
  const auto comes_before = [&](std::size_t a, std::size_t b) {
    for (const SweptKey& key : keys) {
      if (is_before(key.values[a], key.values[b])) return true;
      if (is_before(key.values[b], key.values[a])) return false;
    }
    return false;
  };
  std::vector<Members> sorted = all;
  for (const auto& [name, at] : places) {
    std::vector<std::size_t> order = at;
    std::stable_sort(order.begin(), order.end(), comes_before);
    for (std::size_t i = 0; i < at.size(); ++i) sorted[at[i]] = all[order[i]];
  }
  all = std::move(sorted);
}

/// The member of `all` that the run belongs to. A run that does not say where it ran goes with the
/// first runs of its experiment, as the next ones of that experiment go with it.
Members* members_for(std::vector<Members>& all, const std::string& hash,
                     const std::string& device) {
  for (Members& members : all) {
    if (members.config_hash != hash) continue;
    if (members.device.empty()) members.device = device;
    if (device.empty() || members.device == device) return &members;
  }
  return nullptr;
}

std::optional<double> validation_score(const RunGroup& group) {
  return group.completed.empty() ? std::nullopt : group.summaries.at(kValidationKey).mean;
}

/// A run of each group that has a score on images held back.
std::vector<const RunResult*> runs_with_validation(const std::vector<RunGroup>& groups) {
  std::vector<const RunResult*> runs;
  for (const RunGroup& group : groups) {
    if (validation_score(group)) runs.push_back(&group.completed.front().result);
  }
  return runs;
}

RunGroup summarize_group(const std::string& label, const Members& members) {
  const std::vector<StoredRun>& runs = members.runs;
  RunGroup group;
  group.label = label;
  group.config_hash = members.config_hash;
  group.device = members.device;
  add_runs(group, runs);
  for (const Metric& metric : reported_metrics()) {
    if (!metric.is_count()) group.summaries[metric.key] = summary_over(group, metric);
  }
  return group;
}

}  // namespace

std::string device_kind(const RunResult& run) {
  std::vector<std::string> kinds;
  for (const std::string& device : devices_of(run)) {
    kinds.push_back(device == "cpu" ? "CPU" : fmt::format("CUDA ({})", device));
  }
  return fmt::format("{}", fmt::join(kinds, " then "));
}

std::string name_and_device(const RunGroup& group, const std::vector<RunGroup>& all) {
  std::set<std::string> devices;
  for (const RunGroup& each : all) {
    if (!each.device.empty()) devices.insert(each.device);
  }
  const std::string& name = first_run(group).result.config.name;
  return devices.size() < 2 || group.device.empty() ? name : name + " on " + group.device;
}

const StoredRun* counted_for(const RunGroup& group, const StoredRun& repeated) {
  const auto find = [&](const auto& is_same) -> const StoredRun* {
    const auto found = std::find_if(group.completed.begin(), group.completed.end(),
                                    [&](const StoredRun& run) { return is_same(run.result); });
    return found == group.completed.end() ? nullptr : &*found;
  };
  const RunResult& run = repeated.result;
  const StoredRun* counted = find([&](const RunResult& other) {
    return run.parameters_sha256 && other.parameters_sha256 == run.parameters_sha256;
  });
  if (counted != nullptr) return counted;
  return find([&](const RunResult& other) { return other.config.seed == run.config.seed; });
}

const StoredRun& first_run(const RunGroup& group) {
  for (const auto* list : {&group.completed, &group.failed}) {
    if (!list->empty()) return list->front();
  }
  return group.interrupted.front();
}

std::optional<std::string> test_set_difference(const RunResult& a, const RunResult& b) {
  if (!a.data || !b.data) return "a record does not say what its run was tested on";
  const SplitSummary& one = a.data->test;
  const SplitSummary& other = b.data->test;
  if (one.sha256 != other.sha256) {
    return fmt::format("the test files differ (SHA-256 {}… of {}, {}… of {})",
                       one.sha256.substr(0, 12), a.data->dataset, other.sha256.substr(0, 12),
                       b.data->dataset);
  }
  const auto limit = [](const RunResult& run) {
    const auto& value = run.config.data.test_limit;
    return value ? std::to_string(*value) : std::string("null");
  };
  if (one.samples != other.samples || one.class_counts != other.class_counts) {
    return fmt::format("{} images (data.test_limit {}) against {} (data.test_limit {})",
                       one.samples, limit(a), other.samples, limit(b));
  }
  return std::nullopt;
}

bool share_test_images(const RunGroup& a, const RunGroup& b) {
  if (a.completed.empty() || b.completed.empty()) return false;
  const RunResult& first = a.completed.front().result;
  const auto same = [&](const StoredRun& run) { return !test_set_difference(first, run.result); };
  return std::all_of(a.completed.begin(), a.completed.end(), same) &&
         std::all_of(b.completed.begin(), b.completed.end(), same);
}

ValuesBySeed values_by_seed(const RunGroup& group,
                            const std::function<std::optional<double>(const RunResult&)>& value) {
  ValuesBySeed values;
  for (const StoredRun& run : group.completed) {
    const std::optional<double> found = value(run.result);
    if (found && std::isfinite(*found)) values[run.result.config.seed] = *found;
  }
  return values;
}

ValuesBySeed values_by_seed(const RunGroup& group, const Metric& metric) {
  ValuesBySeed values = values_by_seed(group, metric.value);
  values.is_at_every_seed = !metric.is_time && is_deterministic(group);
  return values;
}

SampleSummary summary_of_results(const RunGroup& group, const std::vector<double>& values) {
  const SampleSummary summary = summary_of(values);
  return is_deterministic(group) ? without_scatter(summary) : summary;
}

PairedValues paired_by_seed(const ValuesBySeed& a, const ValuesBySeed& b) {
  PairedValues pairs;
  const auto add = [&](double of_a, double of_b) {
    pairs.a.push_back(of_a);
    pairs.b.push_back(of_b);
    pairs.differences.push_back(of_b - of_a);
  };
  if (a.empty() || b.empty()) return pairs;
  if (a.is_at_every_seed && b.is_at_every_seed) {
    add(a.begin()->second, b.begin()->second);
  } else if (a.is_at_every_seed) {
    for (const auto& [seed, of_b] : b) add(a.begin()->second, of_b);
  } else {
    for (const auto& [seed, of_a] : a) {
      const auto of_b = b.is_at_every_seed ? b.begin() : b.find(seed);
      if (of_b != b.end()) add(of_a, of_b->second);
    }
  }
  return pairs;
}

bool is_deterministic(const RunGroup& group) {
  if (is_network(first_run(group).result.config.model)) return false;
  // Not where the data, or the machine, have changed between the runs.
  return std::all_of(group.completed.begin(), group.completed.end(), [&](const StoredRun& run) {
    return run.result.test->confusion == group.completed.front().result.test->confusion;
  });
}

std::span<const StoredRun> runs_to_sum(const RunGroup& group) {
  const std::span runs(group.completed);
  return runs.size() > 1 && is_deterministic(group) ? runs.first(1) : runs;
}

std::string runs_text(const RunGroup& group) {
  const bool repeats = runs_to_sum(group).size() < group.completed.size();
  return counted(group.completed.size(), "run") + (repeats ? " with one result" : "");
}

std::vector<const Metric*> metrics_of(const std::vector<RunGroup>& groups) {
  std::vector<const Metric*> found;
  for (const Metric& metric : reported_metrics()) {
    const bool has_one = std::any_of(groups.begin(), groups.end(), [&](const RunGroup& group) {
      return metric.applies(first_run(group).result.config);
    });
    if (has_one) found.push_back(&metric);
  }
  return found;
}

std::optional<std::int64_t> test_images(const RunGroup& group) {
  std::optional<std::int64_t> images;
  for (const StoredRun& run : group.completed) {
    const std::int64_t of_run = run.result.test->metrics.samples;
    images = images ? std::min(*images, of_run) : of_run;
  }
  return images;
}

ClassNames class_names_of(const RunGroup& group) {
  if (group.completed.empty()) return {};
  const auto names_of = [](const StoredRun& run) { return run.result.config.data.class_names; };
  const auto first = names_of(group.completed.front());
  const bool same = std::all_of(group.completed.begin(), group.completed.end(),
                                [&](const StoredRun& run) { return names_of(run) == first; });
  return same ? first.value_or(ClassNames{}) : ClassNames{};
}

std::vector<RunGroup> group_runs(const std::vector<StoredRun>& runs) {
  std::vector<Members> all;
  std::map<std::string, int> devices;  // of each experiment
  for (const StoredRun& run : runs) {
    const std::string hash = config_hash(run.result.config);
    const std::string device = device_kind(run.result);
    Members* members = members_for(all, hash, device);
    if (members == nullptr) {
      all.push_back({.config_hash = hash, .device = device, .runs = {}});
      ++devices[hash];
      members = &all.back();
    }
    members->runs.push_back(run);
  }
  sort_namesakes(all);
  const std::vector<std::string> labels = labels_of(configs_of(all));
  std::vector<RunGroup> groups;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool alone = devices[all[i].config_hash] == 1;
    groups.push_back(
        summarize_group(alone ? labels[i] : labels[i] + " on " + all[i].device, all[i]));
  }
  return groups;
}

std::string why_not_ranked(const std::vector<RunGroup>& groups, const std::string& needs_all) {
  const std::vector<const RunResult*> holding = runs_with_validation(groups);
  if (holding.size() < 2) return "";
  if (!needs_all.empty()) return needs_all + " needs the test results of all";
  const auto completed = std::count_if(
      groups.begin(), groups.end(), [](const RunGroup& group) { return !group.completed.empty(); });
  if (std::ssize(holding) < completed) {
    return fmt::format("only {} of {} experiments hold some back", holding.size(), completed);
  }
  const RunResult& first = *holding.front();
  const auto differ_in = [&](const auto& value) {
    return std::any_of(holding.begin(), holding.end(),
                       [&](const RunResult* run) { return value(*run) != value(first); });
  };
  if (differ_in([](const RunResult& run) { return run.data->train.sha256; })) {
    return "they are of different training files";
  }
  if (differ_in([](const RunResult& run) { return run.config.data.validation; })) {
    return "the experiments hold back different numbers of images";
  }
  if (differ_in([](const RunResult& run) { return run.config.data.transform; })) {
    return "the experiments transform them differently";
  }
  return "";
}

bool rank_by_validation(std::vector<RunGroup>& groups) {
  if (runs_with_validation(groups).size() < 2 || !why_not_ranked(groups).empty()) return false;
  std::stable_sort(groups.begin(), groups.end(), [](const RunGroup& a, const RunGroup& b) {
    // Nothing is less than any score; equals are in the order of their labels, whatever that of
    // the runs is.
    const auto of_a = validation_score(a);
    const auto of_b = validation_score(b);
    return of_a == of_b ? a.label < b.label : of_a > of_b;
  });
  for (RunGroup& group : groups) group.shows_test = &group == &groups.front();
  return true;
}

std::vector<RunGroup> those_that_show_test(std::vector<RunGroup> groups) {
  std::erase_if(groups, [](const RunGroup& group) { return !group.shows_test; });
  return groups;
}

std::vector<double> values_of(const ValuesBySeed& by_seed) {
  std::vector<double> values;
  for (const auto& [seed, value] : by_seed) values.push_back(value);
  return values;
}

SampleSummary summary_by_seed(const RunGroup& group,
                              std::optional<double> (*value)(const RunResult&)) {
  return summary_of(values_of(values_by_seed(group, value)));
}

}  // namespace mnist_bench
