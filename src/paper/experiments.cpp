#include "paper/experiments.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/difference.h"
#include "record/stored_files.h"
#include "report/rounding.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

/// Parts that a claim's experiment lacks and that are named.
constexpr std::size_t kMostMissing = 4;

std::optional<double> first_accuracy(const RunResult& run) {
  if (run.epochs.empty() || !run.epochs.front().test) return std::nullopt;
  return run.epochs.front().test->accuracy;
}

std::optional<double> first_loss(const RunResult& run) {
  return run.epochs.empty() ? std::nullopt : std::optional(run.epochs.front().train_loss);
}

std::optional<double> first_seconds(const RunResult& run) {
  return run.epochs.empty() ? std::nullopt : std::optional(run.epochs.front().train_seconds);
}

std::optional<double> last_accuracy(const RunResult& run) {
  return metric_of(kAccuracyKey).value(run);
}

std::optional<double> train_seconds(const RunResult& run) { return run.timing.train_seconds; }

/// The same differences the other way round.
SampleSummary negated(SampleSummary differences) {
  if (differences.mean) *differences.mean *= -1;
  if (differences.ci95) {
    differences.ci95 = Interval{.low = -differences.ci95->high, .high = -differences.ci95->low};
  }
  return differences;
}

/// Of the runs that ended, completed or diverged: to run these again would change nothing.
std::set<std::uint64_t> ended_seeds(const RunGroup& group) {
  std::set<std::uint64_t> seeds;
  for (const auto* runs : {&group.completed, &group.failed}) {
    for (const StoredRun& run : *runs) {
      if (is_final(run.result.status)) seeds.insert(run.result.config.seed);
    }
  }
  return seeds;
}

}  // namespace

const Measured kFirstAccuracy = {"test accuracy after one epoch", kAccuracyKey, first_accuracy};
const Measured kFirstLoss = {"training loss of the first epoch", "loss", first_loss};
const Measured kFirstSeconds = {"seconds of the first epoch", "seconds_per_epoch", first_seconds};
const Measured kLastAccuracy = {"test accuracy at the end", kAccuracyKey, last_accuracy};
const Measured kTrainSeconds = {"seconds of training", "seconds_per_epoch", train_seconds};

std::string mean_text(const Measured& measured, const RunGroup& runs) {
  const SampleSummary summary = summary_by_seed(runs, measured.value);
  return summary_text(summary, measured.rules(), test_images(runs)).mean_and_sd();
}

NamedJudgement compare_sides(const std::string& model, const Quantity& quantity, const Sample& a,
                             const Sample& b, std::vector<std::string>& findings) {
  const Metric& rules = quantity.rules;
  const bool is_lower_better = quantity.better == Better::lower;
  const PairedValues pairs =
      is_lower_better ? paired_by_seed(b.values, a.values) : paired_by_seed(a.values, b.values);
  const Judgement judgement = judge(pairs.differences, quantity.images);
  const SampleSummary difference =
      is_lower_better ? negated(judgement.difference) : judgement.difference;
  const auto mean_of = [&](const Sample& sample) {
    const SampleSummary summary = summary_of(values_of(sample.values));
    return summary_text(sample.values.is_at_every_seed ? without_scatter(summary) : summary, rules,
                        quantity.images)
        .mean_and_sd();
  };
  findings.push_back(fmt::format(
      "{}, {}{}: {} {}, {} {}; {} less {} {}, a difference is {}.", model, quantity.what,
      rules.is_share() ? " in %" : "", b.name, mean_of(b), a.name, mean_of(a), b.name, a.name,
      difference.mean ? difference_text(rules, difference, quantity.images) : "no common seeds",
      judged_text(judgement)));
  return {fmt::format("{}, {} against {}, {}", model, b.name, a.name, quantity.what), judgement};
}

