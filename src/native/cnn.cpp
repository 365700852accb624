#include "native/cnn.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "kernels/activation.h"
#include "kernels/conv2_forward.h"
#include "kernels/linear.h"
#include "kernels/nonzero_mask.h"
#include "kernels/output_layer.h"
#include "kernels/prefetch.h"
#include "kernels/softmax.h"

namespace mnist_bench::native {

using kernels::Accumulate;
using kernels::kLine;
using kernels::Matrix;
using kernels::matrix_view;
using kernels::Range;

namespace {

// No sum depends on the number of threads: it is made of a fixed number of parts, which are summed
// first. What a part needs is mostly used by one thread alone and stays in its cache. The numbers
// below are thus part of the result: with others, sums round differently, and the parameters of a
// seed have other bits. They are not tuned.

/// Parts of the batch for the gradients of the convolutions: kGroups groups of up to kGroupParts
/// parts. A thread takes whole parts, so at most 16 threads have work; more parts need more memory
/// (75 kB each in the paper's CNN) and more additions. With 1, 2 or 4 threads each also has whole
/// groups, and sums them while they are in its cache.
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupParts = 4;
/// The bound of their memory, 256 MiB: convolutions of more than 4 million parameters have fewer
/// parts in a group, at least one.
constexpr std::size_t kPartFloats = std::size_t{1} << 26U;
/// Parts of conv2's tiles, for the outputs of fc1. With 1, 2 or 4 threads each has whole parts, and
/// mostly reads the weights that it updates itself; a part costs a row of fc1's outputs per image.
constexpr std::size_t kTileParts = 4;

std::size_t channels(std::int64_t count) {
  return kernels::round_up(static_cast<std::size_t>(count), kLine);
}

/// conv1's weight [out, 1, 3, 3] in [out / kLine][9][kLine].
Parameter conv1_weight(const std::string& name, std::int64_t out) {
  Parameter weight{.name = name + ".weight", .shape = {out, 1, 3, 3}, .offsets = {}};
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
    for (std::size_t delta = 0; delta < 9; ++delta) {
      weight.offsets.push_back((o / kLine * 9 + delta) * kLine + o % kLine);
    }
  }
  return weight;
}

/// conv2's weight [out, in, 3, 3] in [in / kLine][out, padded][9][kLine].
Parameter conv2_weight(const std::string& name, std::int64_t out, std::int64_t in) {
  Parameter weight{.name = name + ".weight", .shape = {out, in, 3, 3}, .offsets = {}};
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(in); ++i) {
      for (std::size_t delta = 0; delta < 9; ++delta) {
        weight.offsets.push_back(((i / kLine * channels(out) + o) * 9 + delta) * kLine + i % kLine);
      }
    }
  }
  return weight;
}

}  // namespace

Cnn::Cnn(const CnnConfig& config, const std::vector<std::string>& names,
         const PixelScaling& scaling, ImageShape image, std::int64_t classes, std::int64_t threads)
    : Network(classes),
      team_(static_cast<std::size_t>(threads)),
      conv1_{static_cast<std::size_t>(image.rows), static_cast<std::size_t>(image.columns),
             channels(config.conv1_channels)},
      conv2_{conv1_.output(), channels(config.conv2_channels)},
      dropout2d_(config.dropout2d),
      dropout_(config.dropout),
      factor_(scaling.factor()),
      offset_(scaling.of_zero()) {
  conv1_weight_ =
      parameters_.add(conv1_weight(names[0], config.conv1_channels), conv1_.weights_size());
  conv1_bias_ =
      parameters_.add_bias(names[0] + ".bias", static_cast<std::size_t>(config.conv1_channels));
  conv2_weight_ = parameters_.add(
      conv2_weight(names[1], config.conv2_channels, config.conv1_channels), conv2_.weights_size());
  conv2_bias_ =
      parameters_.add_bias(names[1] + ".bias", static_cast<std::size_t>(config.conv2_channels));

  // PyTorch flattens [channels][tiles]; this engine has [tiles][channels, padded].
  std::vector<std::size_t> units;
  for (std::size_t o = 0; o < static_cast<std::size_t>(config.conv2_channels); ++o) {
    for (std::size_t tile = 0; tile < conv2_.tiles(); ++tile) {
      units.push_back(tile * conv2_.out_channels + o);
    }
  }
  const auto hidden = static_cast<std::size_t>(config.hidden);
  add_linear(fc1_, parameters_, names[2], conv2_.units(), hidden, units);
  add_output(fc2_, parameters_, names[3], hidden, static_cast<std::size_t>(classes));
  parameters_.allocate();
  bind(fc1_, parameters_);
  bind(fc2_, parameters_);

  convolutions_gradient_.resize(convolutions_size());
  part_gradients_.resize(parts() * convolutions_size());
  workspaces_.resize(team_.size());
  reserve(kEvaluationBatch);
}

