#include "report/format/run_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "base/json_of.h"
#include "config/keys.h"
#include "record/metric_table.h"
#include "record/record_fields.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// A column of what the run was trained on, null where its record does not say.
RunColumn of_data(const std::string& name, const std::string& meaning,
                  Json (*of)(const DataSummary&)) {
  return {.name = name, .meaning = meaning, .value = [of](const RunRow& row) -> Json {
            const std::optional<DataSummary>& data = row.run->result.data;
            return data ? of(*data) : Json(nullptr);
          }};
}

RunColumn of_metric(const Metric& metric) {
  return {
      .name = metric.key, .meaning = metric.meaning, .value = [&metric](const RunRow& row) -> Json {
        const std::optional<double> value = metric.finite_value(row.run->result);
        if (!value) return nullptr;
        if (metric.is_count()) return static_cast<std::int64_t>(*value);
        return *value;
      }};
}

/// A column of the record's field, null where the run ended before it was known.
RunColumn of_provenance(const std::string& name) {
  const Field<Provenance>& field = field_of(provenance_fields(), name);
  return {.name = name, .meaning = field.meaning, .value = [&field](const RunRow& row) -> Json {
            const std::optional<Provenance>& provenance = row.run->result.provenance;
            return provenance ? field.write(*provenance) : Json(nullptr);
          }};
}

std::vector<RunColumn> make_columns() {
  const auto result = [](const RunRow& row) -> const RunResult& { return row.run->result; };
  std::vector<RunColumn> columns = {
      {"experiment", "the group's label", [](const RunRow& row) { return row.group->label; }},
      {"config_hash", "SHA-256 of what defines the experiment",
       [](const RunRow& row) { return row.group->config_hash; }},
      {"seed", "of the run", [=](const RunRow& row) { return result(row).config.seed; }},
      {"status", "completed, diverged, interrupted or failed",
       [=](const RunRow& row) { return to_string(result(row).status); }},
      {"counted", "whether the run enters the statistics",
       [](const RunRow& row) { return row.counted; }},
  };
  for (const Metric& metric : reported_metrics()) columns.push_back(of_metric(metric));
  columns.push_back(
      {"epochs", "finished epochs", [=](const RunRow& row) { return result(row).epochs.size(); }});
  columns.push_back(of_data("train_samples", "training images",
                            [](const DataSummary& d) { return Json(d.train.samples); }));
  columns.push_back(of_data("test_samples", "test images",
                            [](const DataSummary& d) { return Json(d.test.samples); }));
  columns.push_back(of_data("dataset", "label of the data set",
                            [](const DataSummary& d) { return Json(d.dataset); }));
  columns.push_back(of_data("test_sha256", "of the test files",
                            [](const DataSummary& d) { return Json(d.test.sha256); }));
  columns.push_back({"model", fmt::format("{}", fmt::join(section_types("model"), ", ")),
                     [=](const RunRow& row) { return model_type(result(row).config.model); }});
  for (const char* field : {"device", "device_name", "cpu", "threads", "jobs", "version",
                            "git_revision", "git_dirty", "build_type", "libtorch", "started_at"}) {
    columns.push_back(of_provenance(field));
  }
  columns.push_back({"parameters_sha256", "of the final parameters",
                     [=](const RunRow& row) { return json_of(result(row).parameters_sha256); }});
  columns.push_back({"folder", "of the run, as it was named",
                     [](const RunRow& row) { return row.run->folder.string(); }});
  columns.push_back({"error", "why a run did not complete",
                     [=](const RunRow& row) { return json_of(result(row).error); }});
  return columns;
}

}  // namespace

const std::vector<RunColumn>& run_columns() {
  static const std::vector<RunColumn> columns = make_columns();
  return columns;
}

std::vector<RunRow> run_rows(const RunGroup& group) {
  std::vector<RunRow> rows;
  for (const auto* list : {&group.completed, &group.repeated, &group.failed, &group.interrupted}) {
    for (const StoredRun& run : *list) rows.push_back({&group, &run, list == &group.completed});
  }
  return rows;
}

}  // namespace mnist_bench
