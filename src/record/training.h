#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "record/checkpoint.h"
#include "record/phase_clock.h"

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
  /// Told the phases of each step.
  PhaseClock* clock = nullptr;
};

struct TrainOutcome {
  TrainEnd end = TrainEnd::completed;
  /// Where a diverged training was: the epoch, the step at which it was noticed, and the loss.
  TrainProgress last;
};

/// Follows one epoch for the caller of training: the same clock, looks and ends for every engine.
class EpochWatch {
 public:
  /// Starts the clock.
  EpochWatch(std::int64_t epoch, std::int64_t steps, const TrainCallbacks& callbacks);

  /// After each step, with the images of the epoch so far. Asks for their mean loss every 50 steps
  /// and after the last one. How training ends here, if it does: `diverged` when that loss is not
  /// finite, `interrupted` when the caller says so.
  std::optional<TrainEnd> after_step(std::int64_t images, const std::function<double()>& mean_loss);

  [[nodiscard]] const TrainProgress& progress() const { return progress_; }

  /// Of an epoch of `images`, the moment that it ends (with the device synchronized); the accuracy
  /// is the caller's to fill in.
  [[nodiscard]] EpochStatistics statistics(std::int64_t images) const;

 private:
  [[nodiscard]] double seconds() const;

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  TrainProgress progress_;
  const TrainCallbacks& callbacks_;
};

}  // namespace mnist_bench
