#include "report/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "config/write.h"
#include "report/labels.h"
#include "report/text_table.h"

namespace mnist_bench {
namespace {

std::string mean_and_sd(const Spread& spread, double scale) {
  if (!spread.mean) return "–";
  return fmt::format("{:.2f} ± {}", *spread.mean * scale,
                     spread.sd ? fmt::format("{:.2f}", *spread.sd * scale) : "–");
}

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

/// What the paper prints (Tables 4 and 5).
struct PaperColumn {
  const char* model;
  const char* accuracy;
  const char* recall;
  const char* precision;
  const char* f1;
  const char* parameters;
  const char* seconds_per_epoch;
};
constexpr PaperColumn kPaper[] = {
    {"mlp", "97.7 ± 0.2", "96.9 ± 1.2", "97.0 ± 0.8", "97.0 ± 0.9", "235,146", "10.8"},
    {"cnn", "98.9 ± 0.2", "98.4 ± 1.0", "98.4 ± 0.5", "98.4 ± 0.7", "421,642", "12.6"},
};

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

std::string paper_text(const std::vector<RunGroup>& groups) {
  std::vector<Align> columns = {Align::left};
  std::vector<std::string> header = {"Tables 4 and 5"};
  std::vector<std::vector<std::string>> rows = {{"accuracy [%]"},        {"macro recall [%]"},
                                                {"macro precision [%]"}, {"macro F1 [%]"},
                                                {"parameters"},          {"training [s/epoch]"}};
  for (const PaperColumn& paper : kPaper) {
    const auto ours = std::find_if(groups.begin(), groups.end(), [&](const RunGroup& group) {
      return group.model && group.model->type == paper.model;
    });
    columns.insert(columns.end(), {Align::right, Align::right});
    const std::string name = paper.model == std::string("mlp") ? "MLP" : "CNN";
    header.push_back(name + " paper");
    const char* printed[] = {paper.accuracy, paper.recall,     paper.precision,
                             paper.f1,       paper.parameters, paper.seconds_per_epoch};
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].emplace_back(printed[i]);
    if (ours == groups.end()) {
      header.push_back(name + " ours");
      for (auto& row : rows) row.emplace_back("–");
      continue;
    }
    header.push_back(fmt::format("{} ours (n = {})", name, ours->accuracy.n));
    rows[0].push_back(mean_and_sd(ours->accuracy, 100));
    rows[1].push_back(mean_and_sd(ours->macro_recall, 100));
    rows[2].push_back(mean_and_sd(ours->macro_precision, 100));
    rows[3].push_back(mean_and_sd(ours->macro_f1, 100));
    rows[4].push_back(with_commas(ours->model->parameters));
    rows[5].push_back(mean_and_sd(ours->seconds_per_epoch, 1));
  }
  return text_table(columns, header, rows) +
         "ours: mean ± SD over n seeds on this machine; the paper does not name its machine, nor "
         "what "
         "its ± is taken over\n";
}

}  // namespace mnist_bench