void Cnn::allocate_features(std::size_t images, FeatureBuffers& buffers) const {
  const std::size_t capacity = kernels::active_units_capacity(conv2_);
  const std::size_t ends = 4 * conv2_.tiles();
  buffers.images.resize(images * conv1_.image_size());
  buffers.nonzero_masks.resize(images * conv1_.output().mask_size());
  buffers.maps.resize(images * conv2_.input.size());
  buffers.positions.resize(images * conv1_.positions_size());
  buffers.active_indices.resize(images * capacity);
  buffers.active_values.resize(images * capacity);
  buffers.active_windows.resize(images * capacity);
  buffers.active_ends.resize(images * ends);
  buffers.features.clear();
  for (std::size_t i = 0; i < images; ++i) {
    buffers.features.push_back(
        {.conv1 = {.image = &buffers.images[i * conv1_.image_size()],
                   .nonzero_mask = &buffers.nonzero_masks[i * conv1_.output().mask_size()],
                   .map = &buffers.maps[i * conv2_.input.size()],
                   .positions = &buffers.positions[i * conv1_.positions_size()]},
         .active = {.index = &buffers.active_indices[i * capacity],
                    .value = &buffers.active_values[i * capacity],
                    .window = &buffers.active_windows[i * capacity],
                    .ends = &buffers.active_ends[i * ends]}});
  }
}

kernels::ConvolutionParameters Cnn::conv1_parameters() {
  return {.weights = parameters_.values(conv1_weight_), .bias = parameters_.values(conv1_bias_)};
}

void Cnn::reserve(std::size_t images) {
  if (images <= capacity_) return;
  const std::size_t capacity = kernels::active_units_capacity(conv2_);
  if (images > std::numeric_limits<std::uint32_t>::max() / capacity) {
    throw Error(ExitCode::usage,
                fmt::format("batches of {} images are more than the native engine can number: with "
                            "these channels, {}",
                            images, std::numeric_limits<std::uint32_t>::max() / capacity),
                "make training.batch_size smaller, or use training.engine=libtorch");
  }
  capacity_ = images;
  allocate_features(images, feature_buffers_);
  factors_.resize(images * conv2_.out_channels);
  d_active_.resize(images * capacity);
  fc1_.partial.resize(kTileParts * images * fc1_.stride);
  fc1_.output.resize(images * fc1_.stride);
  fc1_.delta.resize(images * fc1_.stride);
  fc2_.logits.resize(images * fc2_.stride);
  batch_.reserve(images);
  labels_.reserve(images);
  losses_.resize(images);
  predicted_.resize(images);

  for (ThreadWorkspace& work : workspaces_) {
    allocate_features(1, work.background_buffers);
    const std::vector<std::uint8_t> zeros(conv1_.rows * conv1_.columns);
    kernels::load_image(conv1_, zeros.data(), factor_, offset_, work.background().image);
    work.background_response = kernels::BackgroundResponse(conv2_);
    work.transformed.resize(kernels::conv2_transformed_size(conv2_));
    work.band.resize(conv1_.columns + 2);
    work.convolution = kernels::Conv2Scratch(conv2_);
    work.pooled = kernels::PooledMap(conv2_);
    work.d_map.resize(conv2_.input.block_stride());
    work.units_by_channel = kernels::UnitsByChannel(conv2_);
    work.tile_rows.resize(images);
    work.tile_columns.resize(conv2_.units());
    work.column_entries.resize(conv2_.out_channels * kernels::padded_stride(images));
  }
}

void Cnn::prepare(const Images& set, std::int64_t batch_size) {
  reserve(static_cast<std::size_t>(std::min(batch_size, set.size())));
}

std::size_t Cnn::group_parts() const {
  return std::clamp(kPartFloats / kGroups / convolutions_size(), std::size_t{1}, kGroupParts);
}

std::size_t Cnn::parts() const { return kGroups * group_parts(); }

