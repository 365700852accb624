#include "native/mlp.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "kernels/linear.h"
#include "kernels/output_layer.h"
#include "kernels/softmax.h"

namespace mnist_bench::native {

using kernels::Direction;
using kernels::kLine;
using kernels::Matrix;
using kernels::matrix_view;
using kernels::Range;

namespace {

/// Most columns of a panel of the first layer's weights: eight vectors of AVX-512, as many as the
/// kernels hold in registers at a time.
constexpr std::size_t kPanel = 128;

}  // namespace

Mlp::Mlp(const MlpLayout& layout, const std::vector<std::string>& names,
         const PixelScaling& scaling, ImageShape image, std::int64_t classes, std::int64_t threads)
    : Network(classes),
      team_(static_cast<std::size_t>(threads)),
      drops_pixels_(layout.input_dropout > 0),
      background_(scaling.of_zero()) {
  for (std::size_t byte = 0; byte < kernels::kByteValues; ++byte) {
    table_.push_back(scaling.above_zero(static_cast<std::uint8_t>(byte)));
  }

  auto in = static_cast<std::size_t>(image.rows * image.columns);
  if (drops_pixels_) {
    Hidden& pixels = hidden_.emplace_back();
    set_sizes(pixels, 0, in);
    pixels.dropout = layout.input_dropout;
  }
  const auto add = [&](const MlpLayout::Hidden& hidden, const std::string& name) {
    const auto out = static_cast<std::size_t>(hidden.units);
    std::vector<Range> panels = hidden_.empty() ? cut_panels(out) : std::vector<Range>{};
    Hidden& layer = hidden_.emplace_back();
    layer.relu = hidden.relu;
    layer.dropout = hidden.dropout;
    add_linear(layer, parameters_, name, in, out, in_order(in), std::move(panels));
    in = out;
  };
  for (std::size_t l = 0; l < layout.hidden.size(); ++l) add(layout.hidden[l], names[l]);
  if (hidden_.empty()) {
    add({.units = classes}, names.back());
  } else {
    add_output(output_.emplace(), parameters_, names.back(), in, static_cast<std::size_t>(classes));
  }
  parameters_.allocate();
  for (Hidden& layer : hidden_) bind(layer, parameters_);
  if (output_) bind(*output_, parameters_);
  first_sums_.assign(hidden_.front().padded_out, 0.0F);
  first_gradient_.assign(hidden_.front().padded_out, 0.0F);
  reserve(kEvaluationBatch);
}

/// Cuts the first layer's outputs into panels, so that each thread has panels of its own: threads
/// that share rows of the weights take each other's lines out of the cache.
std::vector<Range> Mlp::cut_panels(std::size_t out) {
  std::vector<Range> panels;
  for (std::size_t thread = 0; thread < team_.size(); ++thread) {
    const Range own =
        kernels::partition(kernels::round_up(out, kLine), kLine, thread, team_.size());
    const std::size_t first = panels.size();
    for (std::size_t begin = own.begin; begin < own.end; begin += kPanel) {
      panels.push_back({begin, std::min(begin + kPanel, own.end)});
    }
    own_panels_.push_back({first, panels.size()});
  }
  return panels;
}

std::span<const Panel> Mlp::panels_of(std::size_t thread) const {
  return std::span(hidden_.front().panels)
      .subspan(own_panels_[thread].begin, own_panels_[thread].size());
}

void Mlp::reserve(std::size_t images) {
  if (images <= capacity_) return;
  capacity_ = images;
  if (output_) output_->logits.assign(images * output_->stride, 0.0F);
  for (Hidden& layer : hidden_) {
    layer.output.assign(images * layer.stride, 0.0F);
    layer.delta.assign(images * layer.stride, 0.0F);
    if (&layer == &hidden_.back()) break;
    layer.rows = kernels::SparseRows(std::vector<std::size_t>(images, layer.out));
    layer.columns = kernels::SparseRows(std::vector<std::size_t>(layer.out, images));
  }
  batch_.reserve(images);
  labels_.reserve(images);
  losses_.resize(images);
  predicted_.resize(images);
}

Matrix Mlp::logits() {
  return output_ ? matrix_view(output_->logits, output_->stride)
                 : matrix_view(hidden_.front().output, hidden_.front().stride);
}

/// Each layer draws numbers of its own.
kernels::Dropout Mlp::dropout_of(std::size_t layer, const StepSettings& settings) const {
  const bool is_last = layer + 1 == hidden_.size();
  return {.probability = hidden_[layer].dropout,
          .seed = is_last ? settings.dropout_seed
                          : derive_seed(settings.dropout_seed, "dropout of a layer", layer),
          .step = settings.step};
}

void Mlp::prepare(const Images& set, std::int64_t batch_size) {
  const auto batch = static_cast<std::size_t>(std::min(batch_size, set.size()));
  reserve(batch);
  if (drops_pixels_) return;
  std::vector<std::size_t> counts = set.nonzero_counts();
  for (std::size_t& count : counts) count = std::min(count, batch);
  pixel_columns_.clear();
  for (std::size_t thread = 0; thread < team_.size(); ++thread) pixel_columns_.emplace_back(counts);
}

BatchStatistics Mlp::step(const Images& set, std::span<const std::int64_t> batch,
                          const StepSettings& settings) {
  batch_.clear();
  labels_.clear();
  for (const std::int64_t image : batch) {
    batch_.push_back(set.nonzero_pixels(image));
    labels_.push_back(set.label(image));
  }
  direction_ = direction_ == Direction::ascending ? Direction::descending : Direction::ascending;

  team_.run([&](std::size_t thread) {
    const Range images = kernels::partition(batch_.size(), 1, thread, team_.size());
    forward_first_layer(thread, &settings);
    if (!drops_pixels_) pixel_columns_[thread].set(batch_, {0, hidden_.front().in});
    team_.barrier();
    settings.end_phase(thread, "first layer forward");
    forward_other_layers(images, &settings);
    kernels::softmax_cross_entropy(labels_.data(), classes(),
                                   1.0F / static_cast<float>(batch_.size()), images, logits(),
                                   losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "other layers forward, loss");
    backward_and_update_other_layers(thread, settings);
    settings.end_phase(thread, "other layers backward, update");
    if (!drops_pixels_) backward_and_update_first_layer(thread, settings);
  });
  settings.end_phase(0, "first layer backward, update");

  return statistics_of(labels_, losses_, predicted_);
}

kernels::ConstMatrix Mlp::evaluate(const Images& set, std::int64_t first, std::int64_t count) {
  batch_.clear();
  for (std::int64_t i = 0; i < count; ++i) batch_.push_back(set.nonzero_pixels(first + i));
  team_.run([&](std::size_t thread) {
    forward_first_layer(thread, nullptr);
    team_.barrier();
    forward_other_layers(kernels::partition(batch_.size(), 1, thread, team_.size()), nullptr);
  });
  return logits();
}

/// Each thread computes some units for all images. It thus reads the weights that it has updated in
/// `backward_and_update_first_layer`, which are still in its cache.
void Mlp::forward_first_layer(std::size_t thread, const StepSettings* settings) {
  if (drops_pixels_) {
    forward_pixels(kernels::partition(batch_.size(), 1, thread, team_.size()), settings);
    return;
  }
  Hidden& layer = hidden_.front();
  const Range units = layer.partition_of(thread, team_.size());
  const Range images{0, batch_.size()};
  const Matrix output = matrix_view(layer.output, layer.stride);
  for (const Panel& panel : panels_of(thread)) {
    const std::size_t first = panel.outputs.begin;
    const Range columns{0, panel.outputs.size()};
    float* const sums = first_sums_.data() + first;
    kernels::column_sums(panel.weights.values(), layer.in, background_, layer.bias + first, columns,
                         sums);
    kernels::linear_forward({batch_.data(), table_.data()}, {0, layer.in}, panel.weights.values(),
                            sums, images, columns, output.from(0, first));
  }
  activate(0, images, units, settings);
}

void Mlp::forward_pixels(Range images, const StepSettings* settings) {
  Hidden& pixels = hidden_.front();
  const Matrix output = matrix_view(pixels.output, pixels.stride);
  for (std::size_t i = images.begin; i < images.end; ++i) {
    float* const row = output.row(i);
    std::fill_n(row, pixels.out, background_);
    for (std::size_t e = 0; e < batch_[i].size; ++e) {
      const std::uint32_t entry = batch_[i].entries[e];
      row[entry / kernels::kByteValues] += table_[entry % kernels::kByteValues];
    }
  }
  activate(0, images, {0, pixels.padded_out}, settings);
}

void Mlp::forward_other_layers(Range images, const StepSettings* settings) {
  for (std::size_t l = 1; l < hidden_.size(); ++l) {
    Hidden& before = hidden_[l - 1];
    Hidden& layer = hidden_[l];
    const Range units{0, layer.padded_out};
    before.rows.set_rows(matrix_view(before.output, before.stride), images, {0, before.out});
    kernels::linear_forward(before.rows.rows(), {0, layer.in}, layer.weights().values(), layer.bias,
                            images, units, matrix_view(layer.output, layer.stride));
    activate(l, images, units, settings);
  }
  if (output_) {
    kernels::output_forward(matrix_view(hidden_.back().output, hidden_.back().stride), output_->in,
                            output_->weights().values(), output_->bias, output_->out, images,
                            logits());
  }
}

void Mlp::activate(std::size_t layer, Range images, Range units, const StepSettings* settings) {
  const Matrix output = matrix_view(hidden_[layer].output, hidden_[layer].stride);
  if (hidden_[layer].relu) kernels::relu(output, images, units, output);
  if (settings != nullptr) kernels::drop(dropout_of(layer, *settings), output, images, units);
}

/// Makes of what a linear layer gives as the gradient by its input, which is the output of `layer`,
/// the gradient before that layer's dropout. After a relu, the linear layer has already done so: a
/// unit that is 0 has no gradient, whether relu or dropout made it so.
void Mlp::backward_dropout(std::size_t layer, Range images, Range units,
                           const StepSettings& settings) {
  Hidden& of = hidden_[layer];
  if (of.relu) return;
  kernels::drop(dropout_of(layer, settings), matrix_view(of.delta, of.stride), images, units);
}

/// The factor of a gradient that passes a layer's relu and dropout.
float Mlp::gradient_scale(std::size_t layer) const {
  return hidden_[layer].relu ? kernels::dropout_scale(hidden_[layer].dropout) : 1.0F;
}

/// Each thread takes some inputs of a layer. They are the units of the layer before that the same
/// thread takes there.
void Mlp::backward_and_update_other_layers(std::size_t thread, const StepSettings& settings) {
  const Range images{0, batch_.size()};
  if (output_) {
    const std::size_t l = hidden_.size() - 1;
    Hidden& last = hidden_[l];
    const Range units = last.partition_of(thread, team_.size());
    kernels::output_backward_and_update(
        matrix_view(last.output, last.stride), images.end,
        {.delta = logits(), .out = output_->out, .scale = gradient_scale(l), .of_relu = last.relu},
        output_->weights(), settings.update, units, matrix_view(last.delta, last.stride));
    backward_dropout(l, images, units, settings);
    update_bias(*output_, parameters_, logits(), images.end,
                output_->partition_of(thread, team_.size()), settings.update);
  }

  for (std::size_t l = hidden_.size() - 1; l > 0; --l) {
    Hidden& layer = hidden_[l];
    Hidden& before = hidden_[l - 1];
    const Range padded = before.partition_of(thread, team_.size());
    const Range inputs{std::min(padded.begin, before.out), std::min(padded.end, before.out)};
    const Matrix delta = matrix_view(before.delta, before.stride);
    team_.barrier();
    for (std::size_t i = 0; i < images.end; ++i) {
      std::fill(delta.row(i) + padded.begin, delta.row(i) + padded.end, 0.0F);
    }
    const Matrix output = matrix_view(before.output, before.stride);
    if (before.relu) {
      before.columns.set_columns(output, images, inputs);
    } else {
      before.columns.set_whole_columns(output, images, inputs);
    }
    kernels::linear_backward_and_update(before.columns.rows(),
                                        {.delta = matrix_view(layer.delta, layer.stride),
                                         .out = layer.padded_out,
                                         .scale = gradient_scale(l - 1)},
                                        layer.weights(), settings.update, inputs, delta);
    backward_dropout(l - 1, images, padded, settings);
    update_bias(layer, parameters_, matrix_view(layer.delta, layer.stride), images.end,
                layer.partition_of(thread, team_.size()), settings.update);
  }
}

void Mlp::backward_and_update_first_layer(std::size_t thread, const StepSettings& settings) {
  Hidden& layer = hidden_.front();
  const Matrix delta = output_ ? matrix_view(layer.delta, layer.stride) : logits();
  const Range units = layer.partition_of(thread, team_.size());
  update_bias(layer, parameters_, delta, batch_.size(), units, settings.update);
  for (std::size_t c = units.begin; c < units.end; ++c) {
    first_gradient_[c] = background_ * layer.bias_gradient[c];
  }
  for (const Panel& panel : panels_of(thread)) {
    const std::size_t first = panel.outputs.begin;
    kernels::pixel_backward_and_update({pixel_columns_[thread].columns(), table_.data()},
                                       first_gradient_.data() + first, delta.from(0, first),
                                       panel.weights, settings.update, layer.in,
                                       {0, panel.outputs.size()}, direction_);
  }
}

}  // namespace mnist_bench::native
