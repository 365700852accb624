#pragma once

#include <cstdint>
#include <optional>

#include "classical/keep_going.h"
#include "config/experiment.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"

namespace mnist_bench::classical {

/// The training images, with their labels below `classes`; at least `config.k`.
struct KnnModel {
  KnnConfig config;
  ImageSet training;
  std::int64_t classes = 0;
};

/// The classes of `images` by votes of their k nearest training images. Distances are squared
/// Euclidean ones of the bytes, exact integers. Of equally distant images the one of lower index is
/// nearer; of classes with equal votes the one whose image is nearest wins. Probabilities are
/// shares of the votes, and so there is no loss: NaN.
std::optional<Predictions> predict(const KnnModel& model, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going);

}  // namespace mnist_bench::classical
