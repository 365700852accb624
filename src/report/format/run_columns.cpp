#include "report/format/run_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "config/keys.h"
#include "record/metric_table.h"
#include "record/record_fields.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

RunColumn of_metric(const Metric& metric) {
  return {
      .name = metric.key, .meaning = metric.meaning, .value = [&metric](const RunRow& row) -> Json {
        const std::optional<double> value = metric.finite_value(row.run->result);
        if (!value) return nullptr;
        if (metric.is_count()) return static_cast<std::int64_t>(*value);
        return *value;
      }};
}

/// A member of the record.
RunColumn of_result(const std::string& field_name) {
  const Field<RunResult>& field = field_of(result_fields(), field_name);
  return {.name = field_name, .meaning = field.meaning, .value = [&field](const RunRow& row) {
            return field.write(row.run->result);
          }};
}

/// A member of an object of the record, which is null where the run ended before it was known.
template <class Part>
RunColumn of_part(const Fields<Part>& fields, std::optional<Part> RunResult::*part,
                  const std::string& field_name) {
  const Field<Part>& field = field_of(fields, field_name);
  return {.name = field_name, .meaning = field.meaning, .value = [&field, part](const RunRow& row) {
            const std::optional<Part>& known = row.run->result.*part;
            return known ? field.write(*known) : Json(nullptr);
          }};
}

/// A member of what the record says of the training or the test set; `set` is its name.
RunColumn of_set(const std::string& set, SplitSummary DataSummary::*split,
                 const std::string& field_name) {
  const Field<SplitSummary>& field = field_of(split_fields(), field_name);
  return {.name = set + "_" + field_name,
          .meaning = fmt::format("{}, {} set", field.meaning, set),
          .value = [&field, split](const RunRow& row) {
            const std::optional<DataSummary>& data = row.run->result.data;
            return data ? field.write((*data).*split) : Json(nullptr);
          }};
}

std::vector<RunColumn> make_columns() {
  const auto result = [](const RunRow& row) -> const RunResult& { return row.run->result; };
  std::vector<RunColumn> columns = {
      {"experiment", "the group's label", [](const RunRow& row) { return row.group->label; }},
      {"config_hash", "SHA-256 of what defines the experiment",
       [](const RunRow& row) { return row.group->config_hash; }},
      {"seed", "of the run", [=](const RunRow& row) { return result(row).config.seed; }},
      of_result("status"),
      {"counted", "whether the run enters the statistics",
       [](const RunRow& row) { return row.counted; }},
  };
  for (const Metric& metric : reported_metrics()) columns.push_back(of_metric(metric));
  columns.push_back(
      {"epochs", "finished epochs", [=](const RunRow& row) { return result(row).epochs.size(); }});
  columns.push_back(of_set("train", &DataSummary::train, "samples"));
  columns.push_back(of_set("test", &DataSummary::test, "samples"));
  columns.push_back(of_part(data_fields(), &RunResult::data, "dataset"));
  columns.push_back(of_set("test", &DataSummary::test, "sha256"));
  columns.push_back({"model", fmt::format("{}", fmt::join(section_types("model"), ", ")),
                     [=](const RunRow& row) { return model_type(result(row).config.model); }});
  for (const char* field : {"device", "device_name", "cpu", "threads", "jobs", "version",
                            "git_revision", "git_dirty", "build_type", "libtorch", "started_at"}) {
    columns.push_back(of_part(provenance_fields(), &RunResult::provenance, field));
  }
  columns.push_back(of_result("parameters_sha256"));
  columns.push_back({"folder", "of the run, as it was named",
                     [](const RunRow& row) { return row.run->folder.string(); }});
  columns.push_back(of_result("error"));
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
