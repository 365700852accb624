#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "record/read_result.h"
#include "report/evaluations.h"
#include "report/groups.h"
#include "report/section.h"

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
  /// What every format begins with: two tables, a row per group and a row per metric and group.
  Section results;
  /// What was asked for, figures, mistakes, configs and provenance.
  std::vector<Section> sections;
};

/// A section that an option asks for, such as the check of the paper. It rests on the test results
/// of all experiments, so that these are not ranked by the images held back.
struct FurtherSection {
  std::string option;  ///< "--paper"
  std::function<Section(const std::vector<RunGroup>&, const EvaluationsOfRuns&)> make;
};

/// What not every report has.
struct ReportOptions {
  std::vector<FurtherSection> further = {};  ///< these precede the other sections
  /// The most confident mistakes, which take long to find: from all predictions and the images.
  bool mistakes = false;
  /// Where there are evaluations, what their transforms do to images, and who gets these right.
  bool pictures = false;
  /// What `bench --inference` measured, of these experiments and of others.
  std::vector<Latency> latencies = {};
};

Report make_report(const StoredRuns& stored, const ReportOptions& options = {});

}  // namespace mnist_bench
