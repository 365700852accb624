#include "report/robustness.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"
#include "report/severity.h"

namespace mnist_bench {
namespace {

/// What tells the sets of images of one group apart, and their order: whether they are of another
/// test set, its name, the transform, and the engine.
using RowKey = std::tuple<bool, std::string, ChainOrder, std::string>;

/// The values of one row, a run each.
struct RowValues {
  std::vector<double> accuracy;
  std::vector<double> clean_accuracy;
  std::vector<double> change;
  std::vector<double> right_to_wrong;
  std::vector<double> wrong_to_right;
  std::int64_t images = 0;
};

/// Of the same model on the same images without the transform.
double clean_accuracy(const Evaluation& evaluation) {
  const ConfusionMatrix& confusion = evaluation.test.confusion;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < confusion.size(); ++i) right += confusion[i][i];
  const AgainstClean& change = *evaluation.against_clean;
  return static_cast<double>(right + change.right_to_wrong - change.wrong_to_right) /
         static_cast<double>(evaluation.data.samples);
}

void add_values(const Evaluation& evaluation, RowValues& values) {
  values.images = evaluation.data.samples;
  values.accuracy.push_back(evaluation.test.metrics.accuracy.value_or(NAN));
  if (!evaluation.against_clean) return;
  values.clean_accuracy.push_back(clean_accuracy(evaluation));
  values.change.push_back(evaluation.against_clean->accuracy_change);
  values.right_to_wrong.push_back(static_cast<double>(evaluation.against_clean->right_to_wrong));
  values.wrong_to_right.push_back(static_cast<double>(evaluation.against_clean->wrong_to_right));
}

std::vector<RobustnessRow> rows_of(const RunGroup& group, const EvaluationsOfRuns& evaluations) {
  std::map<RowKey, RowValues> by_key;
  for (const StoredRun& run : group.completed) {
    const auto of_run = evaluations.find(run.folder);
    if (of_run == evaluations.end()) continue;
    for (const StoredEvaluation& stored : of_run->second) {
      const Evaluation& evaluation = stored.evaluation;
      const RowKey key{stored.data != kOwnTestSet, stored.data, order_of(evaluation.transform),
                       evaluation.engine};
      add_values(evaluation, by_key[key]);
    }
  }
  std::vector<RobustnessRow> rows;
  const auto summary = [&](const std::vector<double>& values) {
    return summary_of_results(group, values);
  };
  for (const auto& [key, values] : by_key) {
    const auto& [is_other, data, order, engine] = key;
    rows.push_back({.group = group.label,
                    .config_hash = group.config_hash,
                    .data = data,
                    .spec = order.spec,
                    .engine = engine,
                    .images = values.images,
                    .accuracy = summary(values.accuracy),
                    .clean_accuracy = summary(values.clean_accuracy),
                    .accuracy_change = summary(values.change),
                    .right_to_wrong = summary(values.right_to_wrong),
                    .wrong_to_right = summary(values.wrong_to_right)});
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

SummaryText clean_accuracy_text(const RobustnessRow& row) {
  return summary_text(row.clean_accuracy, metric_of(kAccuracyKey), row.images);
}

/// Of the images without the transform; "–" where they have no counterparts.
std::string clean_text(const RobustnessRow& row) {
  return row.accuracy_change.mean ? clean_accuracy_text(row).mean_and_sd() : kAbsent;
}

std::string accuracy_text(const RobustnessRow& row) {
  return summary_text(row.accuracy, metric_of(kAccuracyKey), row.images).mean_and_sd();
}

std::string images_text(const SampleSummary& images) {
  return images.mean ? with_commas(std::llround(*images.mean)) : kAbsent;
}

struct RowColumn {
  const char* title;
  Align align;
  std::string (*text)(const RobustnessRow&);
};

constexpr RowColumn kExperiment{"experiment", Align::left,
                                [](const RobustnessRow& row) { return row.group; }};
constexpr RowColumn kData{"data", Align::left, [](const RobustnessRow& row) { return row.data; }};
constexpr RowColumn kImages{"images", Align::right,
                            [](const RobustnessRow& row) { return with_commas(row.images); }};
constexpr RowColumn kTransform{"transform", Align::left,
                               [](const RobustnessRow& row) { return row.spec; }};
constexpr RowColumn kEngine{"engine", Align::left,
                            [](const RobustnessRow& row) { return row.engine; }};
constexpr RowColumn kRuns{"n", Align::right,
                          [](const RobustnessRow& row) { return std::to_string(row.accuracy.n); }};
constexpr RowColumn kClean{"clean [%]", Align::right, clean_text};
constexpr RowColumn kAccuracy{"accuracy [%]", Align::right, accuracy_text};
constexpr RowColumn kChange{"change [points]", Align::right, change_text};
constexpr RowColumn kRightToWrong{"right→wrong", Align::right, [](const RobustnessRow& row) {
                                    return images_text(row.right_to_wrong);
                                  }};
constexpr RowColumn kWrongToRight{"wrong→right", Align::right, [](const RobustnessRow& row) {
                                    return images_text(row.wrong_to_right);
                                  }};

bool is_same_in_all(const std::vector<RobustnessRow>& rows, const RowColumn& column) {
  return std::all_of(rows.begin(), rows.end(), [&](const RobustnessRow& row) {
    return column.text(row) == column.text(rows.front());
  });
}

ReportTable table_of(const std::string& title, const std::vector<RobustnessRow>& rows,
                     const std::vector<RowColumn>& columns) {
  ReportTable table{.title = title, .columns = {}, .header = {}, .rows = {}};
  for (const RowColumn& column : columns) {
    table.columns.push_back(column.align);
    table.header.emplace_back(column.title);
  }
  for (const RobustnessRow& row : rows) {
    table.rows.emplace_back();
    for (const RowColumn& column : columns) table.rows.back().push_back(column.text(row));
  }
  return table;
}

/// `rows`: of one group.
ReportTable table_of_group(const std::vector<RobustnessRow>& rows) {
  const RobustnessRow& first = rows.front();
  std::vector<RowColumn> columns;
  std::vector<std::string> same;
  const auto add = [&](const RowColumn& column, const std::string& in_title) {
    if (is_same_in_all(rows, column)) {
      same.push_back(in_title);
    } else {
      columns.push_back(column);
    }
  };
  add(kImages, kImages.text(first) + " images");
  add(kData, first.data == kOwnTestSet       ? "own test set"
             : first.data == kOwnTrainingSet ? "own training images"
                                             : "data " + first.data);
  columns.push_back(kTransform);
  add(kEngine, first.engine);
  add(kRuns, "n = " + kRuns.text(first));
  add(kClean, first.clean_accuracy.n > 0 ? "clean " + clean_accuracy_text(first).mean_and_sd_in("%")
                                         : "not tested without the transform");
  RowColumn points = kChange;
  points.title = "points";
  for (const RowColumn& column : {kAccuracy, points, kRightToWrong, kWrongToRight}) {
    columns.push_back(column);
  }
  return table_of(fmt::format("{}: {}", first.group, fmt::join(same, ", ")), rows, columns);
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
  std::vector<RowColumn> columns = {kExperiment};
  if (names_data) columns.push_back(kData);
  columns.push_back(kTransform);
  if (!is_same_in_all(rows, kEngine)) columns.push_back(kEngine);
  for (const RowColumn& column :
       {kRuns, kClean, kAccuracy, kChange, kRightToWrong, kWrongToRight}) {
    columns.push_back(column);
  }
  return table_of("Accuracy on transformed images", rows, columns);
}

std::vector<ReportTable> robustness_tables_by_group(const std::vector<RobustnessRow>& rows) {
  std::vector<ReportTable> tables;
  for (auto first = rows.begin(); first != rows.end();) {
    const auto end = std::find_if(
        first, rows.end(), [&](const RobustnessRow& row) { return row.group != first->group; });
    tables.push_back(table_of_group({first, end}));
    first = end;
  }
  return tables;
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
