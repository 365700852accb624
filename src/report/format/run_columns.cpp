#include "report/format/run_columns.h"

#include <optional>

#include "record/metric_table.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
Json optional(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// A column that the run's provenance (data, model) holds, null where that is absent.
template <typename Part>
RunColumn from(std::optional<Part> RunResult::*part, const std::string& name,
               const std::string& meaning, Json (*of)(const Part&)) {
  return {.name = name, .meaning = meaning, .value = [part, of](const RunRow& row) -> Json {
            const std::optional<Part>& found = row.run->result.*part;
            return found ? of(*found) : Json(nullptr);
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

std::vector<RunColumn> provenance_columns() {
  const auto column = [](const char* name, const char* meaning, Json (*of)(const Provenance&)) {
    return from(&RunResult::provenance, name, meaning, of);
  };
  return {
      column("device", "cpu or cuda:N", [](const Provenance& p) { return Json(p.device); }),
      column("device_name", "of the device",
             [](const Provenance& p) { return Json(p.device_name); }),
      column("cpu", "of the machine", [](const Provenance& p) { return Json(p.cpu); }),
      column("threads", "CPU threads", [](const Provenance& p) { return Json(p.threads); }),
      column("jobs", "runs side by side; above 1, times are not those of a run alone",
             [](const Provenance& p) { return Json(p.jobs); }),
      column("version", "of mnist-bench", [](const Provenance& p) { return Json(p.version); }),
      column("git_revision", "of the build",
             [](const Provenance& p) { return optional(p.git_revision); }),
      column("git_dirty", "whether the build had uncommitted changes",
             [](const Provenance& p) { return optional(p.git_dirty); }),
      column("build_type", "Release, Debug",
             [](const Provenance& p) { return Json(p.build_type); }),
      column("libtorch", "version", [](const Provenance& p) { return Json(p.libtorch); }),
      column("started_at", "UTC", [](const Provenance& p) { return Json(p.started_at); }),
  };
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
  columns.push_back(from(
      &RunResult::data, "train_samples", "training images",
      +[](const DataSummary& d) { return Json(d.train.samples); }));
  columns.push_back(from(
      &RunResult::data, "test_samples", "test images",
      +[](const DataSummary& d) { return Json(d.test.samples); }));
  columns.push_back(from(
      &RunResult::data, "dataset", "label of the data set",
      +[](const DataSummary& d) { return Json(d.dataset); }));
  columns.push_back(from(
      &RunResult::data, "test_sha256", "of the test files",
      +[](const DataSummary& d) { return Json(d.test.sha256); }));
  columns.push_back({"model", "mlp or cnn",
                     [=](const RunRow& row) { return model_type(result(row).config.model); }});
  for (RunColumn& column : provenance_columns()) columns.push_back(std::move(column));
  columns.push_back({"parameters_sha256", "of the final parameters",
                     [=](const RunRow& row) { return optional(result(row).parameters_sha256); }});
  columns.push_back({"folder", "of the run, as it was named",
                     [](const RunRow& row) { return row.run->folder.string(); }});
  columns.push_back({"error", "why a run did not complete",
                     [=](const RunRow& row) { return optional(result(row).error); }});
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
