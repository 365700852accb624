#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace mnist_bench {

/// What makes one doubt that `dataset` is what its user takes it for, a line each: classes that no
/// training image shows (a damaged label can be all that names them), `label`, where that is the
/// name of a known data set whose checksums these files do not have, and pixels that
/// `normalization` does not suit, or that are not light strokes on a dark background.
std::vector<std::string> dataset_warnings(const Dataset& dataset, std::string_view label,
                                          Normalization normalization);

}  // namespace mnist_bench
