#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "record/checkpoint.h"
#include "train/phase_clock.h"

namespace mnist_bench {

/// Sums over the images that an epoch has trained on so far, dropout active.
struct EpochSums {
  double loss = 0.0;  ///< of the images' cross-entropies
  std::int64_t correct = 0;
};

/// The images that a network is evaluated on.
enum class Split { validation, test };

/// A network with its optimizer and its data, trained by an engine. `train` drives it; how a
/// step is computed is the engine's business. Calls come in the order of the declarations: restore
/// or not, prepare, then for each epoch begin_epoch, its steps, and what the caller asks.
class Learner {
 public:
  Learner() = default;
  virtual ~Learner() = default;
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  [[nodiscard]] virtual std::int64_t training_images() const = 0;
  /// The instructions that it computes with: "AVX-512", as each engine calls them.
  [[nodiscard]] virtual std::string simd() const = 0;

  /// Continues from this state instead of the initial parameters, as if training had never stopped.
  /// Throws Error(io) when the state is of another network.
  virtual void restore(const TrainingState& state) = 0;
  /// Before the first step: allocates buffers and warms up, without any effect on parameters,
  /// optimizer and random streams. Waits for the device.
  virtual void prepare() = 0;
  /// `order`: the indices of all training images, in the order of this epoch. Epochs count from 1.
  virtual void begin_epoch(std::int64_t epoch, std::vector<std::int64_t> order) = 0;
  /// Paper, Algorithm 1: forward pass, backward pass and update on order[first .. first + count).
  /// `clock`, if not null, receives the phases.
  virtual void step(std::int64_t first, std::int64_t count, PhaseClock* clock) = 0;
  /// The sums of this epoch's steps. Waits for the device.
  virtual EpochSums sums() = 0;

  /// The network's predictions for a split, which must have images.
  virtual Predictions predict(Split split) = 0;
  /// The state that training resumes from after the current step.
  [[nodiscard]] virtual TrainingState state() const = 0;
};

}  // namespace mnist_bench
