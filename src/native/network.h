#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/optimizer.h"
#include "native/images.h"
#include "native/parameters.h"
#include "train/phase_clock.h"

namespace mnist_bench::native {

/// What a step of training needs besides its images.
struct StepSettings {
  kernels::OptimizerStep update;
  /// Dropout is a function of these two: the epoch's seed and the step within the epoch.
  std::uint64_t dropout_seed = 0;
  std::int64_t step = 0;
  /// Receives the ends of the step's phases, from the first thread. Null: phases are not timed.
  PhaseClock* clock = nullptr;

  void end_phase(std::size_t thread, std::string_view name) const {
    if (clock != nullptr && thread == 0) clock->end_phase(name);
  }
};

/// The loss and the predictions of a batch before the step's update.
struct BatchStatistics {
  double loss_sum = 0;  ///< of the images' cross-entropies
  std::int64_t correct = 0;
};

/// Sums the cross-entropies of a batch and counts its correct predictions. `losses` and `predicted`
/// may hold more images than `labels`, which are the batch's.
BatchStatistics statistics_of(std::span<const std::uint8_t> labels, std::span<const float> losses,
                              std::span<const std::uint8_t> predicted);

/// Images that a network evaluates at a time, or more if it has buffers for larger batches. The
/// results do not depend on it. Larger batches have fewer barriers and read the weights less often,
/// but need larger buffers: the paper's CNN takes 0.1 MB per image. Not tuned.
inline constexpr std::size_t kEvaluationBatch = 128;

/// A network with hand-written forward and backward passes, on threads of its own.
class Network {
 public:
  explicit Network(std::int64_t classes) : classes_(static_cast<std::size_t>(classes)) {}
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  virtual Parameters& parameters() = 0;
  /// What layers keep besides: batch norm's running means and variances.
  Parameters& buffers() { return buffers_; }
  /// Allocates for steps on batches of up to `batch_size` images of `set`. Call it before the first
  /// step: a step allocates nothing.
  virtual void prepare(const Images& set, std::int64_t batch_size) = 0;
  /// Forward and backward pass over the images `batch` of `set`, and the optimizer's step.
  virtual BatchStatistics step(const Images& set, std::span<const std::int64_t> batch,
                               const StepSettings& settings) = 0;
  /// [size][classes] of the images first … first + size − 1, nothing dropped.
  std::vector<float> logits(const Images& set, std::int64_t first, std::int64_t size);

 protected:
  /// The same for at most capacity_ images, as rows of at least `classes` floats.
  virtual kernels::ConstMatrix evaluate(const Images& set, std::int64_t first,
                                        std::int64_t count) = 0;

  [[nodiscard]] std::size_t classes() const { return classes_; }

  std::size_t capacity_ = 0;  ///< images that the buffers hold

 private:
  std::size_t classes_ = 0;
  Parameters buffers_;
};

}  // namespace mnist_bench::native
