#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"
#include "kernels/activation.h"
#include "kernels/thread_team.h"
#include "native/linear_layer.h"
#include "native/network.h"

namespace mnist_bench::native {

/// Linear layers, of which the last gives the logits, with what is between them.
struct MlpLayout {
  struct Hidden {
    std::int64_t units = 0;
    bool relu = false;
    double dropout = 0;  ///< after it
  };
  double input_dropout = 0;  ///< of the pixels
  std::vector<Hidden> hidden;
};

/// Paper, Table 1, and all networks of linear layers with relu and dropout between them. It skips
/// zeros where that saves time: background pixels, and what relu sets to 0 before another hidden
/// layer.
class Mlp final : public Network {
 public:
  /// names: of the linear layers.
  Mlp(const MlpLayout& layout, const std::vector<std::string>& names, const PixelScaling& scaling,
      ImageShape image, std::int64_t classes, std::int64_t threads);

  Parameters& parameters() override { return parameters_; }
  void prepare(const Images& set, std::int64_t batch_size) override;
  BatchStatistics step(const Images& set, std::span<const std::int64_t> batch,
                       const StepSettings& settings) override;

 private:
  kernels::ConstMatrix evaluate(const Images& set, std::int64_t first, std::int64_t count) override;

  struct Hidden : LinearLayer {
    bool relu = false;
    double dropout = 0;
    /// [batch][out]: the output after relu and dropout, and the gradient before them.
    kernels::AlignedVector<float> output;
    kernels::AlignedVector<float> delta;
    /// `output` without its zeros, by image and by unit, for a next hidden layer.
    kernels::SparseRows rows;
    kernels::SparseRows columns;
  };

  std::vector<kernels::Range> cut_panels(std::size_t out);
  [[nodiscard]] std::span<const Panel> panels_of(std::size_t thread) const;
  void reserve(std::size_t images);
  /// [batch][classes]; after the loss, its gradient.
  [[nodiscard]] kernels::Matrix logits();
  [[nodiscard]] kernels::Dropout dropout_of(std::size_t layer, const StepSettings& settings) const;

  // One thread's part of a step. `settings` is null in an evaluation.
  void forward_first_layer(std::size_t thread, const StepSettings* settings);
  void forward_pixels(kernels::Range images, const StepSettings* settings);
  void forward_other_layers(kernels::Range images, const StepSettings* settings);
  void activate(std::size_t layer, kernels::Range images, kernels::Range units,
                const StepSettings* settings);
  [[nodiscard]] float gradient_scale(std::size_t layer) const;
  void backward_dropout(std::size_t layer, kernels::Range images, kernels::Range units,
                        const StepSettings& settings);
  void backward_and_update_other_layers(std::size_t thread, const StepSettings& settings);
  void backward_and_update_first_layer(std::size_t thread, const StepSettings& settings);

  kernels::ThreadTeam team_;
  bool drops_pixels_ = false;
  /// All layers but the last one. Where pixels are dropped, these come first, as if a layer without
  /// parameters gave them. The only layer of a network, on pixels, is here too.
  std::vector<Hidden> hidden_;
  std::vector<kernels::Range> own_panels_;  ///< of the first layer, by thread
  std::optional<OutputLayer> output_;       ///< absent: that network's logits are its output
  Parameters parameters_;
  /// A pixel's value is background_ + table_[byte], with table_[0] = 0.
  float background_ = 0;
  std::vector<float> table_;
  /// The first layer's response to the background, and the gradient that it gives all weights.
  kernels::AlignedVector<float> first_sums_;
  kernels::AlignedVector<float> first_gradient_;

  // The current batch.
  std::vector<kernels::PixelRow> batch_;
  std::vector<std::uint8_t> labels_;
  /// By thread, each of the whole batch: writing it is faster than fetching what another thread has
  /// written.
  std::vector<kernels::PixelColumns> pixel_columns_;
  std::vector<float> losses_;
  std::vector<std::uint8_t> predicted_;
  kernels::Direction direction_ = kernels::Direction::descending;  ///< of the current step
};

}  // namespace mnist_bench::native
