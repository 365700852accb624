#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "config/experiment.h"
#include "record/checkpoint.h"
#include "train/learner.h"
#include "train/phase_clock.h"

namespace mnist_bench {

/// Where training is after a step.
struct TrainProgress {
  std::int64_t epoch = 0;       ///< from 1
  std::int64_t step = 0;        ///< batches of this epoch done
  std::int64_t steps = 0;       ///< batches in this epoch
  std::int64_t steps_left = 0;  ///< of the whole training
  /// Mean of this epoch's images, as of the last check (every 50 steps: reading it waits for the
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

/// Callbacks of training; any may be empty.
struct TrainCallbacks {
  std::function<void(const TrainProgress&)> on_progress;
  /// After each epoch; the network may be evaluated here, and its state be taken.
  std::function<void(const EpochStatistics&)> on_epoch;
  /// Asked after each step; true ends the training.
  std::function<bool()> should_stop;
  /// Receives the phases of each step.
  PhaseClock* clock = nullptr;
};

struct TrainOutcome {
  TrainEnd end = TrainEnd::completed;
  /// Where training ended; if it diverged, the step at which that was noticed, and the loss.
  TrainProgress last;
};

/// Minibatch training in a fresh order each epoch, the last partial batch included, until the
/// config's epochs or steps are done: from the learner's initial parameters, or from `start`, with
/// bit-identical results. Ends as `diverged` when the epoch's mean loss is no longer finite
/// (checked every 50 steps), and as `interrupted` when the caller says so. Throws Error(io) when
/// `start` is of another network.
TrainOutcome train(Learner& learner, const ExperimentConfig& config,
                   const TrainCallbacks& callbacks,
                   const std::optional<TrainingState>& start = std::nullopt);

}  // namespace mnist_bench
