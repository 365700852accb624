#pragma once

#include <cstdint>

#include "config/experiment.h"

namespace mnist_bench {

/// Most epochs that a run may have, however its length is given: each has a line in its record.
inline constexpr std::int64_t kMaxEpochs = 100'000;

/// How training goes over a number of images: its epochs, their steps, and when it evaluates.
/// Epochs count from 1. The last batch of an epoch may be a part, and so may the last epoch.
struct Schedule {
  std::int64_t images = 0;
  std::int64_t batch_size = 1;
  std::int64_t steps = 0;  ///< in all epochs
  std::int64_t evaluate_every = 1;

  [[nodiscard]] std::int64_t epochs() const;
  /// Of an epoch.
  [[nodiscard]] std::int64_t steps_in(std::int64_t epoch) const;
  [[nodiscard]] std::int64_t images_in(std::int64_t epoch) const;
  /// Steps done after this many epochs.
  [[nodiscard]] std::int64_t steps_after(std::int64_t epochs) const;
  /// Whether the network is evaluated, and training saved, after this epoch: each
  /// `evaluate_every`-th one, and the last.
  [[nodiscard]] bool evaluates_after(std::int64_t epoch) const;

 private:
  [[nodiscard]] std::int64_t steps_per_epoch() const;
};

/// For at least one image.
Schedule schedule_of(const TrainingConfig& training, std::int64_t images);

}  // namespace mnist_bench