Range Cnn::images_of_part(std::size_t part) const {
  return kernels::partition(batch_.size(), 1, part, parts());
}

Range Cnn::parts_of(std::size_t thread) const {
  return kernels::partition(parts(), 1, thread, team_.size());
}

/// The images of its parts: in the backward pass, what the thread made of them is still in its
/// cache.
Range Cnn::images_of(std::size_t thread) const {
  const Range parts = parts_of(thread);
  return {kernels::partition(batch_.size(), 1, parts.begin, this->parts()).begin,
          kernels::partition(batch_.size(), 1, parts.end, this->parts()).begin};
}

BatchStatistics Cnn::step(const Images& set, std::span<const std::int64_t> batch,
                          const StepSettings& settings) {
  batch_.clear();
  labels_.clear();
  for (const std::int64_t image : batch) {
    batch_.push_back(set.bytes(image));
    labels_.push_back(set.label(image));
  }

  team_.run([&](std::size_t thread) {
    forward(thread, &settings);
    kernels::softmax_cross_entropy(
        labels_.data(), fc2_.out, 1.0F / static_cast<float>(batch_.size()), images_of(thread),
        matrix_view(fc2_.logits, fc2_.stride), losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "linear layers forward, loss");
    backward_and_update_fc2(thread, settings);
    team_.barrier();
    settings.end_phase(thread, "fc2 backward, update");
    backward_and_update_fc1(thread, settings);
    team_.barrier();
    settings.end_phase(thread, "fc1 backward, update");
    const Range parts = parts_of(thread);
    for (std::size_t part = parts.begin; part < parts.end; ++part) {
      backward_convolutions(workspaces_[thread], part);
    }
    if (has_whole_groups()) sum_groups(parts.begin, parts.end, {0, convolutions_size()});
    team_.barrier();
    settings.end_phase(thread, "convolutions backward");
    update_convolutions(thread, settings);
  });
  settings.end_phase(0, "update of the convolutions");

  return statistics_of(labels_, losses_, predicted_);
}

kernels::ConstMatrix Cnn::evaluate(const Images& set, std::int64_t first, std::int64_t count) {
  batch_.clear();
  for (std::int64_t i = 0; i < count; ++i) batch_.push_back(set.bytes(first + i));
  team_.run([&](std::size_t thread) { forward(thread, nullptr); });
  return matrix_view(fc2_.logits, fc2_.stride);
}

void Cnn::forward(std::size_t thread, const StepSettings* settings) {
  ThreadWorkspace& work = workspaces_[thread];
  const Range images = images_of(thread);

  const Matrix factors = matrix_view(factors_, conv2_.out_channels);
  std::fill(factors.row(images.begin), factors.row(images.end), 1.0F);
  if (settings != nullptr) {
    kernels::drop({.probability = dropout2d_,
                   .seed = derive_seed(settings->dropout_seed, "dropout2d"),
                   .step = settings->step},
                  factors, images, {0, conv2_.out_channels});
  }
  if (images.size() > 0) prepare_convolutions(work);
  for (std::size_t i = images.begin; i < images.end; ++i) {
    // The images of a shuffled batch are scattered over the data set and in no cache.
    if (i + 1 < images.end) kernels::prefetch(batch_[i + 1], conv1_.rows * conv1_.columns);
    forward_convolutions(work, i, batch_[i]);
  }
  team_.barrier();
  if (settings != nullptr) settings->end_phase(thread, "convolutions forward");
  forward_tiles(thread);
  team_.barrier();
  forward_fc1(images, settings);
  forward_fc2(images);
}

/// What all images of a step share: conv2's weights in Winograd's form, and the features of the
/// background. Every thread computes its own, which is faster than fetching another thread's.
void Cnn::prepare_convolutions(ThreadWorkspace& work) {
  kernels::conv2_transform_weights(conv2_, parameters_.values(conv2_weight_),
                                   work.transformed.data());
  const kernels::Conv1Saved background = work.background();
  kernels::conv1_forward(conv1_, conv1_parameters(), {}, background);
  kernels::conv2_forward_background(conv2_, background.map, work.transformed.data(),
                                    parameters_.values(conv2_bias_), work.convolution,
                                    work.background_response);
}

