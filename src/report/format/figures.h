#pragma once

#include <string>
#include <vector>

#include "report/format/svg.h"
#include "report/groups.h"

namespace mnist_bench {

/// The pictures of a report, which the HTML page and the .svg files share. Of completed runs alone.

/// Test accuracy [%] by epoch: mean over the seeds, band of ± SD where n ≥ 2.
Figure accuracy_curves(const std::vector<RunGroup>& groups);

/// Training loss (dropout active; dashed) and test loss by epoch, drawn alike.
Figure loss_curves(const std::vector<RunGroup>& groups);

/// Test accuracy [%] after each epoch against the training seconds until then: each seed's points,
/// and a line through their means. The time axis is logarithmic.
Figure accuracy_against_time(const std::vector<RunGroup>& groups);

/// Per class what is missing to 100 % of precision, recall and F1: mean and ± SD over the seeds, as
/// far as that lies within 0 … 100 %.
Figure class_errors(const RunGroup& group);

/// The confusion matrix summed over the seeds: rows true, columns predicted; the deeper a cell, the
/// larger its share of its row, on a logarithmic scale. Each cell holds its count and its share of
/// the row in per cent; style sheet and script show one of them.
Figure confusion_figure(const RunGroup& group);

}  // namespace mnist_bench
