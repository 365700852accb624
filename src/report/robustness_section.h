#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluate/judge.h"
#include "report/robustness.h"
#include "report/section.h"
#include "report/severity.h"

namespace mnist_bench {

/// The mean accuracy of a group over a suite. Runs that were evaluated on other points have a row
/// of their own.
struct SuiteMean {
  std::string suite;
  std::string group;               ///< its label
  std::vector<std::string> specs;  ///< the suite's points, canonical
  std::int64_t images = 0;         ///< of each point
  SampleSummary accuracy;          ///< of each run's mean over the points
  SampleSummary clean_accuracy;    ///< of the same runs
};

/// On each run's own test set, by the engine that trained it. A run has the points of a shipped
/// suite if it was evaluated on all of them, under whatever suite's name; those of another suite
/// are the ones with its name.
std::vector<SuiteMean> suite_means(const std::vector<RunGroup>& groups,
                                   const EvaluationsOfRuns& evaluations);

/// How many images a point's accuracy is a share of: a mean over k sets is one of k times as many.
std::int64_t images_of(const SeverityPoint& point);

/// The judge's conclusions on group `b` less group `a` (indices) at each severity with two common
/// seeds at least. Of two deterministic groups there is one difference at each severity, marked as
/// such, and nothing to conclude from.
std::vector<NamedJudgement> judged_severities(const TransformFamily& family, std::size_t a,
                                              std::size_t b);

/// Two groups at the severities of one family of transforms, paired by seed.
struct RobustnessComparison {
  std::string a;  ///< label of the group
  std::string b;
  std::string family;
  std::vector<NamedJudgement> severities;  ///< judged_severities(), not empty
  JointJudgement joint;

  /// Not of two deterministic groups: there is no scatter to test with.
  [[nodiscard]] bool is_tested() const {
    return !severities.front().judgement.difference.is_deterministic;
  }
};

/// Each pair of groups that were tested on the same images, b after a.
std::vector<RobustnessComparison> robustness_comparisons(
    const std::vector<RunGroup>& groups, const std::vector<TransformFamily>& families);

/// The most rows of the table of all sets of images that a terminal shows and pages do not fold.
inline constexpr std::size_t kMostRowsForTerminal = 40;

/// Empty where there are no evaluations.
Section robustness_section(const std::vector<RunGroup>& groups,
                           const EvaluationsOfRuns& evaluations);
/// Accuracy against severity, a chart for each family that has an axis.
std::vector<FigureData> robustness_figures(const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations);

}  // namespace mnist_bench