void Cnn::forward_convolutions(ThreadWorkspace& work, std::size_t image,
                               const std::uint8_t* bytes) {
  const auto& [conv1, active] = feature_buffers_.features[image];
  kernels::make_nonzero_mask(bytes, conv1_.rows, conv1_.columns, work.band.data(),
                             conv1.nonzero_mask);
  kernels::load_image(conv1_, bytes, factor_, offset_, conv1.image);
  kernels::conv1_forward(conv1_, conv1_parameters(), work.background(), conv1);
  kernels::conv2_forward(conv2_, {.map = conv1.map, .nonzero_mask = conv1.nonzero_mask},
                         work.background_response, work.transformed.data(),
                         matrix_view(factors_, conv2_.out_channels).row(image), work.convolution,
                         work.pooled);
  kernels::collect_active_units(conv2_, work.pooled, active);
}

Range Cnn::tiles_of_part(std::size_t part) const {
  return kernels::partition(conv2_.tiles(), 1, part, kTileParts);
}

/// fc1's sums over parts of conv2's tiles. Each thread takes some parts of some images, tile by
/// tile, so that the weights for a tile stay in the cache for all images: they are 32 kB.
void Cnn::forward_tiles(std::size_t thread) {
  ThreadWorkspace& work = workspaces_[thread];
  const std::size_t batch = batch_.size();
  const Range items = kernels::partition(kTileParts * batch, 1, thread, team_.size());
  for (std::size_t part = 0; part < kTileParts; ++part) {
    const Range images{std::clamp(items.begin, part * batch, (part + 1) * batch) - part * batch,
                       std::clamp(items.end, part * batch, (part + 1) * batch) - part * batch};
    const Matrix partial = fc1_partial(part);
    std::fill(partial.row(images.begin), partial.row(images.end), 0.0F);
    const Range tiles = tiles_of_part(part);
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
      for (std::size_t i = images.begin; i < images.end; ++i) {
        const kernels::ActiveUnits active = feature_buffers_.features[i].active;
        const std::uint32_t begin = tile == 0 ? 0 : active.ends[4 * tile - 1];
        work.tile_rows[i] = {active.index + begin, active.value + begin,
                             active.ends[4 * tile + 3] - begin};
      }
      kernels::linear_forward(
          work.tile_rows.data(), {tile * conv2_.out_channels, (tile + 1) * conv2_.out_channels},
          fc1_.weights().values(), nullptr, images, {0, fc1_.padded_out}, partial);
    }
  }
}

Matrix Cnn::fc1_partial(std::size_t part) {
  return {fc1_.partial.data() + part * capacity_ * fc1_.stride, fc1_.stride};
}

void Cnn::forward_fc1(Range images, const StepSettings* settings) {
  const Matrix output = matrix_view(fc1_.output, fc1_.stride);
  const Range units{0, fc1_.padded_out};
  for (std::size_t i = images.begin; i < images.end; ++i) {
    kernels::column_sums({fc1_partial(0).row(i), capacity_ * fc1_.stride}, kTileParts, 1.0F,
                         fc1_.bias, units, output.row(i));
  }
  kernels::relu(output, images, units, output);
  if (settings != nullptr) {
    kernels::drop({.probability = dropout_, .seed = settings->dropout_seed, .step = settings->step},
                  output, images, units);
  }
}

void Cnn::forward_fc2(Range images) {
  kernels::output_forward(matrix_view(fc1_.output, fc1_.stride), fc2_.in, fc2_.weights().values(),
                          fc2_.bias, fc2_.out, images, matrix_view(fc2_.logits, fc2_.stride));
}

/// Each thread takes some hidden units.
void Cnn::backward_and_update_fc2(std::size_t thread, const StepSettings& settings) {
  const Matrix logits = matrix_view(fc2_.logits, fc2_.stride);
  kernels::output_backward_and_update(
      matrix_view(fc1_.output, fc1_.stride), batch_.size(),
      {.delta = logits, .out = fc2_.out, .scale = kernels::dropout_scale(dropout_)}, fc2_.weights(),
      settings.update, fc1_.partition_of(thread, team_.size()),
      matrix_view(fc1_.delta, fc1_.stride));
  update_bias(fc2_, parameters_, logits, batch_.size(), fc2_.partition_of(thread, team_.size()),
              settings.update);
}

