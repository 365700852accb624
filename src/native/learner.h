#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/augmented_set.h"
#include "data/pixels.h"
#include "model/layers.h"
#include "native/images.h"
#include "native/network.h"
#include "train/learner.h"

namespace mnist_bench::native {

/// Throws Error(usage), saying what to do instead, for a config that this engine cannot train,
/// whatever its data.
void check_supported(const ExperimentConfig& config);

/// Throws Error(usage) for a device, as a config names it, other than the CPU.
void check_device(const std::string& device);

/// The network of these layers on `threads` threads, all parameters 0. Its pixels are
/// (x/255 − mean)/sd.
std::unique_ptr<Network> make_network(const std::vector<PlacedLayer>& layers,
                                      const PixelScaling& scaling, std::int64_t threads);

/// Takes what is stored of a network: its parameters, then its buffers. Throws Error(io) if they
/// belong to another one.
void import_stored(Network& network, const std::vector<NamedTensor>& tensors);

/// Sends all images through the network, at least one.
Predictions predict(Network& network, const Images& set);

/// Training by this engine. The results are the same to the bit for any number of threads, with the
/// same SIMD instructions. The sets and `config` must outlive it. `augmented`: what each epoch
/// trains on in place of `train`; null: `train`.
class NativeLearner final : public Learner {
 public:
  NativeLearner(std::unique_ptr<Network> network, const Images& train, const Images& test,
                const ExperimentConfig& config, const Images* validation = nullptr,
                std::unique_ptr<AugmentedSet> augmented = nullptr);

  [[nodiscard]] std::int64_t training_images() const override { return train_.size(); }
  [[nodiscard]] std::string simd() const override;
  void restore(const TrainingState& state) override;
  void prepare() override;
  void begin_epoch(std::int64_t epoch, std::vector<std::int64_t> order) override;
  void step(std::int64_t first, std::int64_t count, PhaseClock* clock) override;
  EpochSums sums() override { return sums_; }
  Predictions predict(Split split) override;
  [[nodiscard]] TrainingState state() const override;

  /// With PyTorch's names and shapes. Throws Error(io) if they belong to another network.
  void set_parameters(const std::vector<NamedTensor>& parameters);

 private:
  /// What this epoch trains on.
  [[nodiscard]] const Images& images() const { return epoch_images_ ? *epoch_images_ : train_; }

  std::unique_ptr<Network> network_;
  const Images& train_;
  const Images& test_;
  const Images* validation_;
  const ExperimentConfig& config_;
  std::unique_ptr<AugmentedSet> augmented_;
  std::optional<Images> epoch_images_;  ///< of `augmented_`
  std::int64_t epoch_ = 0;
  std::int64_t steps_done_ = 0;  ///< in all epochs
  std::int64_t step_of_epoch_ = 0;
  std::uint64_t dropout_seed_ = 0;
  std::vector<std::int64_t> order_;
  EpochSums sums_;
};

}  // namespace mnist_bench::native
