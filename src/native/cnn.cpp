#include "native/cnn.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "kernels/activation.h"
#include "kernels/conv2_forward.h"
#include "kernels/ink.h"
#include "kernels/linear.h"
#include "kernels/output_layer.h"
#include "kernels/prefetch.h"
#include "kernels/softmax.h"

namespace mnist_bench::native {

using kernels::kLine;
using kernels::Matrix;
using kernels::Range;

namespace {

/// Images that the evaluation sends through at a time.
constexpr std::size_t kEvaluationBatch = 128;
// So that no sum depends on the number of threads, parts of it are summed up apart, and then these.
// A thread mostly has what belongs to its parts to itself, which is to say in its cache.

/// Parts of the batch, for the gradients of the convolutions: so many groups of up to so many
/// parts, fewer where that would take more than so many floats.
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupParts = 4;
constexpr std::size_t kPartFloats = std::size_t{1} << 26U;
/// Parts of conv2's tiles, for the outputs of fc1.
constexpr std::size_t kTileParts = 4;

std::size_t channels(std::int64_t count) {
  return kernels::round_up(static_cast<std::size_t>(count), kLine);
}

/// conv1's weight [out, 1, 3, 3] in [out / kLine][9][kLine].
Parameter conv1_weight(const std::string& name, std::int64_t out) {
  Parameter weight{.name = name + ".weight", .shape = {out, 1, 3, 3}, .places = {}};
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
    for (std::size_t delta = 0; delta < 9; ++delta) {
      weight.places.push_back((o / kLine * 9 + delta) * kLine + o % kLine);
    }
  }
  return weight;
}

/// conv2's weight [out, in, 3, 3] in [in / kLine][out, padded][9][kLine].
Parameter conv2_weight(const std::string& name, std::int64_t out, std::int64_t in) {
  Parameter weight{.name = name + ".weight", .shape = {out, in, 3, 3}, .places = {}};
  for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(in); ++i) {
      for (std::size_t delta = 0; delta < 9; ++delta) {
        weight.places.push_back(((i / kLine * channels(out) + o) * 9 + delta) * kLine + i % kLine);
      }
    }
  }
  return weight;
}

template <class T>
Matrix matrix(T& values, std::size_t stride) {
  return {values.data(), stride};
}

}  // namespace

Cnn::Cnn(const CnnConfig& config, const std::vector<std::string>& names,
         const PixelScaling& scaling, ImageShape image, std::int64_t classes, std::int64_t threads)
    : team_(static_cast<std::size_t>(threads)),
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

  // PyTorch flattens by channel, then by place; here it is the other way round, and padded.
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
  locate(fc1_, parameters_);
  locate(fc2_, parameters_);

  convolutions_gradient_.resize(convolutions_size());
  part_gradients_.resize(parts() * convolutions_size());
  workplaces_.resize(team_.size());
  make_room(kEvaluationBatch);
}

void Cnn::make_features(std::size_t images, FeatureRoom& room) const {
  const std::size_t live = kernels::live_units_capacity(conv2_);
  const std::size_t ends = 4 * conv2_.tiles();
  room.images.resize(images * conv1_.image_size());
  room.inks.resize(images * conv1_.output().ink_size());
  room.maps.resize(images * conv2_.input.size());
  room.positions.resize(images * conv1_.positions_size());
  room.live_indices.resize(images * live);
  room.live_values.resize(images * live);
  room.live_windows.resize(images * live);
  room.live_ends.resize(images * ends);
  room.features.clear();
  for (std::size_t i = 0; i < images; ++i) {
    room.features.push_back({.image = &room.images[i * conv1_.image_size()],
                             .ink = &room.inks[i * conv1_.output().ink_size()],
                             .map = &room.maps[i * conv2_.input.size()],
                             .positions = &room.positions[i * conv1_.positions_size()],
                             .live = {.index = &room.live_indices[i * live],
                                      .value = &room.live_values[i * live],
                                      .window = &room.live_windows[i * live],
                                      .ends = &room.live_ends[i * ends]}});
  }
}

