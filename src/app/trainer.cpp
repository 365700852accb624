#include "app/trainer.h"

#include "app/engine_sets.h"
#include "base/random.h"
#include "kernels/simd.h"
#include "model/inference.h"
#include "model/network.h"
#include "native/engine.h"
#include "runtime/build_info.h"
#include "train/train.h"

namespace mnist_bench {
namespace {

ImageShape shape_of(const Dataset& dataset) {
  return {.rows = dataset.train.rows, .columns = dataset.train.columns};
}

/// The network with the parameters that training starts from, the same ones for every engine.
torch::nn::Sequential initial_network(const ExperimentConfig& config, const Dataset& dataset) {
  torch::nn::Sequential network = make_network(config.model, shape_of(dataset), dataset.classes);
  initialize(network, derive_seed(config.seed, "initialization"));
  return network;
}

class LibtorchTrainer final : public Trainer {
 public:
  LibtorchTrainer(const ExperimentConfig& config, DataCache& data, const std::string& device)
      : config_(config),
        network_(initial_network(config, data.dataset())),
        sets_(data.tensor_sets(config.data.normalization, device)) {
    network_->to(c10::Device(device));
    choose_memory_format(network_);
  }

  TrainOutcome train(const TrainCallbacks& callbacks,
                     const std::optional<TrainingState>& start) override {
    return mnist_bench::train(network_, sets_.train, config_, callbacks, start);
  }
  Predictions predict() override { return mnist_bench::predict(network_, sets_.test); }
  [[nodiscard]] std::vector<NamedTensor> parameters() const override {
    return export_parameters(network_);
  }
  void set_parameters(const std::vector<NamedTensor>& parameters) override {
    import_parameters(network_, parameters);
  }
  [[nodiscard]] std::string simd() const override { return simd_capability(); }

 private:
  const ExperimentConfig& config_;
  torch::nn::Sequential network_;
  const TensorSets& sets_;
};

class NativeTrainer final : public Trainer {
 public:
  NativeTrainer(const ExperimentConfig& config, DataCache& data, std::int64_t threads)
      : config_(config),
        network_(native::make_network(config, shape_of(data.dataset()), data.dataset().classes,
                                      threads, data.dataset().train_pixels.statistics)),
        sets_(data.native_sets()) {
    set_parameters(export_parameters(initial_network(config, data.dataset())));
  }

  TrainOutcome train(const TrainCallbacks& callbacks,
                     const std::optional<TrainingState>& start) override {
    return native::train(*network_, sets_.train, config_, callbacks, start);
  }
  Predictions predict() override { return native::predict(*network_, sets_.test); }
  [[nodiscard]] std::vector<NamedTensor> parameters() const override {
    return network_->parameters().export_values();
  }
  void set_parameters(const std::vector<NamedTensor>& parameters) override {
    network_->parameters().import_values(parameters);
  }
  [[nodiscard]] std::string simd() const override { return kernels::simd_target(); }

 private:
  const ExperimentConfig& config_;
  std::unique_ptr<native::Network> network_;
  const NativeSets& sets_;
};

}  // namespace

std::unique_ptr<Trainer> make_trainer(const ExperimentConfig& config, DataCache& data,
                                      const std::string& device, std::int64_t threads) {
  if (config.training.engine == Engine::native) {
    return std::make_unique<NativeTrainer>(config, data, threads);
  }
  return std::make_unique<LibtorchTrainer>(config, data, device);
}

}  // namespace mnist_bench
