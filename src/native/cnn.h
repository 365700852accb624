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

/// Paper, Table 2. Work is skipped wherever it is known to be in vain: around the ink of an image,
/// and behind what pooling, relu and dropout leave out.
class Cnn final : public Network {
 public:
  /// Rows and columns of the images are multiples of 4.
  /// names: of the two convolutions and the two linear layers.
  Cnn(const CnnConfig& config, const std::vector<std::string>& names, const PixelScaling& scaling,
      ImageShape image, std::int64_t classes, std::int64_t threads);

  Parameters& parameters() override { return parameters_; }
  void prepare(const Images& set, std::int64_t batch_size) override;
  BatchStatistics step(const Images& set, std::span<const std::int64_t> batch,
                       const StepSettings& settings) override;
  std::vector<float> logits(const Images& set, std::int64_t first, std::int64_t size) override;

 private:
  template <class T>
  using Buffer = kernels::AlignedVector<T>;

  /// The hidden linear layer, on sparse input.
  struct Hidden : LinearLayer {
    Buffer<float> partial;  ///< [parts of the tiles][batch][out]: sums over these
    Buffer<float> output;   ///< [batch][out]
    Buffer<float> delta;    ///< [batch][out]: the gradient before relu and dropout
  };

  /// What convolutions and pooling made of an image.
  struct Features {
    float* image = nullptr;
    std::uint8_t* ink = nullptr;  ///< of conv1's map
    float* map = nullptr;
    std::uint8_t* positions = nullptr;
    kernels::LiveUnits live;
  };
  /// Room for that of some images, and where each has its own.
  struct FeatureRoom {
    Buffer<float> images;
    Buffer<std::uint8_t> inks;
    Buffer<float> maps;
    Buffer<std::uint8_t> positions;
    Buffer<std::uint32_t> live_indices;
    Buffer<float> live_values;
    Buffer<std::uint32_t> live_windows;
    Buffer<std::uint32_t> live_ends;
    std::vector<Features> features;
  };

  /// What a thread works in; nothing of it is needed by another thread, or in the next step.
  struct Workplace {
    Buffer<float> transformed;  ///< conv2's weights
    FeatureRoom blank_room;     ///< of an image without ink
    kernels::BlankTiles blank_tiles;
    Buffer<std::uint8_t> band;  ///< for find_ink
    kernels::Conv2Scratch convolution;
    kernels::PooledMap pooled;
    Buffer<float> d_map;  ///< one block
    kernels::UnitsByChannel units_by_channel;
    std::vector<kernels::SparseRow> tile_rows;        ///< [batch]: the live units of a tile
    std::vector<kernels::ListedColumn> tile_columns;  ///< [units]: the images in which one is live
    Buffer<kernels::ListedColumn::Entry> column_entries;  ///< of a tile: [out channels][batch]

    [[nodiscard]] const Features& blank() const { return blank_room.features.front(); }
    [[nodiscard]] kernels::BlankMap blank_map() const {
      return {blank().image, blank().map, blank().positions};
    }
  };

  void make_room(std::size_t images);
  void make_features(std::size_t images, FeatureRoom& room) const;
  /// How many floats the parameters of the convolutions take.
  [[nodiscard]] std::size_t convolutions_size() const { return conv2_bias_ + conv2_.out_channels; }
  [[nodiscard]] std::size_t group_parts() const;
  [[nodiscard]] std::size_t parts() const;
  [[nodiscard]] kernels::Range images_of_part(std::size_t part) const;
  [[nodiscard]] kernels::Range parts_of(std::size_t thread) const;
  [[nodiscard]] kernels::Range images_of(std::size_t thread) const;
  [[nodiscard]] kernels::Range tiles_of_part(std::size_t part) const;
  [[nodiscard]] kernels::Matrix fc1_partial(std::size_t part);

  // What one thread does of a step; `settings` is null where nothing is trained.
  void forward(std::size_t thread, const StepSettings* settings);
  void prepare_convolutions(Workplace& work);
  void forward_convolutions(Workplace& work, std::size_t image, const std::uint8_t* bytes);
  void forward_tiles(std::size_t thread);
  void forward_fc1(kernels::Range images, const StepSettings* settings);
  void forward_fc2(kernels::Range images);
  void descend_fc2(std::size_t thread, const StepSettings& settings);
  void descend_fc1(std::size_t thread, const StepSettings& settings);
  void gather_columns(Workplace& work, std::size_t tile);
  void backward_convolutions(Workplace& work, std::size_t part);
  /// Whether each thread has all parts of its groups.
  [[nodiscard]] bool has_whole_groups() const;
  void sum_groups(std::size_t first, std::size_t end, kernels::Range parameters);
  void descend_convolutions(std::size_t thread, const StepSettings& settings);

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

  std::size_t room_ = 0;  ///< images that the buffers hold
  FeatureRoom feature_room_;
  Buffer<float> factors_;  ///< [batch][out channels]: dropout2d's
  /// [batch][capacity of live units]: the gradient of conv2's pooled output at the live units.
  Buffer<float> d_live_;
  /// [parts][convolutions_size()]: gradients of shares of the batch that depend on no thread.
  Buffer<float> part_gradients_;
  Buffer<float> convolutions_gradient_;
  std::vector<Workplace> workplaces_;
  // The batch at hand.
  std::vector<const std::uint8_t*> batch_;
  std::vector<std::uint8_t> labels_;
  std::vector<float> losses_;
  std::vector<std::uint8_t> predicted_;
};

}  // namespace mnist_bench::native
