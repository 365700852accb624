#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"
#include "data/pixels.h"
#include "evaluate/metrics.h"
#include "model/layers.h"
#include "record/result.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// A network that predicts, with the parameters of one run after the other.
class Predictor {
 public:
  Predictor() = default;
  virtual ~Predictor() = default;
  Predictor(const Predictor&) = delete;
  Predictor& operator=(const Predictor&) = delete;

  /// The instructions that it computes with, as each engine calls them.
  [[nodiscard]] virtual std::string simd() const = 0;
  /// The stored parameters and buffers of a run. Throws Error(io) if they belong to another
  /// network.
  virtual void set_parameters(const std::vector<NamedTensor>& stored) = 0;
  /// At least one image, of the network's shape.
  virtual Predictions predict(const ImageSet& images) = 0;
  /// The same images in one go to the softmax of all classes, [images][classes], and nothing else.
  virtual std::vector<float> probabilities(const ImageSet& images) = 0;
};

/// The network of these layers in an engine, its parameters not yet set, on `device` ("cpu",
/// "cuda:0") with `threads` CPU threads, or those of LibTorch (set_threads). Throws Error(usage),
/// saying what to do instead, for what the engine cannot compute.
std::unique_ptr<Predictor> make_predictor(Engine engine, const std::vector<PlacedLayer>& layers,
                                          const PixelScaling& scaling, const std::string& device,
                                          std::int64_t threads);

/// The network of a completed run.
std::unique_ptr<Predictor> make_predictor(Engine engine, const RunResult& result,
                                          const std::string& device, std::int64_t threads);

}  // namespace mnist_bench