void Cnn::make_room(std::size_t images) {
  if (images <= room_) return;
  const std::size_t live = kernels::live_units_capacity(conv2_);
  if (images > std::numeric_limits<std::uint32_t>::max() / live) {
    throw Error(ExitCode::usage,
                fmt::format("batches of {} images are more than the native engine can number: with "
                            "these channels, {}",
                            images, std::numeric_limits<std::uint32_t>::max() / live),
                "make training.batch_size smaller, or use training.engine=libtorch");
  }
  room_ = images;
  make_features(images, feature_room_);
  factors_.resize(images * conv2_.out_channels);
  d_live_.resize(images * live);
  fc1_.partial.resize(kTileParts * images * fc1_.stride);
  fc1_.output.resize(images * fc1_.stride);
  fc1_.delta.resize(images * fc1_.stride);
  fc2_.logits.resize(images * fc2_.stride);
  batch_.reserve(images);
  labels_.reserve(images);
  losses_.resize(images);
  predicted_.resize(images);

  for (Workplace& work : workplaces_) {
    make_features(1, work.blank_room);
    const std::vector<std::uint8_t> no_ink(conv1_.rows * conv1_.columns);
    kernels::load_image(conv1_, no_ink.data(), factor_, offset_, work.blank().image);
    work.blank_tiles = kernels::BlankTiles(conv2_);
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
  make_room(static_cast<std::size_t>(std::min(batch_size, set.size())));
}

std::size_t Cnn::group_parts() const {
  return std::clamp(kPartFloats / kGroups / convolutions_size(), std::size_t{1}, kGroupParts);
}

std::size_t Cnn::parts() const { return kGroups * group_parts(); }

Range Cnn::images_of_part(std::size_t part) const {
  return kernels::share(batch_.size(), 1, part, parts());
}

Range Cnn::parts_of(std::size_t thread) const {
  return kernels::share(parts(), 1, thread, team_.size());
}

/// Those of its parts: what a thread has made of an image is in its cache when it comes back to it.
Range Cnn::images_of(std::size_t thread) const {
  const Range parts = parts_of(thread);
  return {kernels::share(batch_.size(), 1, parts.begin, this->parts()).begin,
          kernels::share(batch_.size(), 1, parts.end, this->parts()).begin};
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
        matrix(fc2_.logits, fc2_.stride), losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "linear layers forward, loss");
    descend_fc2(thread, settings);
    team_.barrier();
    settings.end_phase(thread, "fc2 backward, Adam");
    descend_fc1(thread, settings);
    team_.barrier();
    settings.end_phase(thread, "fc1 backward, Adam");
    const Range parts = parts_of(thread);
    for (std::size_t part = parts.begin; part < parts.end; ++part) {
      backward_convolutions(workplaces_[thread], part);
    }
    if (has_whole_groups()) sum_groups(parts.begin, parts.end, {0, convolutions_size()});
    team_.barrier();
    settings.end_phase(thread, "convolutions backward");
    descend_convolutions(thread, settings);
  });
  settings.end_phase(0, "Adam of the convolutions");

  return statistics_of(labels_, losses_, predicted_);
}

std::vector<float> Cnn::logits(const Images& set, std::int64_t first, std::int64_t size) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(size) * fc2_.out);
  for (std::int64_t done = 0; done < size;) {
    const std::int64_t count = std::min(static_cast<std::int64_t>(room_), size - done);
    batch_.clear();
    for (std::int64_t i = 0; i < count; ++i) batch_.push_back(set.bytes(first + done + i));
    team_.run([&](std::size_t thread) { forward(thread, nullptr); });
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const float* row = matrix(fc2_.logits, fc2_.stride).row(i);
      result.insert(result.end(), row, row + fc2_.out);
    }
    done += count;
  }
  return result;
}

