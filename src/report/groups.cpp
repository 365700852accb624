#include "report/groups.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "config/write.h"
#include "report/labels.h"

namespace mnist_bench {
namespace {

Spread spread_over(const std::vector<StoredRun>& runs,
                   const std::function<std::optional<double>(const RunResult&)>& value_of) {
  std::vector<double> values;
  for (const StoredRun& run : runs) {
    const std::optional<double> value = value_of(run.result);
    if (value && std::isfinite(*value)) values.push_back(*value);
  }
  return spread_of(values);
}

/// Sorts one experiment's runs into the group's lists.
void add_runs(RunGroup& group, const std::vector<StoredRun>& runs) {
  std::set<std::uint64_t> seeds;
  for (const StoredRun& run : runs) {
    if (run.result.model && !group.model) group.model = run.result.model;
    if (run.result.status != RunStatus::completed || !run.result.test) {
      group.failed.push_back(run);
    } else if (seeds.insert(run.result.config.seed).second) {
      group.completed.push_back(run);
    } else {
      group.repeated.push_back(run);
    }
  }
  for (auto* list : {&group.completed, &group.failed, &group.repeated}) {
    std::stable_sort(list->begin(), list->end(), [](const StoredRun& a, const StoredRun& b) {
      return a.result.config.seed < b.result.config.seed;
    });
  }
}

/// One experiment's runs.
RunGroup summarize_group(const std::string& label, const std::vector<StoredRun>& runs) {
  RunGroup group;
  group.label = label;
  group.config_hash = config_hash(runs.front().result.config);
  add_runs(group, runs);
  const auto spread = [&](const auto& value_of) { return spread_over(group.completed, value_of); };
  group.accuracy = spread([](const RunResult& r) { return r.test->metrics.accuracy; });
  group.macro_precision =
      spread([](const RunResult& r) { return r.test->metrics.macro.precision; });
  group.macro_recall = spread([](const RunResult& r) { return r.test->metrics.macro.recall; });
  group.macro_f1 = spread([](const RunResult& r) { return r.test->metrics.macro.f1; });
  group.loss = spread([](const RunResult& r) { return r.test->loss; });
  group.seconds_per_epoch = spread([](const RunResult& r) { return mean_epoch_seconds(r); });
  return group;
}

}  // namespace

std::optional<double> mean_epoch_seconds(const RunResult& result) {
  std::vector<double> seconds;
  for (const EpochRecord& epoch : result.epochs) seconds.push_back(epoch.train_seconds);
  return spread_of(seconds).mean;
}

std::vector<RunGroup> group_runs(const std::vector<StoredRun>& runs) {
  std::vector<std::string> order;
  std::vector<ExperimentConfig> experiments;
  std::map<std::string, std::vector<StoredRun>> members;
  for (const StoredRun& run : runs) {
    const std::string hash = config_hash(run.result.config);
    auto& group = members[hash];
    if (group.empty()) {
      order.push_back(hash);
      experiments.push_back(run.result.config);
    }
    group.push_back(run);
  }
  const std::vector<std::string> labels = labels_of(experiments);
  std::vector<RunGroup> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    groups.push_back(summarize_group(labels[i], members[order[i]]));
  }
  return groups;
}

}  // namespace mnist_bench
