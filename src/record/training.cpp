#include "record/training.h"

#include <cmath>

namespace mnist_bench {
namespace {

/// Reading the loss waits for the device, so it is done this rarely.
constexpr std::int64_t kStepsPerLook = 50;

}  // namespace

EpochWatch::EpochWatch(std::int64_t epoch, std::int64_t steps, const TrainCallbacks& callbacks)
    : progress_{.epoch = epoch, .steps = steps}, callbacks_(callbacks) {}

double EpochWatch::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

std::optional<TrainEnd> EpochWatch::after_step(std::int64_t images,
                                               const std::function<double()>& mean_loss) {
  ++progress_.step;
  if (progress_.step % kStepsPerLook == 0 || progress_.step == progress_.steps) {
    progress_.loss = mean_loss();
    if (!std::isfinite(*progress_.loss)) return TrainEnd::diverged;
  }
  progress_.seconds = seconds();
  progress_.images_per_second = static_cast<double>(images) / progress_.seconds;
  if (callbacks_.on_progress) callbacks_.on_progress(progress_);
  if (callbacks_.should_stop && callbacks_.should_stop()) return TrainEnd::interrupted;
  return std::nullopt;
}

EpochStatistics EpochWatch::statistics(std::int64_t images) const {
  const double taken = seconds();
  return {.epoch = progress_.epoch,
          .loss = progress_.loss.value_or(NAN),
          .accuracy = 0.0,
          .seconds = taken,
          .images_per_second = static_cast<double>(images) / taken};
}

}  // namespace mnist_bench
