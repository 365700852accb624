#pragma once

#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "report/figures.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// What a model costs. A new cost is a line in the table costs().
struct Cost {
  std::string key;    ///< in JSON
  std::string title;  ///< with its unit
  /// Over the group's seeds; n = 0 where it is not known.
  SampleSummary (*summary)(const RunGroup& group);
  bool exact = false;  ///< the model decides it: a whole number, the same for every seed
  /// Of a chart's axis, where its numbers would be long: a thousand, a million.
  double axis_unit = 1.0;
  std::string axis = {};  ///< title with that unit; empty: `title`
};
const std::vector<Cost>& costs();

/// A group's accuracy and costs.
struct EfficiencyRow {
  std::string group;  ///< its label
  SampleSummary accuracy;
  std::vector<SampleSummary> costs;  ///< in the order of costs()
  /// Labels of the groups that are shown to be more accurate, by judge() on the same seeds and test
  /// images, and whose means are not above this one's in any cost. A cost that no group has does
  /// not count. A group that lacks one that others have dominates none, and none dominates it.
  std::vector<std::string> dominated_by;
};

/// Of the groups with a completed run; where latencies are known, without the networks that have
/// none.
std::vector<EfficiencyRow> efficiency_rows(const std::vector<RunGroup>& groups);

/// Empty for fewer than two groups, of which none can be more efficient, unless latencies are
/// known.
Section efficiency_section(const std::vector<RunGroup>& groups);
/// Accuracy against each cost.
std::vector<FigureData> efficiency_figures(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations);

}  // namespace mnist_bench
