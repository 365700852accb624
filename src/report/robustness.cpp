#include "report/robustness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

/// What tells the sets of images of one group apart.
using RowKey = std::tuple<std::string, std::string, std::string>;

/// The values of one row, a run each.
struct RowValues {
  std::vector<double> accuracy;
  std::vector<double> clean_accuracy;
  std::vector<double> change;
  std::vector<double> right_to_wrong;
  std::vector<double> wrong_to_right;
  std::int64_t images = 0;
};

void add_values(const StoredRun& run, const Evaluation& evaluation, RowValues& values) {
  values.images = evaluation.data.samples;
  values.accuracy.push_back(evaluation.test.metrics.accuracy.value_or(NAN));
  if (run.result.test) {
    values.clean_accuracy.push_back(run.result.test->metrics.accuracy.value_or(NAN));
  }
  if (!evaluation.against_clean) return;
  values.change.push_back(evaluation.against_clean->accuracy_change);
  values.right_to_wrong.push_back(static_cast<double>(evaluation.against_clean->right_to_wrong));
  values.wrong_to_right.push_back(static_cast<double>(evaluation.against_clean->wrong_to_right));
}

std::vector<RobustnessRow> rows_of(const RunGroup& group, const EvaluationsOfRuns& evaluations) {
  std::vector<std::pair<RowKey, RowValues>> by_key;
  for (const StoredRun& run : group.completed) {
    const auto of_run = evaluations.find(run.folder);
    if (of_run == evaluations.end()) continue;
    for (const StoredEvaluation& stored : of_run->second) {
      const RowKey key{stored.data, canonical_spec(stored.evaluation.transform),
                       stored.evaluation.engine};
      auto found = std::find_if(by_key.begin(), by_key.end(),
                                [&](const auto& entry) { return entry.first == key; });
      if (found == by_key.end()) found = by_key.insert(by_key.end(), {key, {}});
      add_values(run, stored.evaluation, found->second);
    }
  }
  std::vector<RobustnessRow> rows;
  for (const auto& [key, values] : by_key) {
    const auto& [data, spec, engine] = key;
    rows.push_back({.group = group.label,
                    .config_hash = group.config_hash,
                    .data = data,
                    .spec = spec,
                    .engine = engine,
                    .images = values.images,
                    .accuracy = summary_of(values.accuracy),
                    .clean_accuracy = summary_of(values.clean_accuracy),
                    .accuracy_change = summary_of(values.change),
                    .right_to_wrong = summary_of(values.right_to_wrong),
                    .wrong_to_right = summary_of(values.wrong_to_right)});
  }
  return rows;
}

/// Percentage points with a sign; of the identity 0.
std::string change_text(const RobustnessRow& row) {
  if (!row.accuracy_change.mean) return kAbsent;
  const int decimals = decimals_for(100.0 * row.accuracy_change.sd.value_or(0.0), 100.0,
                                    decimals_of_images(row.images));
  return signed_text(100.0 * *row.accuracy_change.mean,
                     std::min(decimals, decimals_of_images(row.images)));
}

/// Of the images without the transform; "–" where they have no counterparts.
std::string clean_text(const RobustnessRow& row) {
  if (!row.accuracy_change.mean) return kAbsent;
  return summary_text(row.clean_accuracy, metric_of(kAccuracyKey), row.images).mean_and_sd();
}

std::string images_text(const SampleSummary& images) {
  return images.mean ? with_commas(std::llround(*images.mean)) : kAbsent;
}

}  // namespace

std::vector<RobustnessRow> robustness_rows(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations) {
  std::vector<RobustnessRow> rows;
  for (const RunGroup& group : groups) {
    for (RobustnessRow& row : rows_of(group, evaluations)) rows.push_back(std::move(row));
  }
  return rows;
}

ReportTable robustness_table(const std::vector<RobustnessRow>& rows) {
  const bool names_data = std::any_of(
      rows.begin(), rows.end(), [](const RobustnessRow& row) { return row.data != kOwnTestSet; });
  const bool names_engine = std::any_of(rows.begin(), rows.end(), [&](const RobustnessRow& row) {
    return row.engine != rows.front().engine;
  });
  ReportTable table{.title = "Accuracy on transformed images",
                    .columns = {Align::left},
                    .header = {"experiment"},
                    .rows = {}};
  const auto add_column = [&](Align align, const char* title) {
    table.columns.push_back(align);
    table.header.emplace_back(title);
  };
  if (names_data) add_column(Align::left, "data");
  add_column(Align::left, "transform");
  if (names_engine) add_column(Align::left, "engine");
  for (const char* title :
       {"n", "clean [%]", "accuracy [%]", "change [points]", "right→wrong", "wrong→right"}) {
    add_column(Align::right, title);
  }
  for (const RobustnessRow& row : rows) {
    std::vector<std::string> cells = {row.group};
    if (names_data) cells.push_back(row.data);
    cells.push_back(row.spec);
    if (names_engine) cells.push_back(row.engine);
    cells.push_back(std::to_string(row.accuracy.n));
    cells.push_back(clean_text(row));
    cells.push_back(summary_text(row.accuracy, metric_of(kAccuracyKey), row.images).mean_and_sd());
    cells.push_back(change_text(row));
    cells.push_back(images_text(row.right_to_wrong));
    cells.push_back(images_text(row.wrong_to_right));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

nlohmann::ordered_json to_json(const RobustnessRow& row) {
  return {{"experiment", row.group},
          {"config_hash", row.config_hash},
          {"data", row.data},
          {"transform", row.spec},
          {"engine", row.engine},
          {"images", row.images},
          {"accuracy", to_json(row.accuracy)},
          {"clean_accuracy", to_json(row.clean_accuracy)},
          {"accuracy_change", to_json(row.accuracy_change)},
          {"right_to_wrong", to_json(row.right_to_wrong)},
          {"wrong_to_right", to_json(row.wrong_to_right)}};
}

}  // namespace mnist_bench
