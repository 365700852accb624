#include "report/compare/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "base/error.h"
#include "config/difference.h"
#include "record/result_json.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

void require_same_test_set(const StoredRun& a, const StoredRun& b) {
  if (const auto difference = test_set_difference(a.result, b.result)) {
    throw Error(ExitCode::usage,
                fmt::format("{} and {} were not tested on the same images: {}", a.folder.string(),
                            b.folder.string(), *difference),
                "only runs with the same test images can be paired; run one of them again");
  }
}

void require_completed(const StoredRun& run) {
  if (run.result.status == RunStatus::completed && run.result.test) return;
  throw Error(ExitCode::usage,
              fmt::format("{} is not a completed run but a {} one", run.folder.string(),
                          to_string(run.result.status)),
              "run it again with --resume or --force");
}

/// Nothing where both are the same, or a record does not say.
std::optional<std::string> note_on_devices(const std::string& a, const std::string& b,
                                           const std::string& name_a = "A",
                                           const std::string& name_b = "B") {
  if (a == b || a.empty() || b.empty()) return std::nullopt;
  return fmt::format(
      "{} ran on {}, {} on {}: their dropout masks and rounding, and so their accuracies, differ "
      "for that alone",
      name_a, a, name_b, b);
}

std::vector<std::string> notes_on_runs(const RunResult& a, const RunResult& b) {
  std::vector<std::string> notes;
  if (a.config.seed != b.config.seed) {
    notes.push_back(fmt::format("the seeds differ: {} and {}", a.config.seed, b.config.seed));
  }
  if (a.parameters_sha256 && a.parameters_sha256 == b.parameters_sha256) {
    notes.emplace_back("both runs ended with bit-identical parameters");
  }
  if (a.data->train.sha256 != b.data->train.sha256) {
    notes.emplace_back("they were trained on different files");
  }
  if (const auto devices = note_on_devices(device_kind(a), device_kind(b))) {
    notes.push_back(*devices);
  }
  return notes;
}

std::vector<std::uint64_t> seeds_of(const RunGroup& group) {
  std::vector<std::uint64_t> seeds;
  for (const StoredRun& run : group.completed) seeds.push_back(run.result.config.seed);
  return seeds;
}

/// The group with only those completed runs whose seed is in `seeds` (ascending); one that is
/// deterministic stays whole.
RunGroup restricted_to(const RunGroup& group, const std::vector<std::uint64_t>& seeds,
                       const std::string& label) {
  if (is_deterministic(group)) {
    RunGroup whole = group;
    whole.label = label;
    return whole;
  }
  std::vector<StoredRun> runs;
  std::copy_if(group.completed.begin(), group.completed.end(), std::back_inserter(runs),
               [&](const StoredRun& run) {
                 return std::binary_search(seeds.begin(), seeds.end(), run.result.config.seed);
               });
  RunGroup restricted = group_runs(runs).front();
  restricted.label = label;
  restricted.failed = group.failed;
  restricted.interrupted = group.interrupted;
  restricted.repeated = group.repeated;
  std::erase_if(restricted.repeated,
                [&](const StoredRun& run) { return counted_for(restricted, run) == nullptr; });
  return restricted;
}

/// `images`: of the test set.
MetricComparison compare_metric(const Metric& metric, const RunGroup& a, const RunGroup& b,
                                std::int64_t images) {
  MetricComparison comparison;
  comparison.metric = &metric;
  const PairedValues pairs = paired_by_seed(values_by_seed(a, metric), values_by_seed(b, metric));
  const auto summary_at = [&](const RunGroup& group, const std::vector<double>& values) {
    const SampleSummary& of_all = group.summaries.at(metric.key);
    return of_all.is_deterministic ? of_all : summary_of(values);
  };
  comparison.a = summary_at(a, pairs.a);
  comparison.b = summary_at(b, pairs.b);
  comparison.differences = pairs.differences;
  comparison.difference = paired_summary(comparison.differences, metric.is_share() ? images : 0);
  const bool has_scatter = !comparison.a.is_deterministic || !comparison.b.is_deterministic;
  if (!has_scatter && comparison.difference.mean) {
    comparison.difference = without_scatter(comparison.difference);
  }
  return comparison;
}

