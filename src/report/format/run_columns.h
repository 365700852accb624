#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

inline constexpr std::string_view kReportSchema = "mnist-bench.report/1";

/// A run with its place in the report.
struct RunRow {
  const RunGroup* group;
  const StoredRun* run;
  bool counted;  ///< whether it enters the group's statistics
};

/// One value of a run, for CSV and JSON alike; null where the run lacks it.
struct RunColumn {
  std::string name;
  std::string meaning;
  std::function<nlohmann::ordered_json(const RunRow&)> value;
};

/// experiment, config_hash, seed, status, counted, the metrics in the record's units (shares,
/// seconds), then what the run was made of and where it is.
const std::vector<RunColumn>& run_columns();

/// A group's runs: the counted, then the repeated, then the failed ones. The rows point into it.
std::vector<RunRow> run_rows(const RunGroup& group);
std::vector<RunRow> run_rows(RunGroup&& group) = delete;

}  // namespace mnist_bench
