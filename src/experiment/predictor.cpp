#include "experiment/predictor.h"

#include <utility>

#include "kernels/simd.h"
#include "libtorch/inference.h"
#include "libtorch/learner.h"
#include "libtorch/network.h"
#include "native/learner.h"
#include "record/layer_tensors.h"
#include "runtime/build_info.h"

namespace mnist_bench {
namespace {

class NativePredictor final : public Predictor {
 public:
  explicit NativePredictor(std::unique_ptr<native::Network> network)
      : network_(std::move(network)) {}

  [[nodiscard]] std::string simd() const override { return kernels::simd_target(); }
  void set_parameters(const std::vector<NamedTensor>& stored) override {
    native::import_stored(*network_, stored);
  }
  Predictions predict(const ImageSet& images) override {
    return native::predict(*network_, native::Images(images));
  }
  std::vector<float> probabilities(const ImageSet& images) override {
    return predict(images).class_probabilities;  // the rest takes next to nothing
  }

 private:
  std::unique_ptr<native::Network> network_;
};

class LibtorchPredictor final : public Predictor {
 public:
  LibtorchPredictor(torch::nn::Sequential network, const PixelScaling& scaling, c10::Device device)
      : network_(std::move(network)), scaling_(scaling), device_(device) {}

  [[nodiscard]] std::string simd() const override { return simd_capability(); }
  void set_parameters(const std::vector<NamedTensor>& stored) override {
    import_stored(network_, stored);
  }
  Predictions predict(const ImageSet& images) override {
    return mnist_bench::predict(network_, to_tensors(images, scaling_, device_));
  }
  std::vector<float> probabilities(const ImageSet& images) override {
    return mnist_bench::probabilities(network_, to_tensors(images, scaling_, device_).images);
  }

 private:
  torch::nn::Sequential network_;
  PixelScaling scaling_;
  c10::Device device_;
};

std::unique_ptr<Predictor> libtorch_predictor(const std::vector<PlacedLayer>& layers,
                                              const PixelScaling& scaling,
                                              const std::string& device) {
  torch::nn::Sequential network = make_network(layers);
  network->to(c10::Device(device));
  choose_memory_format(network);
  return std::make_unique<LibtorchPredictor>(std::move(network), scaling, c10::Device(device));
}

}  // namespace

std::unique_ptr<Predictor> make_predictor(Engine engine, const std::vector<PlacedLayer>& layers,
                                          const PixelScaling& scaling, const std::string& device,
                                          std::int64_t threads) {
  switch (engine) {
    case Engine::native:
      return std::make_unique<NativePredictor>(native::make_network(layers, scaling, threads));
    case Engine::libtorch:
      break;
  }
  return libtorch_predictor(layers, scaling, device);
}

std::unique_ptr<Predictor> make_predictor(Engine engine, const RunResult& result,
                                          const std::string& device, std::int64_t threads) {
  return make_predictor(engine, layers_of(result),
                        {.mean = result.data->mean, .sd = result.data->std}, device, threads);
}

}  // namespace mnist_bench
