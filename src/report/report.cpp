#include "report/report.h"

#include "report/settings.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

Section results_section(const std::vector<RunGroup>& groups) {
  return {.id = "results",
          .title = "Results",
          .tables = {means_table(groups), ranges_table(groups)},
          .notes = table_notes()};
}

/// A section for each part that figures stand in.
std::vector<Section> figure_sections(const std::vector<RunGroup>& groups) {
  std::vector<Section> sections;
  for (FigureSet& set : figures_of(groups)) {
    if (sections.empty() || sections.back().id != set.kind->part_id) {
      sections.push_back({.id = set.kind->part_id, .title = set.kind->part, .pages_only = true});
    }
    sections.back().figures.push_back(std::move(set));
  }
  return sections;
}

Section mistakes_section(const std::vector<RunGroup>& groups) {
  Section section{.id = "mistakes", .title = "The most confident mistakes", .pages_only = true};
  for (const RunGroup& group : groups) section.mistakes.push_back(find_mistakes(group));
  return section;
}

std::vector<std::string> warnings_of(const std::vector<RunGroup>& groups,
                                     const StoredRuns& stored) {
  std::vector<std::string> warnings = report_warnings(groups, stored.unfinished);
  for (const std::string& problem : stored.unreadable) {
    warnings.push_back("a record cannot be read, so its run is left out: " + problem);
  }
  return warnings;
}

}  // namespace

Report make_report(const StoredRuns& stored, const ReportOptions& options) {
  const std::vector<RunGroup> groups = group_runs(stored.runs);
  Report report{.groups = groups,
                .unfinished = stored.unfinished,
                .warnings = warnings_of(groups, stored),
                .failed = failed_lines(groups),
                .results = results_section(groups),
                .sections = {}};
  for (const auto& section_of : options.further) report.sections.push_back(section_of(groups));
  for (Section& section : figure_sections(groups)) report.sections.push_back(std::move(section));
  if (options.mistakes) report.sections.push_back(mistakes_section(groups));
  report.sections.push_back(settings_section(groups));
  return report;
}

}  // namespace mnist_bench
