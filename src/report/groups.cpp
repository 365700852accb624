#include "report/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "config/write.h"
#include "report/text_table.h"

namespace mnist_bench {
namespace {

std::string mean_and_sd(const Spread& spread, double scale) {
  if (!spread.mean) return "–";
  return fmt::format("{:.2f} ± {}", *spread.mean * scale,
                     spread.sd ? fmt::format("{:.2f}", *spread.sd * scale) : "–");
}

/// One experiment's runs.
RunGroup summarize_group(const std::vector<StoredRun>& runs) {
  RunGroup group;
  group.label = runs.front().result.config.name;
  group.config_hash = config_hash(runs.front().result.config);
  for (const StoredRun& run : runs) {
    if (run.result.model && !group.model) group.model = run.result.model;
    const bool completed = run.result.status == RunStatus::completed && run.result.test;
    (completed ? group.completed : group.failed).push_back(run);
  }
  const auto by_seed = [](const StoredRun& a, const StoredRun& b) {
    return a.result.config.seed < b.result.config.seed;
  };
  std::stable_sort(group.completed.begin(), group.completed.end(), by_seed);
  std::stable_sort(group.failed.begin(), group.failed.end(), by_seed);
  const auto spread = [&](const std::function<double(const RunResult&)>& value) {
    std::vector<double> values;
    for (const StoredRun& run : group.completed) values.push_back(value(run.result));
    return spread_of(values);
  };
  group.accuracy =
      spread([](const RunResult& r) { return r.test->metrics.accuracy.value_or(0.0); });
  group.macro_precision =
      spread([](const RunResult& r) { return r.test->metrics.macro.precision; });
  group.macro_recall = spread([](const RunResult& r) { return r.test->metrics.macro.recall; });
  group.macro_f1 = spread([](const RunResult& r) { return r.test->metrics.macro.f1; });
  group.loss = spread([](const RunResult& r) { return r.test->loss; });
  group.seconds_per_epoch = spread([](const RunResult& r) {
    return r.timing.train_seconds / static_cast<double>(r.epochs.size());
  });
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

std::vector<RunGroup> group_runs(const std::vector<StoredRun>& runs) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<StoredRun>> members;
  for (const StoredRun& run : runs) {
    auto& group = members[config_hash(run.result.config)];
    if (group.empty()) order.push_back(config_hash(run.result.config));
    group.push_back(run);
  }
  std::vector<RunGroup> groups;
  for (const std::string& hash : order) groups.push_back(summarize_group(members[hash]));
  return groups;
}

std::string groups_text(const std::vector<RunGroup>& groups) {
  std::vector<std::vector<std::string>> rows;
  for (const RunGroup& group : groups) {
    rows.push_back({group.label, std::to_string(group.accuracy.n),
                    std::to_string(group.failed.size()), mean_and_sd(group.accuracy, 100),
                    mean_and_sd(group.macro_precision, 100), mean_and_sd(group.macro_recall, 100),
                    mean_and_sd(group.macro_f1, 100), mean_and_sd(group.seconds_per_epoch, 1),
                    group.model ? with_commas(group.model->parameters) : "–"});
  }
  const std::vector<Align> columns = {Align::left,  Align::right, Align::right,
                                      Align::right, Align::right, Align::right,
                                      Align::right, Align::right, Align::right};
  return text_table(columns,
                    {"experiment", "n", "failed", "accuracy [%]", "macro precision", "macro recall",
                     "macro F1", "s/epoch", "parameters"},
                    rows);
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
