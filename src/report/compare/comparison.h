#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/judge.h"
#include "evaluate/paired_tests.h"
#include "evaluate/statistics.h"
#include "record/metric_table.h"
#include "record/read_result.h"
#include "report/groups.h"

namespace mnist_bench {

/// Two runs, image by image.
struct RunComparison {
  StoredRun a;
  StoredRun b;
  std::int64_t images = 0;
  std::int64_t both_right = 0;
  std::int64_t both_wrong = 0;
  McNemarTest test;            ///< first: A, second: B
  ShareDifference difference;  ///< accuracy of B less that of A
  /// "model.type mlp → cnn": A's value, B's value.
  std::vector<std::string> config_differences;
  std::vector<std::string> notes;
};

/// The predictions, each run's own (`read_predictions`), are matched by image index. Throws
/// Error(usage) when a run did not complete or the two were not tested on the same images.
RunComparison compare_runs(const StoredRun& a, const std::vector<Prediction>& predictions_a,
                           const StoredRun& b, const std::vector<Prediction>& predictions_b);

/// One metric over the seeds that both groups have, in the record's unit.
struct MetricComparison {
  const Metric* metric = nullptr;
  SampleSummary a;
  SampleSummary b;
  std::vector<double> differences;  ///< B − A, by seed; seeds whose runs lack the metric left out
  SampleSummary difference;         ///< paired_summary
};

/// Two groups, seed by seed.
struct GroupComparison {
  std::string name_a;  ///< "A"
  std::string name_b;
  /// Only the paired runs are in `completed` and in the summaries.
  RunGroup a;
  RunGroup b;
  std::vector<std::uint64_t> seeds;      ///< of the pairs, ascending
  std::vector<std::uint64_t> only_in_a;  ///< completed in A alone; left out
  std::vector<std::uint64_t> only_in_b;
  std::vector<MetricComparison> metrics;        ///< the reported ones but counts; accuracy first
  std::int64_t images = 0;                      ///< test images, the same of all runs
  Judgement judgement;                          ///< on the accuracies
  std::optional<EquivalenceTest> equivalence;   ///< of the accuracies, if asked for
  std::optional<NonInferiorityTest> not_worse;  ///< of A, on the accuracies, if asked for
  std::vector<std::string> config_differences;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

/// Differences of mean accuracy that do not matter, as shares, > 0: with one, the comparison also
/// tests for equivalence, or whether A is not worse than B.
struct Margins {
  std::optional<double> equivalence = {};
  std::optional<double> not_worse = {};
};

/// Throws Error(usage) when the groups have no seed in common or were not all tested on the same
/// images.
GroupComparison compare_groups(const RunGroup& a, const RunGroup& b, const Margins& margins = {},
                               const std::string& name_a = "A", const std::string& name_b = "B");

/// Several groups, each with each: a family of comparisons, judged as one (judge_as_family).
struct FamilyComparison {
  std::vector<RunGroup> groups;  ///< all their completed runs
  /// The first with the second, the first with the third, …; A and B are two of the groups.
  std::vector<GroupComparison> pairs;
  std::vector<std::string> warnings;
};

/// How many of the pairs are tested: where no seed changes either side, there is nothing to test.
std::size_t tested_pairs(const FamilyComparison& family);

/// As many as there are letters to name them: A, B, C, …
inline constexpr std::size_t kMostGroups = 26;
/// "C" for 2.
std::string group_name(std::size_t index);

/// `groups`: 2 to kMostGroups. Throws as compare_groups for each pair.
FamilyComparison compare_family(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
