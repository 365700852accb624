#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "report/report.h"

namespace mnist_bench {

/// A table as plain text cells, which each format escapes and sets in its own way.
struct ReportTable {
  std::string title;
  std::vector<Align> columns;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

/// A row per group: n, failed runs, and mean ± SD of each measure.
ReportTable means_table(const Report& report);

/// A row per measure and group: n, mean, SD, 95 % interval of the mean, least and greatest value.
ReportTable ranges_table(const Report& report);

/// What the ± and the interval are; one sentence each.
std::vector<std::string> table_notes();

}  // namespace mnist_bench
