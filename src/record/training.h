#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "record/checkpoint.h"

namespace mnist_bench {

/// Where training stands after a step.
struct TrainProgress {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t step = 0;   ///< batches of this epoch done
  std::int64_t steps = 0;  ///< batches in an epoch
  /// Mean of this epoch's images, as of the last look (every 50 steps: reading it waits for the
  /// device); absent before the first.
  std::optional<double> loss = std::nullopt;
  double seconds = 0.0;  ///< of training in this epoch
  double images_per_second = 0.0;
};

struct EpochStatistics {
  std::int64_t epoch = 0;
  double loss = 0.0;      ///< mean over the images, dropout active
  double accuracy = 0.0;  ///< 0 … 1, dropout active
  double seconds = 0.0;   ///< training alone: steady clock, device synchronized at both ends
  double images_per_second = 0.0;
};

enum class TrainEnd { completed, diverged, interrupted };

/// What training tells its caller, and asks it; any may be empty.
struct TrainCallbacks {
  std::function<void(const TrainProgress&)> on_progress;
  /// After each epoch; the network may be evaluated here. `state` gives what training could go on
  /// from.
  std::function<void(const EpochStatistics&, const std::function<TrainingState()>& state)> on_epoch;
  /// Asked after each step; true ends the training.
  std::function<bool()> should_stop;
};

struct TrainOutcome {
  TrainEnd end = TrainEnd::completed;
  /// Where a diverged training was: the epoch, the step at which it was noticed, and the loss.
  TrainProgress last;
};

}  // namespace mnist_bench
