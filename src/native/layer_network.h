#pragma once

#include <cstdint>
#include <vector>

#include "data/pixels.h"
#include "kernels/thread_team.h"
#include "model/layers.h"
#include "native/network.h"
#include "native/operations.h"

namespace mnist_bench::native {

/// Any list of layers, computed one operation after the other; convolutions and linear layers are
/// products of matrices. It skips no zeros: where `Mlp` or `Cnn` fit, they are faster.
class LayerNetwork final : public Network {
 public:
  LayerNetwork(const std::vector<PlacedLayer>& layers, const PixelScaling& scaling,
               std::int64_t threads);

  Parameters& parameters() override { return parameters_; }
  void prepare(const Images& set, std::int64_t batch_size) override;
  BatchStatistics step(const Images& set, std::span<const std::int64_t> batch,
                       const StepSettings& settings) override;

 private:
  kernels::ConstMatrix evaluate(const Images& set, std::int64_t first, std::int64_t count) override;

  /// The pixels, or what an operation gives.
  struct Map {
    ChannelsLast shape;
    bool is_trained = false;                 ///< whether it depends on parameters
    std::size_t last_reader = 0;             ///< the operation that gives it a gradient first
    kernels::AlignedVector<float> values;    ///< [images][shape.size()]
    kernels::AlignedVector<float> gradient;  ///< the same; empty until the first `prepare`
  };
  /// Operation i of the forward pass gives maps_[i + 1].
  struct Node {
    Operation operation;
    std::size_t input = 0;  ///< of maps_
    std::size_t other = 0;  ///< what a Sum adds
  };

  // Each adds what comes behind maps_[input], and returns the index of its last map.
  std::size_t add(const std::vector<PlacedLayer>& layers, std::size_t input);
  std::size_t add(const PlacedLayer& layer, std::size_t input);
  std::size_t add_residual(const PlacedLayer& layer, layer::Shortcut shortcut, std::size_t input);
  std::size_t add_convolution(const PlacedLayer& layer, const Window& window, std::size_t input);
  std::size_t add(Operation operation, const ChannelsLast& shape, std::size_t input,
                  std::size_t other = 0);

  void reserve(std::size_t images);
  void load(const Images& set, std::int64_t image, std::size_t row);
  [[nodiscard]] Values values_of(std::size_t node);
  [[nodiscard]] Turn turn(std::size_t thread, const StepSettings* settings);
  void forward(const Turn& turn);
  void backward(const Turn& turn);
  /// Clears the gradients that operation `node` is the first to add to.
  void clear_gradients(std::size_t node, const Turn& turn);

  kernels::ThreadTeam team_;
  std::size_t parts_ = 1;     ///< Turn::part_count
  std::vector<float> table_;  ///< a pixel's value, by its byte
  Parameters parameters_;
  std::vector<Map> maps_;
  std::vector<Node> nodes_;
  bool is_training_ = false;  ///< whether the gradients are allocated
  // The current batch.
  std::size_t batch_ = 0;
  std::vector<std::uint8_t> labels_;
  std::vector<float> losses_;
  std::vector<std::uint8_t> predicted_;
};

}  // namespace mnist_bench::native
