#include "native/mlp.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "kernels/activation.h"
#include "kernels/linear.h"
#include "kernels/softmax.h"

namespace mnist_bench::native {

using kernels::kLine;
using kernels::Matrix;
using kernels::Range;

namespace {

/// Images that the evaluation sends through at a time.
constexpr std::size_t kEvaluationBatch = 128;

Matrix matrix(kernels::AlignedVector<float>& values, std::size_t stride) {
  return {values.data(), stride};
}

}  // namespace

Mlp::Mlp(const MlpConfig& config, Normalization normalization, ImageShape image,
         std::int64_t classes, std::int64_t threads)
    : team_(static_cast<std::size_t>(threads)), dropout_(static_cast<float>(config.dropout)) {
  const PixelStatistics constants = normalization_constants(normalization);
  background_ = static_cast<float>(-constants.mean / constants.sd);
  for (std::size_t byte = 0; byte < kernels::kByteValues; ++byte) {
    table_.push_back(static_cast<float>(static_cast<double>(byte) / 255.0 / constants.sd));
  }

  std::vector<std::int64_t> sizes = config.hidden;
  sizes.push_back(classes);
  auto in = static_cast<std::size_t>(image.rows * image.columns);
  for (const std::int64_t size : sizes) {
    const auto out = static_cast<std::size_t>(size);
    const std::string name = fmt::format("fc{}", layers_.size() + 1);
    Layer& layer = layers_.emplace_back();
    layer.in = in;
    add_linear(layer, parameters_, name, in, out, in_order(in));
    in = out;
  }
  parameters_.allocate();
  for (Layer& layer : layers_) locate(layer, parameters_);
  first_sums_.assign(layers_.front().padded_out, 0.0F);
  first_gradient_.assign(layers_.front().padded_out, 0.0F);
  make_room(kEvaluationBatch);
}

void Mlp::make_room(std::size_t images) {
  if (images <= room_) return;
  room_ = images;
  for (Layer& layer : layers_) {
    layer.delta.assign(images * layer.stride, 0.0F);
    if (&layer == &last()) break;
    layer.output.assign(images * layer.stride, 0.0F);
    layer.rows = kernels::SparseRows(std::vector<std::size_t>(images, layer.out));
    layer.columns = kernels::SparseRows(std::vector<std::size_t>(layer.out, images));
  }
  batch_.reserve(images);
  labels_.reserve(images);
  losses_.resize(images);
  predicted_.resize(images);
}

void Mlp::prepare(const Images& set, std::int64_t batch_size) {
  const auto batch = static_cast<std::size_t>(std::min(batch_size, set.size()));
  make_room(batch);
  std::vector<std::size_t> counts = set.ink_counts();
  for (std::size_t& count : counts) count = std::min(count, batch);
  pixel_columns_ = kernels::PixelColumns(counts);
}

BatchStatistics Mlp::step(const Images& set, std::span<const std::int64_t> batch,
                          const StepSettings& settings) {
  batch_.clear();
  labels_.clear();
  for (const std::int64_t image : batch) {
    batch_.push_back(set.ink(image));
    labels_.push_back(set.label(image));
  }
  upwards_ = !upwards_;

  team_.run([&](std::size_t thread) {
    const Range images = kernels::share(batch_.size(), 1, thread, team_.size());
    forward_first_layer(thread, &settings);
    pixel_columns_.set(batch_, kernels::share(layers_.front().in, kLine, thread, team_.size()));
    team_.barrier();
    settings.end_phase(thread, "first layer forward");
    forward_other_layers(images, &settings);
    kernels::softmax_cross_entropy(
        labels_.data(), last().out, 1.0F / static_cast<float>(batch_.size()), images,
        matrix(last().delta, last().stride), losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "other layers forward, loss");
    descend_other_layers(thread, settings);
    settings.end_phase(thread, "other layers backward, Adam");
    descend_first_layer(thread, settings);
  });
  settings.end_phase(0, "first layer backward, Adam");

  return statistics_of(labels_, losses_, predicted_);
}

std::vector<float> Mlp::logits(const Images& set, std::int64_t first, std::int64_t size) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(size) * last().out);
  for (std::int64_t done = 0; done < size;) {
    const std::int64_t count = std::min(static_cast<std::int64_t>(room_), size - done);
    batch_.clear();
    for (std::int64_t i = 0; i < count; ++i) batch_.push_back(set.ink(first + done + i));
    team_.run([&](std::size_t thread) {
      forward_first_layer(thread, nullptr);
      team_.barrier();
      forward_other_layers(kernels::share(batch_.size(), 1, thread, team_.size()), nullptr);
    });
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const float* row = matrix(last().delta, last().stride).row(i);
      result.insert(result.end(), row, row + last().out);
    }
    done += count;
  }
  return result;
}

