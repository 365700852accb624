#include "config/schedule.h"

#include <algorithm>

namespace mnist_bench {
namespace {

std::int64_t rounded_up(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

}  // namespace

std::int64_t Schedule::steps_per_epoch() const { return rounded_up(images, batch_size); }

std::int64_t Schedule::epochs() const { return rounded_up(steps, steps_per_epoch()); }

std::int64_t Schedule::steps_in(std::int64_t epoch) const {
  return steps_after(epoch) - steps_after(epoch - 1);
}

std::int64_t Schedule::images_in(std::int64_t epoch) const {
  return std::min(images, steps_in(epoch) * batch_size);
}

std::int64_t Schedule::steps_after(std::int64_t epochs) const {
  return std::min(epochs * steps_per_epoch(), steps);
}

bool Schedule::evaluates_after(std::int64_t epoch) const {
  return epoch % evaluate_every == 0 || epoch == epochs();
}

Schedule schedule_of(const TrainingConfig& training, std::int64_t images) {
  const std::int64_t steps =
      training.steps.value_or(training.epochs * rounded_up(images, training.batch_size));
  return {.images = images,
          .batch_size = training.batch_size,
          .steps = steps,
          .evaluate_every = training.evaluate_every};
}

}  // namespace mnist_bench