std::vector<std::string> notes_on_groups(const GroupComparison& comparison) {
  std::vector<std::string> notes;
  const std::string& a = comparison.name_a;
  const std::string& b = comparison.name_b;
  if (const auto devices = note_on_devices(comparison.a.device, comparison.b.device, a, b)) {
    notes.push_back(*devices);
  } else if (comparison.a.config_hash == comparison.b.config_hash) {
    notes.push_back(fmt::format(
        "{} and {} are the same experiment: only machine, threads or build can differ", a, b));
  }
  for (const RunGroup* group : {&comparison.a, &comparison.b}) {
    if (!is_deterministic(*group)) continue;
    notes.push_back(fmt::format("{} is deterministic: it has its one value at every seed",
                                group == &comparison.a ? a : b));
  }
  std::vector<std::uint64_t> twins;
  const std::size_t paired = std::min(
      {comparison.seeds.size(), comparison.a.completed.size(), comparison.b.completed.size()});
  for (std::size_t i = 0; i < paired; ++i) {
    const auto& hash = comparison.a.completed[i].result.parameters_sha256;
    if (hash && hash == comparison.b.completed[i].result.parameters_sha256) {
      twins.push_back(comparison.seeds[i]);
    }
  }
  if (!twins.empty()) {
    notes.push_back(fmt::format("{} and {} ended with bit-identical parameters for seed {}", a, b,
                                fmt::join(twins, ", ")));
  }
  return notes;
}

}  // namespace

RunComparison compare_runs(const StoredRun& a, const std::vector<Prediction>& predictions_a,
                           const StoredRun& b, const std::vector<Prediction>& predictions_b) {
  for (const StoredRun* run : {&a, &b}) require_completed(*run);
  require_same_test_set(a, b);

  std::unordered_map<std::int64_t, Prediction> by_index;
  for (const Prediction& prediction : predictions_b) by_index[prediction.index] = prediction;
  RunComparison comparison;
  std::int64_t only_a = 0;
  std::int64_t only_b = 0;
  for (const Prediction& one : predictions_a) {
    const auto other = by_index.find(one.index);
    if (other == by_index.end() || other->second.truth != one.truth) {
      throw Error(ExitCode::usage,
                  fmt::format("{} and {} were not tested on the same images: image {} is {}",
                              a.folder.string(), b.folder.string(), one.index,
                              other == by_index.end()
                                  ? "only in the first"
                                  : fmt::format("a {} in the first and a {} in the second",
                                                one.truth, other->second.truth)));
    }
    const bool a_right = one.predicted == one.truth;
    const bool b_right = other->second.predicted == one.truth;
    comparison.both_right += static_cast<std::int64_t>(a_right && b_right);
    comparison.both_wrong += static_cast<std::int64_t>(!a_right && !b_right);
    only_a += static_cast<std::int64_t>(a_right && !b_right);
    only_b += static_cast<std::int64_t>(!a_right && b_right);
  }
  comparison.a = a;
  comparison.b = b;
  comparison.images = static_cast<std::int64_t>(predictions_a.size());
  comparison.test = mcnemar_test(only_a, only_b);
  comparison.difference = paired_share_difference(only_a, only_b, comparison.images);
  comparison.config_differences = differences_between(a.result.config, b.result.config);
  comparison.notes = notes_on_runs(a.result, b.result);
  return comparison;
}

