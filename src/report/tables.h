#pragma once

#include <string>
#include <vector>

#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// A row per group: n, failed runs, and mean ± SD of each metric. With keys: experiment, n, failed
/// and those of the metrics.
ReportTable means_table(const std::vector<RunGroup>& groups);

/// A row per metric and group: n, mean, SD, 95 % interval of the mean, least and greatest value.
ReportTable ranges_table(const std::vector<RunGroup>& groups);

/// What the ± and the interval are; one sentence each.
std::vector<std::string> table_notes();

}  // namespace mnist_bench
