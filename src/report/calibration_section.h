#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/calibration.h"
#include "report/figures.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// Those of the completed runs that have one.
std::vector<const Calibration*> calibrations_of(const RunGroup& group);

/// The test images of all runs of a group whose confidence is within a bin.
struct PooledBin {
  double lower = 0.0;
  double upper = 0.0;
  std::int64_t samples = 0;  ///< ≥ 1
  double confidence = 0.0;   ///< means over them
  double accuracy = 0.0;
};

/// The bins that are not empty, ascending.
std::vector<PooledBin> pooled_bins(const RunGroup& group);

/// The accuracy over the runs of a group's most confident images.
struct CoverageMean {
  double coverage = 0.0;  ///< share of the images
  SampleSummary accuracy;
};

/// Ascending.
std::vector<CoverageMean> coverage_means(const RunGroup& group);

/// Scores of the probabilities, accuracy by confidence and by coverage; empty where no run has a
/// calibration.
Section calibration_section(const std::vector<RunGroup>& groups);
/// The reliability diagram.
std::vector<FigureData> reliability_figures(const std::vector<RunGroup>& groups,
                                            const EvaluationsOfRuns& evaluations);
/// Accuracy of the most confident part of the images.
std::vector<FigureData> coverage_figures(const std::vector<RunGroup>& groups,
                                         const EvaluationsOfRuns& evaluations);

}  // namespace mnist_bench
