#include "report/report.h"

#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {

Report make_report(const StoredRuns& stored) {
  Report report;
  report.groups = group_runs(stored.runs);
  report.unfinished = stored.unfinished;
  report.warnings = report_warnings(report.groups, stored.unfinished);
  for (const std::string& problem : stored.unreadable) {
    report.warnings.push_back("a record cannot be read, so its run is left out: " + problem);
  }
  report.failed = failed_lines(report.groups);
  report.means = means_table(report.groups);
  report.ranges = ranges_table(report.groups);
  report.table_notes = table_notes();
  report.figures = figures_of(report.groups);
  report.settings = settings_of(report.groups);
  return report;
}

}  // namespace mnist_bench