void Cnn::forward(std::size_t thread, const StepSettings* settings) {
  Workplace& work = workplaces_[thread];
  const Range images = images_of(thread);

  const Matrix factors = matrix(factors_, conv2_.out_channels);
  std::fill(factors.row(images.begin), factors.row(images.end), 1.0F);
  if (settings != nullptr) {
    kernels::drop({.probability = dropout2d_,
                   .seed = derive_seed(settings->dropout_seed, "dropout2d"),
                   .step = settings->step},
                  factors, images, {0, conv2_.out_channels});
  }
  if (images.size() > 0) prepare_convolutions(work);
  for (std::size_t i = images.begin; i < images.end; ++i) {
    // The bytes of a shuffled batch lie anywhere in the data set, far from any cache.
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

/// What all images of a step share: conv2's weights in Winograd's form, and the features of an
/// image without ink, which the others have where they have none, too. Every thread makes its own,
/// which takes less than to fetch another's.
void Cnn::prepare_convolutions(Workplace& work) {
  kernels::conv2_transform_weights(conv2_, parameters_.values(conv2_weight_),
                                   work.transformed.data());
  const Features& blank = work.blank();
  kernels::conv1_forward(conv1_, parameters_.values(conv1_weight_), parameters_.values(conv1_bias_),
                         blank.image, nullptr, {}, blank.map, blank.positions);
  kernels::conv2_forward_blank(conv2_, blank.map, work.transformed.data(),
                               parameters_.values(conv2_bias_), work.convolution, work.blank_tiles);
}

void Cnn::forward_convolutions(Workplace& work, std::size_t image, const std::uint8_t* bytes) {
  const Features& features = feature_room_.features[image];
  kernels::find_ink(bytes, conv1_.rows, conv1_.columns, work.band.data(), features.ink);
  kernels::load_image(conv1_, bytes, factor_, offset_, features.image);
  kernels::conv1_forward(conv1_, parameters_.values(conv1_weight_), parameters_.values(conv1_bias_),
                         features.image, features.ink, work.blank_map(), features.map,
                         features.positions);
  kernels::conv2_forward(conv2_, features.map, features.ink, work.blank().map, work.blank_tiles,
                         work.transformed.data(), matrix(factors_, conv2_.out_channels).row(image),
                         work.convolution, work.pooled);
  kernels::collect_live_units(conv2_, work.pooled, features.live);
}

Range Cnn::tiles_of_part(std::size_t part) const {
  return kernels::share(conv2_.tiles(), 1, part, kTileParts);
}

/// fc1's sums over parts of conv2's tiles: each thread takes some parts of some images. Tile by
/// tile, so that the weights that a tile needs stay in the cache for all images.
void Cnn::forward_tiles(std::size_t thread) {
  Workplace& work = workplaces_[thread];
  const std::size_t batch = batch_.size();
  const Range items = kernels::share(kTileParts * batch, 1, thread, team_.size());
  for (std::size_t part = 0; part < kTileParts; ++part) {
    const Range images{std::clamp(items.begin, part * batch, (part + 1) * batch) - part * batch,
                       std::clamp(items.end, part * batch, (part + 1) * batch) - part * batch};
    const Matrix partial = fc1_partial(part);
    std::fill(partial.row(images.begin), partial.row(images.end), 0.0F);
    const Range tiles = tiles_of_part(part);
    for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
      for (std::size_t i = images.begin; i < images.end; ++i) {
        const kernels::LiveUnits live = feature_room_.features[i].live;
        const std::uint32_t begin = tile == 0 ? 0 : live.ends[4 * tile - 1];
        work.tile_rows[i] = {live.index + begin, live.value + begin,
                             live.ends[4 * tile + 3] - begin};
      }
      kernels::linear_forward(
          work.tile_rows.data(), {tile * conv2_.out_channels, (tile + 1) * conv2_.out_channels},
          fc1_.weights().values, nullptr, images, {0, fc1_.padded_out}, partial);
    }
  }
}

Matrix Cnn::fc1_partial(std::size_t part) {
  return {fc1_.partial.data() + part * room_ * fc1_.stride, fc1_.stride};
}

void Cnn::forward_fc1(Range images, const StepSettings* settings) {
  const Matrix output = matrix(fc1_.output, fc1_.stride);
  const Range units{0, fc1_.padded_out};
  for (std::size_t i = images.begin; i < images.end; ++i) {
    kernels::column_sums({fc1_partial(0).row(i), room_ * fc1_.stride}, kTileParts, 1.0F, fc1_.bias,
                         units, output.row(i));
  }
  kernels::relu(output, images, units);
  if (settings != nullptr) {
    kernels::drop({.probability = dropout_, .seed = settings->dropout_seed, .step = settings->step},
                  output, images, units);
  }
}

void Cnn::forward_fc2(Range images) {
  kernels::output_forward(matrix(fc1_.output, fc1_.stride), fc2_.in, fc2_.weights().values,
                          fc2_.bias, fc2_.out, images, matrix(fc2_.logits, fc2_.stride));
}

/// Each thread takes some hidden units.
void Cnn::descend_fc2(std::size_t thread, const StepSettings& settings) {
  const Matrix logits = matrix(fc2_.logits, fc2_.stride);
  kernels::output_backward(matrix(fc1_.output, fc1_.stride), batch_.size(), fc2_.weights(),
                           fc2_.out, logits, kernels::dropout_scale(dropout_), settings.adam,
                           fc1_.share_of(thread, team_.size()), matrix(fc1_.delta, fc1_.stride));
  descend_bias(fc2_, parameters_, logits, batch_.size(), fc2_.share_of(thread, team_.size()),
               settings.adam);
}

/// Each thread takes some tiles of conv2's pooled output: those of its parts, as in forward_tiles.
void Cnn::descend_fc1(std::size_t thread, const StepSettings& settings) {
  Workplace& work = workplaces_[thread];
  const Range tiles = kernels::share(conv2_.tiles(), 1, thread, team_.size());
  for (std::size_t tile = tiles.begin; tile < tiles.end; ++tile) {
    gather_columns(work, tile);
    kernels::linear_backward(
        work.tile_columns.data(), feature_room_.live_values.data(), fc1_.weights(), fc1_.padded_out,
        matrix(fc1_.delta, fc1_.stride), kernels::dropout_scale(dropout2d_), settings.adam,
        {tile * conv2_.out_channels, (tile + 1) * conv2_.out_channels}, d_live_.data());
  }
  descend_bias(fc1_, parameters_, matrix(fc1_.delta, fc1_.stride), batch_.size(),
               fc1_.share_of(thread, team_.size()), settings.adam);
}

/// The live units of a tile by unit.
void Cnn::gather_columns(Workplace& work, std::size_t tile) {
  const std::size_t first = tile * conv2_.out_channels;
  const std::size_t stride = kernels::padded_stride(room_);
  const std::size_t capacity = kernels::live_units_capacity(conv2_);
  kernels::ListedColumn::Entry* const entries = work.column_entries.data();
  kernels::ListedColumn* const columns = work.tile_columns.data() + first;
  for (std::size_t o = 0; o < conv2_.out_channels; ++o) columns[o] = {entries + o * stride, 0};
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const kernels::LiveUnits live = feature_room_.features[i].live;
    const std::uint32_t end = live.ends[4 * tile + 3];
    for (std::uint32_t e = tile == 0 ? 0 : live.ends[4 * tile - 1]; e < end; ++e) {
      const std::size_t o = live.index[e] - first;
      entries[o * stride + columns[o].size++] = {static_cast<std::uint32_t>(i),
                                                 static_cast<std::uint32_t>(i * capacity + e)};
    }
  }
}

