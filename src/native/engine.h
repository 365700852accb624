#pragma once

#include <memory>
#include <optional>

#include "config/experiment.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"
#include "native/images.h"
#include "native/network.h"
#include "record/training.h"

namespace mnist_bench::native {

/// Throws Error(usage), saying what to do instead, for what this engine cannot train.
void check_supported(const ExperimentConfig& config);

/// The network of `config` on `threads` threads, all parameters 0; `training` as for
/// `normalization_constants`. Throws as that and as `check_supported`, and for a CNN on images
/// whose rows or columns are not multiples of 4.
std::unique_ptr<Network> make_network(const ExperimentConfig& config, ImageShape image,
                                      std::int64_t classes, std::int64_t threads,
                                      const PixelStatistics& training = {});

/// Paper, Algorithm 1, from the network's present parameters, or from `start` as if it had never
/// stopped: the same numbers to the bit for the same SIMD instructions, whatever the number of
/// threads. The order of the images and what the callbacks see is as in the libtorch engine.
/// Ends as `diverged` when the epoch's mean loss is no longer finite (looked at every 50 steps).
/// Throws Error(io) when `start` is of another network.
TrainOutcome train(Network& network, const Images& set, const ExperimentConfig& config,
                   const TrainCallbacks& callbacks,
                   const std::optional<TrainingState>& start = std::nullopt);

/// Sends all images through the network, at least one.
Predictions predict(Network& network, const Images& set);

}  // namespace mnist_bench::native
