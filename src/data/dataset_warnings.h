#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace mnist_bench {

/// Reasons to doubt that `dataset` is what its user expects, a line each: classes without a
/// training image (a single damaged label can add one), a `label` that names a known data set whose
/// checksums these files do not have, and pixels that do not suit `normalization` (absent: nobody
/// can choose one, as for k-NN and SVM) or are not light strokes on a dark background.
std::vector<std::string> dataset_warnings(const Dataset& dataset, std::string_view label,
                                          std::optional<Normalization> normalization);

}  // namespace mnist_bench
