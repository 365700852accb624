#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/data_cache.h"
#include "config/experiment.h"
#include "evaluate/metrics.h"
#include "record/training.h"

namespace mnist_bench {

/// The network of one run and its data, in the hands of one of the engines (`training.engine`).
class Trainer {
 public:
  Trainer() = default;
  virtual ~Trainer() = default;
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Paper, Algorithm 1: from the initial parameters of the run's seed or, if given, from `start`.
  virtual TrainOutcome train(const TrainCallbacks& callbacks,
                             const std::optional<TrainingState>& start) = 0;
  /// What the network says of the test images.
  virtual Predictions predict() = 0;
  /// By PyTorch's names and in its shapes.
  [[nodiscard]] virtual std::vector<NamedTensor> parameters() const = 0;
  virtual void set_parameters(const std::vector<NamedTensor>& parameters) = 0;
  /// The instructions that it computes with.
  [[nodiscard]] virtual std::string simd() const = 0;
};

/// The trainer that `config` names, on `device` ("cpu", "cuda:0"). `config` must outlive it, and
/// `data` be left as it is.
/// Throws Error(usage), saying what to do instead, for what its engine cannot do.
std::unique_ptr<Trainer> make_trainer(const ExperimentConfig& config, DataCache& data,
                                      const std::string& device, std::int64_t threads);

}  // namespace mnist_bench
