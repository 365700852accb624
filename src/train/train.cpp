#include "train/train.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/random.h"
#include "config/schedule.h"

namespace mnist_bench {
namespace {

/// Reading the loss waits for the device, so it is done this rarely.
constexpr std::int64_t kLossCheckInterval = 50;

/// The indices of the images in the order of an epoch.
std::vector<std::int64_t> order_of(std::int64_t images, std::uint64_t seed, std::int64_t epoch) {
  return permutation(images, derive_seed(seed, "shuffle", static_cast<std::uint64_t>(epoch)));
}

/// One epoch of training, with its clock.
class Epoch {
 public:
  /// Starts the clock.
  Epoch(Learner& learner, const Schedule& schedule, std::uint64_t seed, std::int64_t epoch)
      : learner_(learner),
        images_(schedule.images_in(epoch)),
        batch_size_(schedule.batch_size),
        progress_{.epoch = epoch,
                  .steps = schedule.steps_in(epoch),
                  .steps_left = schedule.steps - schedule.steps_after(epoch - 1)} {
    learner_.begin_epoch(epoch, order_of(schedule.images, seed, epoch));
  }

  /// Runs all steps; returns how training ends here, if it does.
  std::optional<TrainEnd> run(const TrainCallbacks& callbacks) {
    while (progress_.step < progress_.steps) {
      const std::int64_t first = progress_.step * batch_size_;
      const std::int64_t count = std::min(batch_size_, images_ - first);
      if (callbacks.clock != nullptr) callbacks.clock->begin_step();
      learner_.step(first, count, callbacks.clock);
      ++progress_.step;
      --progress_.steps_left;
      if (!check_loss(first + count)) return TrainEnd::diverged;
      progress_.seconds = seconds();
      progress_.images_per_second = static_cast<double>(first + count) / progress_.seconds;
      if (callbacks.on_progress) callbacks.on_progress(progress_);
      if (callbacks.should_stop && callbacks.should_stop()) return TrainEnd::interrupted;
    }
    return std::nullopt;
  }

  /// After all steps.
  [[nodiscard]] EpochStatistics statistics() const {
    const auto images = static_cast<double>(images_);
    const EpochSums sums = learner_.sums();
    const double taken = seconds();
    return {.epoch = progress_.epoch,
            .loss = sums.loss / images,
            .accuracy = static_cast<double>(sums.correct) / images,
            .seconds = taken,
            .images_per_second = images / taken};
  }

  [[nodiscard]] const TrainProgress& progress() const { return progress_; }

 private:
  /// Whether the mean loss of the `done` images is finite, as far as it is known.
  bool check_loss(std::int64_t done) {
    if (progress_.step % kLossCheckInterval != 0 && progress_.step != progress_.steps) return true;
    progress_.loss = learner_.sums().loss / static_cast<double>(done);
    return std::isfinite(*progress_.loss);
  }

  [[nodiscard]] double seconds() const { return seconds_since(start_); }

  Clock::time_point start_ = Clock::now();
  Learner& learner_;
  std::int64_t images_;  ///< of this epoch
  std::int64_t batch_size_;
  TrainProgress progress_;
};

}  // namespace

TrainOutcome train(Learner& learner, const ExperimentConfig& config,
                   const TrainCallbacks& callbacks, const std::optional<TrainingState>& start) {
  const Schedule schedule = schedule_of(config.training, learner.training_images());
  if (start) learner.restore(*start);
  std::int64_t done = start ? start->epoch : 0;
  TrainProgress last{.epoch = done};
  if (done < schedule.epochs()) learner.prepare();
  while (done < schedule.epochs()) {
    Epoch epoch(learner, schedule, config.seed, ++done);
    const auto end = epoch.run(callbacks);
    last = epoch.progress();
    if (end) return {*end, last};
    const EpochStatistics statistics = epoch.statistics();
    if (callbacks.on_epoch) callbacks.on_epoch(statistics);
    if (callbacks.should_stop && callbacks.should_stop()) return {TrainEnd::interrupted, last};
  }
  return {TrainEnd::completed, last};
}

}  // namespace mnist_bench
