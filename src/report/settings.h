#pragma once

#include <vector>

#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// What the runs of the groups were made with: configs, without what tells the runs of a group
/// apart, and provenance. A row per key, a column per group; a cell has the values of the group's
/// runs, each once. Rows in which the groups differ are emphasized and marked with ≠.
Section settings_section(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
