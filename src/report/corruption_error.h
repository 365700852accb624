#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "report/evaluations.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// The errors of a group on one kind of corruption, relative to those of a baseline.
struct RelativeError {
  std::string kind;                     ///< "rotate", "gaussian_noise, seed 0", "mnist-c-fog"
  std::vector<std::string> severities;  ///< ascending
  double baseline_error = 0.0;          ///< mean over the severities, above 0 … 1
  /// The group's errors summed over the severities, divided by those of the baseline.
  double ratio = 0.0;
};

struct GroupCorruptionError {
  std::string group;  ///< its label
  /// In per cent: 100 is the baseline. Of each of the group's runs, the baseline's mean being
  /// fixed; its mean is that of the group's mean errors.
  SampleSummary mce;
  std::vector<RelativeError> kinds;  ///< in the order of transform_kinds(), then MNIST-C's
};

/// Mean corruption error (Hendrycks and Dietterich 2019; for MNIST-C Mu and Gilmer 2019): for each
/// kind of corruption the errors summed over its severities, divided by the same sum of a baseline;
/// of these ratios the mean over the kinds, times 100.
struct CorruptionErrors {
  std::string baseline;  ///< label
  std::int64_t baseline_runs = 0;
  std::vector<GroupCorruptionError> groups;
  std::vector<std::string> notes;  ///< what is left out and why, a sentence each
};

/// The baseline's errors are means over all its completed runs, whatever the seeds of the others.
/// Images without a corruption do not count; a shift of several directions has their mean as error.
/// A kind on which the baseline makes no error is left out. So is a group unless each of its runs
/// and of the baseline's was evaluated on the same sets of images. The baseline itself is none.
/// `evaluations`: one of each run on each set.
CorruptionErrors corruption_errors(const RunGroup& baseline, const std::vector<RunGroup>& groups,
                                   const EvaluationsOfRuns& evaluations);

/// The mCE in a line for each group, the ratios of each kind in a table, and the notes.
std::string to_text(const CorruptionErrors& errors);

nlohmann::ordered_json to_json(const CorruptionErrors& errors);

}  // namespace mnist_bench
