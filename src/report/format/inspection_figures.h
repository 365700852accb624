#pragma once

#include "report/format/svg.h"
#include "report/inspection.h"

namespace mnist_bench {

/// The image, the logits and the probabilities.
Figure image_figure(const Inspection& inspection);

/// A picture for each filter or unit, as many as there is space for. Colours diverge from white at
/// 0: red above, blue below.
Figure weights_figure(const Inspection& inspection, const FirstWeights& weights);

/// A picture for each map, or a strip of cells for a vector; coloured likewise, on a scale of the
/// layer's own.
Figure layer_figure(const LayerOutput& layer);

/// The images of one class taken for the other, and the reverse. `shape`: of an image.
Figure pair_figure(const ConfusedClasses& pair, ImageShape shape, const ClassNames& names);

}  // namespace mnist_bench
