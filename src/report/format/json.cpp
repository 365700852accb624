#include <nlohmann/json.hpp>

#include "base/json_of.h"
#include "config/write.h"
#include "record/metric_table.h"
#include "report/format/formats.h"
#include "report/format/run_columns.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json statistics_of(const RunGroup& group) {
  Json statistics = Json::object();
  for (const Metric& metric : reported_metrics()) {
    if (!metric.applies(first_run(group).result.config)) continue;
    if (!metric.is_count()) statistics[metric.key] = to_json(group.summaries.at(metric.key));
  }
  return statistics;
}

Json model_of(const RunGroup& group) {
  if (!group.model) return nullptr;
  if (group.model->layers.empty() && is_deterministic(group)) {
    return {{"type", group.model->type},
            {"stored_bytes", json_of(group.model->stored_bytes)},
            {"support_vectors", json_of(group.model->support_vectors)}};
  }
  return {{"type", group.model->type},
          {"parameters", group.model->parameters},
          {"macs", group.model->macs}};
}

Json run_of(const RunRow& row) {
  Json run = Json::object();
  for (const RunColumn& column : run_columns()) {
    const bool of_group = column.name == "experiment" || column.name == "config_hash";
    if (!of_group) run[column.name] = column.value(row);
  }
  return run;
}

}  // namespace

std::string json_report(const Report& report) {
  Json groups = Json::array();
  for (const RunGroup& group : report.groups) {
    Json runs = Json::array();
    for (const RunRow& row : run_rows(group)) runs.push_back(run_of(row));
    groups.push_back({{"label", group.label},
                      {"config_hash", group.config_hash},
                      {"config", experiment_json(first_run(group).result.config)},
                      {"model", model_of(group)},
                      {"n", group.completed.size()},
                      {"failed", group.failed.size()},
                      {"interrupted", group.interrupted.size()},
                      {"statistics", statistics_of(group)},
                      {"runs", std::move(runs)}});
    if (const ClassNames names = class_names_of(group); !names.empty()) {
      groups.back()["class_names"] = names;
    }
  }
  Json unfinished = Json::array();
  for (const auto& folder : report.unfinished) unfinished.push_back(folder.string());
  Json document = {{"schema", kReportSchema},
                   {"groups", std::move(groups)},
                   {"unfinished", std::move(unfinished)},
                   {"warnings", report.warnings}};
  for (const Section& section : report.sections) {
    if (!section.data.is_null()) document[section.id] = section.data;
  }
  // A folder's name may be anything; one that is not UTF-8 must not cost the report.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mnist_bench