/// Each thread computes some units, for all images: the weights that it then reads are the ones
/// that it has updated in `descend_first_layer`, and still in its cache.
void Mlp::forward_first_layer(std::size_t thread, const StepSettings* settings) {
  Layer& layer = layers_.front();
  const Range units = kernels::share(layer.padded_out, kLine, thread, team_.size());
  const Range images{0, batch_.size()};
  kernels::column_sums(layer.weights.values, layer.in, background_, layer.bias, units,
                       first_sums_.data());
  kernels::linear_forward(batch_.data(), table_.data(), layer.weights.values, first_sums_.data(),
                          images, units, matrix(layer.output, layer.stride));
  activate(0, images, units, settings);
}

void Mlp::forward_other_layers(Range images, const StepSettings* settings) {
  for (std::size_t l = 1; l < layers_.size(); ++l) {
    Layer& before = layers_[l - 1];
    Layer& layer = layers_[l];
    const bool is_last = &layer == &last();
    const Range units{0, layer.padded_out};
    before.rows.set_rows(matrix(before.output, before.stride), images, {0, before.out});
    kernels::linear_forward(before.rows.rows(), layer.weights.values, layer.bias, images, units,
                            matrix(is_last ? layer.delta : layer.output, layer.stride));
    if (!is_last) activate(l, images, units, settings);
  }
}

void Mlp::activate(std::size_t layer, Range images, Range units, const StepSettings* settings) {
  const Matrix output = matrix(layers_[layer].output, layers_[layer].stride);
  kernels::relu(output, images, units);
  if (settings != nullptr && layer + 2 == layers_.size()) {
    kernels::drop({.probability = dropout_, .seed = settings->dropout_seed, .step = settings->step},
                  output, images, units);
  }
}

/// Each thread takes some inputs of a layer: their gradients are those of the units of the layer
/// before that the thread takes there.
void Mlp::descend_other_layers(std::size_t thread, const StepSettings& settings) {
  const Range images{0, batch_.size()};
  for (std::size_t l = layers_.size() - 1; l > 0; --l) {
    Layer& layer = layers_[l];
    Layer& before = layers_[l - 1];
    const bool dropped = l + 1 == layers_.size();
    const Range padded = kernels::share(before.padded_out, kLine, thread, team_.size());
    const Range inputs{std::min(padded.begin, before.out), std::min(padded.end, before.out)};
    const Matrix delta = matrix(before.delta, before.stride);
    for (std::size_t i = 0; i < images.end; ++i) {
      std::fill(delta.row(i) + padded.begin, delta.row(i) + padded.end, 0.0F);
    }
    before.columns.set_columns(matrix(before.output, before.stride), images, inputs);
    kernels::linear_backward(
        before.columns.rows(), layer.weights, layer.padded_out, matrix(layer.delta, layer.stride),
        dropped ? kernels::dropout_scale(dropout_) : 1.0F, settings.adam, inputs, delta);
    descend_bias(layer, parameters_, matrix(layer.delta, layer.stride), images.end,
                 kernels::share(layer.padded_out, kLine, thread, team_.size()), settings.adam);
    if (l > 1) team_.barrier();
  }
}

void Mlp::descend_first_layer(std::size_t thread, const StepSettings& settings) {
  Layer& layer = layers_.front();
  const Range units = kernels::share(layer.padded_out, kLine, thread, team_.size());
  descend_bias(layer, parameters_, matrix(layer.delta, layer.stride), batch_.size(), units,
               settings.adam);
  for (std::size_t c = units.begin; c < units.end; ++c) {
    first_gradient_[c] = background_ * layer.bias_gradient[c];
  }
  kernels::pixel_descend(pixel_columns_.columns(), table_.data(), layer.weights,
                         first_gradient_.data(), matrix(layer.delta, layer.stride), settings.adam,
                         layer.in, units, upwards_);
}

}  // namespace mnist_bench::native
