#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/optim/optimizer.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "libtorch/inference.h"
#include "train/learner.h"

namespace mnist_bench {

/// On a CPU, puts convolution weights into channels_last, which oneDNN's kernels use; elsewhere
/// does nothing. Call it before an optimizer has seen them.
void choose_memory_format(torch::nn::Sequential& network);

/// Training by LibTorch. The network is on the device of the sets; they and `config` must outlive
/// it. `epoch_images`: the images that an epoch trains on in place of those of `train`, in the same
/// form; empty: those of `train`.
class LibtorchLearner final : public Learner {
 public:
  LibtorchLearner(torch::nn::Sequential network, const ImageTensors& train,
                  const ImageTensors& test, const ExperimentConfig& config,
                  const ImageTensors* validation = nullptr,
                  std::function<torch::Tensor(std::int64_t epoch)> epoch_images = {});

  [[nodiscard]] std::int64_t training_images() const override { return train_.size(); }
  [[nodiscard]] std::string simd() const override;
  void restore(const TrainingState& state) override;
  /// Trains a copy for one step of each batch size of an epoch (the last batch may be partial), so
  /// that the first epoch's time includes no set-up of kernels. It also keeps MKL's first calls
  /// away from the parameters: when two threads make the first call at once, as for Adam's square
  /// roots, that call may round differently.
  void prepare() override;
  /// Dropout draws from LibTorch's global generators. They are reseeded each epoch, so resuming
  /// needs no state beyond (seed, epoch).
  void begin_epoch(std::int64_t epoch, std::vector<std::int64_t> order) override;
  void step(std::int64_t first, std::int64_t count, PhaseClock* clock) override;
  EpochSums sums() override;
  Predictions predict(Split split) override;
  [[nodiscard]] TrainingState state() const override;

 private:
  torch::nn::Sequential network_;
  ImageTensors train_;
  const ImageTensors& test_;
  const ImageTensors* validation_;
  const ExperimentConfig& config_;
  std::function<torch::Tensor(std::int64_t epoch)> epoch_images_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  std::int64_t epoch_ = 0;
  std::int64_t steps_done_ = 0;  ///< in all epochs
  torch::Tensor order_;          ///< [images] int64, on the device
  // This epoch's sums, kept on the device so that no step waits for them.
  torch::Tensor loss_sum_;
  torch::Tensor correct_;
};

}  // namespace mnist_bench
