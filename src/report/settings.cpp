#include "report/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "config/difference.h"
#include "config/run_keys.h"
#include "config/write.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// Nested JSON as rows "a.b" → text.
void flatten(const Json& json, const std::string& prefix,
             std::vector<std::pair<std::string, std::string>>& rows) {
  for (const auto& [key, value] : json.items()) {
    const std::string path = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    if (value.is_object()) {
      flatten(value, path, rows);
    } else {
      rows.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
}

std::vector<const RunResult*> all_runs(const RunGroup& group) {
  std::vector<const RunResult*> runs;
  for (const auto* list : {&group.completed, &group.failed, &group.interrupted}) {
    for (const StoredRun& run : *list) runs.push_back(&run.result);
  }
  return runs;
}

ReportTable table_of(const std::string& title, const std::vector<RunGroup>& groups,
                     const std::function<Json(const RunResult&)>& object) {
  std::vector<std::string> keys;
  std::map<std::string, std::vector<std::string>> cells;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::map<std::string, std::vector<std::string>> values;
    for (const RunResult* run : all_runs(groups[g])) {
      std::vector<std::pair<std::string, std::string>> rows;
      flatten(object(*run), "", rows);
      for (auto& [key, text] : rows) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
        auto& seen = values[key];
        if (std::find(seen.begin(), seen.end(), text) == seen.end()) seen.push_back(text);
      }
    }
    for (const auto& [key, texts] : values) {
      auto& row = cells[key];
      row.resize(groups.size());
      for (const std::string& text : texts) row[g] += (row[g].empty() ? "" : ", ") + text;
    }
  }
  ReportTable table{
      .title = title,
      .columns = {Align::left},
      .header = {"key"},
      .rows = {},
      .legend = groups.size() > 1 ? "≠ marks what differs between the experiments" : "",
      .first_names_rows = true};
  for (const RunGroup& group : groups) {
    table.columns.push_back(Align::left);
    table.header.push_back(group.label);
  }
  for (const std::string& key : keys) {
    std::vector<std::string> row = cells[key];
    table.emphasis.push_back(differ(row));
    for (std::string& cell : row) cell = cell.empty() ? kAbsent : cell;
    row.insert(row.begin(), (table.emphasis.back() ? "≠ " : "") + key);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Json config_of(const RunResult& run) {
  Json json = to_json(run.config);
  for (const std::string_view key : kOwnKeysOfRun) json.erase(std::string(key));
  return json;
}

Json provenance_of(const RunResult& run) {
  if (!run.provenance) return Json::object();
  Json json = to_json(*run.provenance);
  for (const char* key : {"started_at", "command", "resumed_after"}) json.erase(key);
  return json;
}

}  // namespace

Section settings_section(const std::vector<RunGroup>& groups) {
  return {.id = "configs",
          .title = "Configs and provenance",
          .tables = {table_of("Configs", groups, config_of),
                     table_of("Provenance", groups, provenance_of)},
          .pages_only = true};
}

}  // namespace mnist_bench