GroupComparison compare_groups(const RunGroup& a, const RunGroup& b, const Margins& margins,
                               const std::string& name_a, const std::string& name_b) {
  GroupComparison comparison;
  comparison.name_a = name_a;
  comparison.name_b = name_b;
  std::vector<std::uint64_t> in_a = seeds_of(a);
  std::vector<std::uint64_t> in_b = seeds_of(b);
  // The one value of a deterministic model counts at each seed of the other.
  if (is_deterministic(a) && !in_a.empty()) in_a = in_b;
  if (is_deterministic(b) && !in_b.empty()) in_b = in_a;
  std::set_intersection(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                        std::back_inserter(comparison.seeds));
  std::set_difference(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                      std::back_inserter(comparison.only_in_a));
  std::set_difference(in_b.begin(), in_b.end(), in_a.begin(), in_a.end(),
                      std::back_inserter(comparison.only_in_b));
  if (comparison.seeds.empty()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{0} and {1} have no seed in common: {0} completed {2}, {1} {3}", name_a,
                    name_b, in_a.empty() ? "none" : fmt::format("{}", fmt::join(in_a, ", ")),
                    in_b.empty() ? "none" : fmt::format("{}", fmt::join(in_b, ", "))),
        "groups are paired by seed; run both with the same seeds");
  }
  comparison.a = restricted_to(a, comparison.seeds, name_a);
  comparison.b = restricted_to(b, comparison.seeds, name_b);
  for (const RunGroup* group : {&comparison.a, &comparison.b}) {
    for (const StoredRun& run : group->completed) {
      require_same_test_set(comparison.a.completed.front(), run);
    }
  }
  comparison.warnings = report_warnings({comparison.a, comparison.b}, {});
  const ExperimentConfig& config_a = comparison.a.completed.front().result.config;
  const ExperimentConfig& config_b = comparison.b.completed.front().result.config;
  if (a.config_hash != b.config_hash) {
    const std::vector<std::string> labels = labels_of({config_a, config_b});
    comparison.a.label = labels[0];
    comparison.b.label = labels[1];
  } else {
    comparison.a.label = comparison.b.label = config_a.name;
  }
  if (comparison.a.device != comparison.b.device) {
    comparison.a.label += " on " + comparison.a.device;
    comparison.b.label += " on " + comparison.b.device;
  }
  comparison.images = comparison.a.completed.front().result.data->test.samples;
  for (const Metric& metric : reported_metrics()) {
    if (metric.is_count() || !metric.applies(config_a) || !metric.applies(config_b)) {
      continue;
    }
    comparison.metrics.push_back(
        compare_metric(metric, comparison.a, comparison.b, comparison.images));
  }
  const std::vector<double>& accuracies = comparison.metrics.front().differences;
  comparison.judgement = judge(accuracies, comparison.images);
  const std::int64_t images = comparison.images;
  if (margins.equivalence) {
    comparison.equivalence = equivalence_test(accuracies, *margins.equivalence, images);
  }
  if (margins.not_worse) {
    comparison.not_worse = non_inferiority_test(accuracies, *margins.not_worse, images);
  }
  const bool one_value = comparison.metrics.front().difference.is_deterministic;
  comparison.judgement.difference.is_deterministic = one_value;
  if (comparison.equivalence) {
    comparison.equivalence->difference.is_deterministic = one_value;
  }
  if (comparison.not_worse) comparison.not_worse->difference.is_deterministic = one_value;
  comparison.config_differences = differences_between(config_a, config_b);
  comparison.notes = notes_on_groups(comparison);
  return comparison;
}

std::size_t tested_pairs(const FamilyComparison& family) {
  return static_cast<std::size_t>(std::count_if(
      family.pairs.begin(), family.pairs.end(),
      [](const GroupComparison& pair) { return !pair.judgement.difference.is_deterministic; }));
}

std::string group_name(std::size_t index) { return {static_cast<char>('A' + index)}; }

FamilyComparison compare_family(const std::vector<RunGroup>& groups) {
  FamilyComparison family{.groups = groups, .pairs = {}, .warnings = {}};
  std::vector<Judgement> judgements;
  std::vector<RunGroup> named = groups;
  std::vector<ExperimentConfig> experiments;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    named[i].label = group_name(i);
    experiments.push_back(first_run(groups[i]).result.config);
    for (std::size_t j = i + 1; j < groups.size(); ++j) {
      family.pairs.push_back(
          compare_groups(groups[i], groups[j], {}, group_name(i), group_name(j)));
      judgements.push_back(family.pairs.back().judgement);
    }
  }
  judge_as_family(judgements);
  for (std::size_t i = 0; i < judgements.size(); ++i) family.pairs[i].judgement = judgements[i];
  family.warnings = report_warnings(named, {});
  const std::vector<std::string> labels = labels_of(experiments);
  for (std::size_t i = 0; i < labels.size(); ++i) family.groups[i].label = labels[i];
  return family;
}

}  // namespace mnist_bench
