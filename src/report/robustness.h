#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "report/evaluations.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// The runs of one group on one set of images.
struct RobustnessRow {
  std::string group;  ///< its label
  std::string config_hash;
  std::string data;    ///< "test", or the name of another set
  std::string spec;    ///< canonical
  std::string engine;  ///< that computed it
  std::int64_t images = 0;
  SampleSummary accuracy;
  /// Of the same runs on the same images without the transform; where these are known.
  SampleSummary clean_accuracy;
  SampleSummary accuracy_change;
  SampleSummary right_to_wrong;
  SampleSummary wrong_to_right;
};

/// A row per group and set of images over the groups' completed runs: for each group its own test
/// set, then others by name; each of them by order_of() its transform.
std::vector<RobustnessRow> robustness_rows(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations);

/// Mean ± SD of each row.
ReportTable robustness_table(const std::vector<RobustnessRow>& rows);

/// The same in a table for each group, which fits 80 columns: what is the same in all its rows
/// stands in its title. Points: of the change in per cent.
std::vector<ReportTable> robustness_tables_by_group(const std::vector<RobustnessRow>& rows);

/// In the record's units.
nlohmann::ordered_json to_json(const RobustnessRow& row);

}  // namespace mnist_bench
