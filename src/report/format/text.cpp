#include "base/text.h"

#include "report/format/formats.h"
#include "report/paper.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {

std::string text_report(const Report& report) {
  const ReportTable means = means_table(report);
  const ReportTable ranges = ranges_table(report);
  std::string text = text_table(means.columns, means.header, means.rows) + "\n" +
                     text_table(ranges.columns, ranges.header, ranges.rows) + "\n";
  for (const std::string& note : table_notes()) text += note + "\n";
  for (const std::string& line : failed_lines(report.groups)) text += "failed: " + line + "\n";
  for (const std::string& warning : report.warnings) text += "warning: " + warning + "\n";
  if (report.paper) text += "\n" + paper_text(check_paper(report.groups));
  return text;
}

}  // namespace mnist_bench