NamedJudgement compare_sides(const std::string& model, const Measured& measured, const Side& a,
                             const Side& b, std::vector<std::string>& findings) {
  const Metric& rules = measured.rules();
  const auto sample = [&](const Side& side) {
    ValuesBySeed values = values_by_seed(*side.runs, measured.value);
    values.is_at_every_seed = !rules.is_time && is_deterministic(*side.runs);
    return Sample{side.name, values};
  };
  const Quantity quantity = {.what = measured.what,
                             .rules = rules,
                             .better = rules.better,
                             .images = rules.is_share() ? test_images(*b.runs).value_or(0) : 0};
  return compare_sides(model, quantity, sample(a), sample(b), findings);
}

bool is_complete(PaperClaim& claim, const std::vector<std::string>& missing) {
  if (missing.empty()) return true;
  claim.tests = 0;
  claim.findings.push_back(fmt::format("The experiment is not complete ({}); it lacks {}.",
                                       claim.experiment, listed(missing, kMostMissing)));
  return false;
}

void conclude(PaperClaim& claim, const std::vector<NamedJudgement>& judgements,
              const std::vector<std::string>& missing) {
  if (!is_complete(claim, missing)) return;
  claim.basis = ClaimBasis::runs;
  claim.tests += tests_in(judgements);
  claim.verdict = verdict_in_parts(judge_jointly(judgements));
}

const RunGroup* with_all_seeds(const RunGroup* group, const RunGroup& reference,
                               const std::string& what, std::vector<std::string>& missing) {
  if (group == nullptr) {
    missing.push_back(what);
    return nullptr;
  }
  if (!group->completed.empty() && is_deterministic(*group)) return group;
  const std::set<std::uint64_t> ended = ended_seeds(*group);
  const auto lacking =
      std::count_if(reference.completed.begin(), reference.completed.end(),
                    [&](const StoredRun& run) { return !ended.contains(run.result.config.seed); });
  if (lacking == 0) return group;
  missing.push_back(
      fmt::format("{} ({} of {})", what, lacking, counted(reference.completed.size(), "seed")));
  return nullptr;
}

bool has_all_values(const ValuesBySeed& values, const RunGroup& group) {
  if (values.is_at_every_seed) return !values.empty();
  return values.size() >= group.completed.size();
}

std::vector<PaperModel> models_of(const PaperEvidence& evidence,
                                  std::vector<std::string>& missing) {
  std::vector<PaperModel> models;
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (model.has_runs()) {
      models.push_back(model);
    } else {
      missing.push_back(fmt::format("runs of the {}", model.printed->name));
    }
  }
  return models;
}

std::vector<const RunGroup*> variants_of(const PaperEvidence& evidence, const RunGroup& of,
                                         const std::vector<std::string>& keys) {
  const auto is_among = [&](const KeyDifference& difference) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return key.ends_with('.') ? difference.key.starts_with(key) : difference.key == key;
    });
  };
  std::vector<const RunGroup*> variants;
  for (const RunGroup& group : evidence.groups) {
    if (ended_seeds(group).empty() || group.device != of.device) continue;
    std::vector<KeyDifference> differences = config_differences(config_of(of), config_of(group));
    std::erase_if(differences, [](const KeyDifference& difference) {
      return difference.key == "name" || difference.key == "seed";
    });
    if (differences.empty()) continue;
    if (std::all_of(differences.begin(), differences.end(), is_among)) variants.push_back(&group);
  }
  std::stable_sort(variants.begin(), variants.end(), [](const RunGroup* a, const RunGroup* b) {
    return a->completed.size() > b->completed.size();
  });
  return variants;
}

ValuesBySeed accuracies_on(const PaperEvidence& evidence, const RunGroup& group,
                           const std::string& data, const std::string& spec) {
  ValuesBySeed values;
  values.is_at_every_seed = is_deterministic(group);
  for (const StoredRun& run : group.completed) {
    const auto of_run = evidence.evaluations.find(run.folder);
    if (of_run == evidence.evaluations.end()) continue;
    for (const StoredEvaluation& stored : of_run->second) {
      const std::optional<double> accuracy = own_accuracy(stored, data);
      if (accuracy && canonical_spec(stored.evaluation.transform) == spec) {
        values[run.result.config.seed] = *accuracy;
      }
    }
  }
  return values;
}

}  // namespace mnist_bench
