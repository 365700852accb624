#include "report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "report/calibration_section.h"
#include "report/condition_warnings.h"
#include "report/confused_pairs.h"
#include "report/efficiency.h"
#include "report/latencies.h"
#include "report/robustness_section.h"
#include "report/settings.h"
#include "report/sweep_section.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

/// `ranked`: by rank_by_validation.
Section results_section(const std::vector<RunGroup>& groups, bool ranked) {
  Section section{.id = "results",
                  .title = "Results",
                  .tables = {means_table(groups), ranges_table(groups)},
                  .notes = table_notes()};
  if (!ranked) return section;
  section.notes.insert(
      section.notes.begin(),
      fmt::format(
          "Ranked by the accuracy on training images held back; the test results are those "
          "of the first alone, {}, as no choice was made by them. compare tests any two.{}",
          groups.front().label,
          groups[0].summaries.at(kValidationKey).mean == groups[1].summaries.at(kValidationKey).mean
              ? " Others are as good as the first."
              : ""));
  return section;
}

/// A section for each part that figures are of, in the order of their kinds, then those of
/// `written` that have none; empty ones are left out.
std::vector<Section> part_sections(const std::vector<RunGroup>& groups,
                                   const EvaluationsOfRuns& evaluations,
                                   std::vector<Section> written) {
  std::vector<Section> sections;
  for (FigureSet& set : figures_of(groups, evaluations)) {
    const std::string& id = set.kind->part_id;
    if (sections.empty() || sections.back().id != id) {
      const auto found = std::find_if(written.begin(), written.end(),
                                      [&](const Section& section) { return section.id == id; });
      if (found == written.end()) {
        sections.push_back({.id = id, .title = set.kind->part, .pages_only = true});
      } else {
        sections.push_back(std::move(*found));
        written.erase(found);
      }
    }
    if (!set.figures.empty()) sections.back().figures.push_back(std::move(set));
  }
  std::move(written.begin(), written.end(), std::back_inserter(sections));
  std::erase_if(sections, [](const Section& section) { return section.is_empty(); });
  return sections;
}

/// What the transforms of the section on robustness do to images, where there is one.
void add_contact_sheet(std::vector<Section>& sections, const std::vector<RunGroup>& groups,
                       const EvaluationsOfRuns& evaluations) {
  const std::vector<TransformFamily> families = transform_families(groups, evaluations);
  const auto section = std::find_if(sections.begin(), sections.end(),
                                    [](const Section& each) { return each.id == "robustness"; });
  if (families.empty() || section == sections.end()) return;
  section->sheet = contact_sheet(groups, families, evaluations);
  section->data["pictures"] = to_json(*section->sheet);
}

Section mistakes_section(const std::vector<RunGroup>& groups) {
  Section section{.id = "mistakes", .title = "The most confident mistakes", .pages_only = true};
  section.mistakes = find_mistakes(groups);
  return section;
}

std::vector<std::string> warnings_of(const std::vector<RunGroup>& groups, const StoredRuns& stored,
                                     const FoundEvaluations& evaluations,
                                     const std::string& why_not_ranked) {
  std::vector<std::string> warnings = report_warnings(groups, stored.unfinished, why_not_ranked);
  for (const std::string& problem : stored.unreadable) {
    warnings.push_back("a record cannot be read, so its run is left out: " + problem);
  }
  if (!evaluations.unusable.empty()) {
    warnings.push_back("evaluations that cannot be used are left out: " +
                       listed(evaluations.unusable, kMostListed));
  }
  return warnings;
}

}  // namespace

Report make_report(const StoredRuns& stored, const ReportOptions& options) {
  std::vector<RunGroup> groups = group_runs(stored.runs);
  const std::string unranked = why_not_ranked(
      groups, options.further.empty() ? std::string() : options.further.front().option);
  const bool ranked = options.further.empty() && rank_by_validation(groups);
  const std::vector<std::string> latency_warnings = join_latencies(groups, options.latencies);
  const FoundEvaluations evaluations = evaluations_of(groups);
  Report report{.groups = groups,
                .unfinished = stored.unfinished,
                .warnings = warnings_of(groups, stored, evaluations, unranked),
                .failed = failed_lines(groups),
                .results = results_section(groups, ranked),
                .sections = {}};
  report.warnings.insert(report.warnings.end(), latency_warnings.begin(), latency_warnings.end());
  for (const FurtherSection& further : options.further) {
    report.sections.push_back(further.make(groups, evaluations.of_runs));
  }
  const std::vector<RunGroup> tested = those_that_show_test(groups);
  for (Section& section :
       part_sections(groups, evaluations.of_runs,
                     {sweep_section(groups), robustness_section(tested, evaluations.of_runs),
                      calibration_section(tested), efficiency_section(tested),
                      confused_pairs_section(tested)})) {
    report.sections.push_back(std::move(section));
  }
  if (options.pictures) add_contact_sheet(report.sections, tested, evaluations.of_runs);
  if (options.mistakes) report.sections.push_back(mistakes_section(tested));
  report.sections.push_back(settings_section(groups));
  return report;
}

}  // namespace mnist_bench
