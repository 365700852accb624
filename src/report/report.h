#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "record/read_result.h"
#include "report/figures.h"
#include "report/groups.h"
#include "report/mistakes.h"
#include "report/section.h"
#include "report/settings.h"

namespace mnist_bench {

/// All that a report says, in whatever format: the one input of every renderer.
struct Report {
  std::vector<RunGroup> groups;
  /// Folders of runs without a result: still running, or killed.
  std::vector<std::filesystem::path> unfinished;
  /// Whole sentences on what limits the numbers: times that cannot be compared, builds that should
  /// not be measured, runs left out.
  std::vector<std::string> warnings;
  std::vector<std::string> failed;  ///< a line for each failed run
  ReportTable means;                ///< a row per group
  ReportTable ranges;               ///< a row per measure and group
  std::vector<std::string> table_notes;
  std::vector<Section> sections;  ///< further ones, such as the check of the paper
  std::vector<FigureSet> figures;
  std::vector<SettingsTable> settings;  ///< configs and provenance
  std::vector<Mistakes> mistakes;       ///< of each group; empty where they are not asked for
};

/// Without sections and mistakes.
Report make_report(const StoredRuns& stored);

}  // namespace mnist_bench
