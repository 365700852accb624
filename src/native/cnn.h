#pragma once

#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/dataset.h"
#include "kernels/conv1.h"
#include "kernels/conv2_backward.h"
#include "kernels/conv2_forward.h"
#include "kernels/thread_team.h"
#include "native/linear_layer.h"
#include "native/network.h"

namespace mnist_bench::native {

/// Paper, Table 2. It skips what background pixels give, which is the same for all images, and what
/// pooling, relu and dropout leave out. README.md shows a step.
class Cnn final : public Network {
 public:
  /// The images have at least 4 rows and 4 columns.
  /// names: of the two convolutions and the two linear layers.
  Cnn(const CnnConfig& config, const std::vector<std::string>& names, const PixelScaling& scaling,
      ImageShape image, std::int64_t classes, std::int64_t threads);

  Parameters& parameters() override { return parameters_; }
  void prepare(const Images& set, std::int64_t batch_size) override;
  BatchStatistics step(const Images& set, std::span<const std::int64_t> batch,
                       const StepSettings& settings) override;

 private:
  kernels::ConstMatrix evaluate(const Images& set, std::int64_t first, std::int64_t count) override;

  template <class T>
  using Buffer = kernels::AlignedVector<T>;

  /// The hidden linear layer, on sparse input.
  struct Hidden : LinearLayer {
    Buffer<float> partial;  ///< [parts of the tiles][batch][out]: the sum over a part
    Buffer<float> output;   ///< [batch][out]: after relu and dropout
    Buffer<float> delta;    ///< [batch][out]: the gradient before relu and dropout
  };

  /// What the convolutions make of an image, in FeatureBuffers.
  struct Features {
    kernels::Conv1Saved conv1;
    kernels::ActiveUnits active;
  };
  /// Buffers for the features of some images, and where in them each image has its own.
  struct FeatureBuffers {
    Buffer<float> images;
    Buffer<std::uint8_t> nonzero_masks;
    Buffer<float> maps;
    Buffer<std::uint8_t> positions;
    Buffer<std::uint32_t> active_indices;
    Buffer<float> active_values;
    Buffer<std::uint32_t> active_windows;
    Buffer<std::uint32_t> active_ends;
    std::vector<Features> features;
  };

  /// The scratch memory of a thread. No other thread reads it, and only the background's image is
  /// kept from step to step.
  struct ThreadWorkspace {
    Buffer<float> transformed;          ///< conv2's weights
    FeatureBuffers background_buffers;  ///< for one image, without nonzero pixels
    kernels::BackgroundResponse background_response;
    Buffer<std::uint8_t> band;  ///< for make_nonzero_mask
    kernels::Conv2Scratch convolution;
    kernels::PooledMap pooled;
    Buffer<float> d_map;  ///< one block
    kernels::UnitsByChannel units_by_channel;
    std::vector<kernels::SparseRow> tile_rows;        ///< [batch]: the active units of a tile
    std::vector<kernels::ListedColumn> tile_columns;  ///< [units]: images in which one is active
    Buffer<kernels::ListedColumn::Entry> column_entries;  ///< of a tile: [out channels][batch]

    [[nodiscard]] kernels::Conv1Saved background() const {
      kernels::Conv1Saved saved = background_buffers.features.front().conv1;
      saved.nonzero_mask = nullptr;
      return saved;
    }
  };

  [[nodiscard]] kernels::ConvolutionParameters conv1_parameters();
  void reserve(std::size_t images);
  void allocate_features(std::size_t images, FeatureBuffers& buffers) const;
  /// How many floats the parameters of the convolutions take.
  [[nodiscard]] std::size_t convolutions_size() const { return conv2_bias_ + conv2_.out_channels; }
  [[nodiscard]] std::size_t group_parts() const;
  [[nodiscard]] std::size_t parts() const;
  [[nodiscard]] kernels::Range images_of_part(std::size_t part) const;
  [[nodiscard]] kernels::Range parts_of(std::size_t thread) const;
  [[nodiscard]] kernels::Range images_of(std::size_t thread) const;
  [[nodiscard]] kernels::Range tiles_of_part(std::size_t part) const;
  [[nodiscard]] kernels::Matrix fc1_partial(std::size_t part);

  // One thread's part of a step. `settings` is null in an evaluation.
  void forward(std::size_t thread, const StepSettings* settings);
  void prepare_convolutions(ThreadWorkspace& work);
  void forward_convolutions(ThreadWorkspace& work, std::size_t image, const std::uint8_t* bytes);
  void forward_tiles(std::size_t thread);
  void forward_fc1(kernels::Range images, const StepSettings* settings);
  void forward_fc2(kernels::Range images);
  void backward_and_update_fc2(std::size_t thread, const StepSettings& settings);
  void backward_and_update_fc1(std::size_t thread, const StepSettings& settings);
  void gather_columns(ThreadWorkspace& work, std::size_t tile);
  void backward_convolutions(ThreadWorkspace& work, std::size_t part);
  /// Whether each thread has all parts of its groups.
  [[nodiscard]] bool has_whole_groups() const;
  void sum_groups(std::size_t first, std::size_t end, kernels::Range parameters);
  void update_convolutions(std::size_t thread, const StepSettings& settings);

  kernels::ThreadTeam team_;
  kernels::Conv1 conv1_;
  kernels::Conv2 conv2_;
  double dropout2d_ = 0;
  double dropout_ = 0;
  /// A pixel's value is factor_ · byte + offset_.
  float factor_ = 0;
  float offset_ = 0;

  Parameters parameters_;
  // Where the parameters of the convolutions begin, which come first.
  std::size_t conv1_weight_ = 0;
  std::size_t conv1_bias_ = 0;
  std::size_t conv2_weight_ = 0;
  std::size_t conv2_bias_ = 0;
  Hidden fc1_;
  OutputLayer fc2_;

  FeatureBuffers feature_buffers_;
  Buffer<float> factors_;  ///< [batch][out channels]: dropout2d's
  /// [batch][active_units_capacity]: the gradient of conv2's pooled output at the active units.
  Buffer<float> d_active_;
  /// [parts][convolutions_size()]: gradients of parts of the batch, the same for any threads.
  Buffer<float> part_gradients_;
  Buffer<float> convolutions_gradient_;
  std::vector<ThreadWorkspace> workspaces_;
  // The current batch.
  std::vector<const std::uint8_t*> batch_;
  std::vector<std::uint8_t> labels_;
  std::vector<float> losses_;
  std::vector<std::uint8_t> predicted_;
};

}  // namespace mnist_bench::native