void Cnn::backward_convolutions(Workplace& work, std::size_t part) {
  float* gradient = part_gradients_.data() + part * convolutions_size();
  const Range images = images_of_part(part);
  std::fill_n(gradient, images.size() > 0 ? conv2_weight_ : convolutions_size(), 0.0F);
  for (std::size_t i = images.begin; i < images.end; ++i) {
    const Features& features = feature_room_.features[i];
    const float* d_live = d_live_.data() + i * kernels::live_units_capacity(conv2_);
    kernels::conv2_backward_weights(conv2_, features.map, features.live, d_live,
                                    work.units_by_channel, i > images.begin,
                                    gradient + conv2_weight_, gradient + conv2_bias_);
    // Block by block, so that the gradient of the map stays in the first cache.
    for (std::size_t block = 0; block < conv1_.channels / kLine; ++block) {
      kernels::conv2_backward_data(conv2_, block, parameters_.values(conv2_weight_), features.live,
                                   d_live, work.d_map.data());
      kernels::conv1_backward(conv1_, block, features.image, features.ink, work.blank_map(),
                              features.map, features.positions, work.d_map.data(),
                              gradient + conv1_weight_, gradient + conv1_bias_);
    }
  }
}

bool Cnn::has_whole_groups() const { return kGroups % team_.size() == 0; }

/// Of groups of parts, from the part `first` to `end` − 1, some parameters: the sum takes the place
/// of the group's first part.
void Cnn::sum_groups(std::size_t first, std::size_t end, Range parameters) {
  const Matrix gradients = matrix(part_gradients_, convolutions_size());
  for (std::size_t part = first; part < end; part += group_parts()) {
    float* const sum = gradients.row(part);
    kernels::column_sums({sum, gradients.stride}, group_parts(), 1.0F, nullptr, parameters, sum);
  }
}

/// Each thread takes some parameters.
void Cnn::descend_convolutions(std::size_t thread, const StepSettings& settings) {
  const Range own = kernels::share(convolutions_size(), kLine, thread, team_.size());
  if (!has_whole_groups()) sum_groups(0, parts(), own);
  kernels::column_sums({part_gradients_.data(), group_parts() * convolutions_size()}, kGroups, 1.0F,
                       nullptr, own, convolutions_gradient_.data());
  parameters_.descend(settings.adam, convolutions_gradient_.data() + own.begin, own.begin,
                      own.size());
}

}  // namespace mnist_bench::native