/// Each thread takes some tiles of conv2's pooled output: those of its parts in forward_tiles.
void Cnn::backward_and_update_fc1(std::size_t thread, const StepSettings& settings) {
  ThreadWorkspace& work = workspaces_[thread];
  const Range tiles = kernels::partition(conv2_.tiles(), 1, thread, team_.size());
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    gather_columns(work, tile);
    kernels::linear_backward_and_update(
        {work.tile_columns.data(), feature_buffers_.active_values.data()},
        {.delta = matrix_view(fc1_.delta, fc1_.stride),
         .out = fc1_.padded_out,
         .scale = kernels::dropout_scale(dropout2d_)},
        fc1_.weights(), settings.update,
        {tile * conv2_.out_channels, (tile + 1) * conv2_.out_channels}, d_active_.data());
  }
  update_bias(fc1_, parameters_, matrix_view(fc1_.delta, fc1_.stride), batch_.size(),
              fc1_.partition_of(thread, team_.size()), settings.update);
}

/// Lists, for each unit of a tile, the images in which it is active.
void Cnn::gather_columns(ThreadWorkspace& work, std::size_t tile) {
  const std::size_t first = tile * conv2_.out_channels;
  const std::size_t stride = kernels::padded_stride(capacity_);
  const std::size_t capacity = kernels::active_units_capacity(conv2_);
  kernels::ListedColumn::Entry* const entries = work.column_entries.data();
  kernels::ListedColumn* const columns = work.tile_columns.data() + first;
  for (std::size_t o = 0; o < conv2_.out_channels; ++o) columns[o] = {entries + o * stride, 0};
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const kernels::ActiveUnits active = feature_buffers_.features[i].active;
    const std::uint32_t end = active.ends[4 * tile + 3];
    for (std::uint32_t e = tile == 0 ? 0 : active.ends[4 * tile - 1]; e < end; ++e) {
      const std::size_t o = active.index[e] - first;
      entries[o * stride + columns[o].size++] = {static_cast<std::uint32_t>(i),
                                                 static_cast<std::uint32_t>(i * capacity + e)};
    }
  }
}

void Cnn::backward_convolutions(ThreadWorkspace& work, std::size_t part) {
  float* gradient = part_gradients_.data() + part * convolutions_size();
  const Range images = images_of_part(part);
  std::fill_n(gradient, images.size() > 0 ? conv2_weight_ : convolutions_size(), 0.0F);
  for (std::size_t i = images.begin; i < images.end; ++i) {
    const auto& [conv1, active] = feature_buffers_.features[i];
    const float* d_active = d_active_.data() + i * kernels::active_units_capacity(conv2_);
    kernels::conv2_backward_weights(
        conv2_, conv1.map, active, d_active, work.units_by_channel,
        i == images.begin ? Accumulate::no : Accumulate::yes,
        {.weights = gradient + conv2_weight_, .bias = gradient + conv2_bias_});
    // Block by block, so that the gradient of the map, 16 kB for a block, stays in the first cache.
    for (std::size_t block = 0; block < conv1_.channels / kLine; ++block) {
      kernels::conv2_backward_data(conv2_, block, parameters_.values(conv2_weight_), active,
                                   d_active, work.d_map.data());
      kernels::conv1_backward(
          conv1_, block, work.background(), conv1, work.d_map.data(),
          {.weights = gradient + conv1_weight_, .bias = gradient + conv1_bias_});
    }
  }
}

bool Cnn::has_whole_groups() const { return kGroups % team_.size() == 0; }

/// Sums some parameters' gradients over each group among the parts `first` … `end` − 1, into the
/// group's first part.
void Cnn::sum_groups(std::size_t first, std::size_t end, Range parameters) {
  const Matrix gradients = matrix_view(part_gradients_, convolutions_size());
  for (std::size_t part = first; part < end; part += group_parts()) {
    float* const sum = gradients.row(part);
    kernels::column_sums({sum, gradients.stride}, group_parts(), 1.0F, nullptr, parameters, sum);
  }
}

/// Each thread takes some parameters.
void Cnn::update_convolutions(std::size_t thread, const StepSettings& settings) {
  const Range own = kernels::partition(convolutions_size(), kLine, thread, team_.size());
  if (!has_whole_groups()) sum_groups(0, parts(), own);
  kernels::column_sums({part_gradients_.data(), group_parts() * convolutions_size()}, kGroups, 1.0F,
                       nullptr, own, convolutions_gradient_.data());
  parameters_.update(settings.update, convolutions_gradient_.data() + own.begin, own.begin,
                     own.size());
}

}  // namespace mnist_bench::native
