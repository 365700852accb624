#pragma once

#include <string>
#include <vector>

#include "report/evaluations.h"
#include "report/figures.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// The keys that set experiments of one name apart, as a sweep makes them: a row per experiment
/// with its value of each, and a note where neither figure can be drawn. Empty where no two
/// experiments share a name.
Section sweep_section(const std::vector<RunGroup>& groups);

/// Accuracy over the one swept key that is a number; a line for each name, device and value of the
/// other keys. None where no swept key is a number, or several are.
std::vector<FigureData> sweep_figures(const std::vector<RunGroup>& groups,
                                      const EvaluationsOfRuns& evaluations);

/// Mean accuracy over the values of the two swept keys, one for each name and device. None where
/// other than two keys are swept.
std::vector<FigureData> heat_map_figures(const std::vector<RunGroup>& groups,
                                         const EvaluationsOfRuns& evaluations);

// Why there is none, as a part of a sentence; empty where there is one.
std::string why_no_sweep_chart(const std::vector<RunGroup>& groups);
std::string why_no_heat_map(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
