#pragma once

#include <string>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

/// What the runs of the groups were made with: a row per key and a column per group.
struct SettingsTable {
  struct Row {
    std::string key;                  ///< "optimizer.learning_rate"
    std::vector<std::string> values;  ///< of each group: those of its runs, each once; or empty
    bool differs = false;             ///< between the groups
  };
  std::string title;
  std::vector<Row> rows;
};

/// Configs, without what tells the runs of a group apart, and provenance.
std::vector<SettingsTable> settings_of(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
