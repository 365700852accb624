#include "app/trainer.h"

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
  LibtorchTrainer(const ExperimentConfig& config, const Dataset& dataset, c10::Device device)
      : config_(config),
        network_(initial_network(config, dataset)),
        train_set_(to_tensors(dataset.train, config.data.normalization, device)),
        test_set_(to_tensors(dataset.test, config.data.normalization, device)) {
    network_->to(device);
    choose_memory_format(network_);
  }

  TrainOutcome train(const TrainCallbacks& callbacks,
                     const std::optional<TrainingState>& start) override {
    return mnist_bench::train(network_, train_set_, config_, callbacks, start);
  }
  Predictions predict() override { return mnist_bench::predict(network_, test_set_); }
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
  ImageTensors train_set_;
  ImageTensors test_set_;
};

class NativeTrainer final : public Trainer {
 public:
  NativeTrainer(const ExperimentConfig& config, const Dataset& dataset, std::int64_t threads)
      : config_(config),
        network_(native::make_network(config, shape_of(dataset), dataset.classes, threads)),
        train_set_(dataset.train),
        test_set_(dataset.test) {
    set_parameters(export_parameters(initial_network(config, dataset)));
  }

  TrainOutcome train(const TrainCallbacks& callbacks,
                     const std::optional<TrainingState>& start) override {
    return native::train(*network_, train_set_, config_, callbacks, start);
  }
  Predictions predict() override { return native::predict(*network_, test_set_); }
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
  native::Images train_set_;
  native::Images test_set_;
};

}  // namespace

std::unique_ptr<Trainer> make_trainer(const ExperimentConfig& config, const Dataset& dataset,
                                      const std::string& device, std::int64_t threads) {
  if (config.training.engine == Engine::native) {
    return std::make_unique<NativeTrainer>(config, dataset, threads);
  }
  return std::make_unique<LibtorchTrainer>(config, dataset, c10::Device(device));
}

}  // namespace mnist_bench
