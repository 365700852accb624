#include "native/mlp.h"

#include <algorithm>
#include <numeric>

#include "kernels/activation.h"
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

/// The columns of `matrix` from `column` on.
Matrix from_column(Matrix matrix, std::size_t column) {
  return {matrix.data + column, matrix.stride};
}

}  // namespace

Mlp::Mlp(const MlpConfig& config, const std::vector<std::string>& names,
         const PixelScaling& scaling, ImageShape image, std::int64_t classes, std::int64_t threads)
    : Network(classes),
      team_(static_cast<std::size_t>(threads)),
      dropout_(config.dropout),
      background_(scaling.of_zero()) {
  for (std::size_t byte = 0; byte < kernels::kByteValues; ++byte) {
    table_.push_back(scaling.above_zero(static_cast<std::uint8_t>(byte)));
  }

  auto in = static_cast<std::size_t>(image.rows * image.columns);
  for (const std::int64_t units : config.hidden) {
    const auto out = static_cast<std::size_t>(units);
    const std::string& name = names[hidden_.size()];
    const bool is_first = hidden_.empty();
    add_linear(hidden_.emplace_back(), parameters_, name, in, out, in_order(in),
               is_first ? cut_panels(out) : std::vector<Range>{});
    in = out;
  }
  add_output(output_, parameters_, names.back(), in, static_cast<std::size_t>(classes));
  parameters_.allocate();
  for (Hidden& layer : hidden_) bind(layer, parameters_);
  bind(output_, parameters_);
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
  output_.logits.assign(images * output_.stride, 0.0F);
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

void Mlp::prepare(const Images& set, std::int64_t batch_size) {
  const auto batch = static_cast<std::size_t>(std::min(batch_size, set.size()));
  reserve(batch);
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
    pixel_columns_[thread].set(batch_, {0, hidden_.front().in});
    team_.barrier();
    settings.end_phase(thread, "first layer forward");
    forward_other_layers(images, &settings);
    kernels::softmax_cross_entropy(
        labels_.data(), output_.out, 1.0F / static_cast<float>(batch_.size()), images,
        matrix_view(output_.logits, output_.stride), losses_.data(), predicted_.data());
    team_.barrier();
    settings.end_phase(thread, "other layers forward, loss");
    backward_and_update_other_layers(thread, settings);
    settings.end_phase(thread, "other layers backward, update");
    backward_and_update_first_layer(thread, settings);
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
  return matrix_view(output_.logits, output_.stride);
}

/// Each thread computes some units for all images. It thus reads the weights that it has updated in
/// `backward_and_update_first_layer`, which are still in its cache.
void Mlp::forward_first_layer(std::size_t thread, const StepSettings* settings) {
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
                            sums, images, columns, from_column(output, first));
  }
  activate(0, images, units, settings);
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
  kernels::output_forward(matrix_view(hidden_.back().output, hidden_.back().stride), output_.in,
                          output_.weights().values(), output_.bias, output_.out, images,
                          matrix_view(output_.logits, output_.stride));
}

void Mlp::activate(std::size_t layer, Range images, Range units, const StepSettings* settings) {
  const Matrix output = matrix_view(hidden_[layer].output, hidden_[layer].stride);
  kernels::relu(output, images, units);
  if (settings != nullptr && layer + 1 == hidden_.size()) {
    kernels::drop({.probability = dropout_, .seed = settings->dropout_seed, .step = settings->step},
                  output, images, units);
  }
}

/// Each thread takes some inputs of a layer. They are the units of the layer before that the same
/// thread takes there.
void Mlp::backward_and_update_other_layers(std::size_t thread, const StepSettings& settings) {
  const Range images{0, batch_.size()};
  Hidden& last = hidden_.back();
  const Matrix logits = matrix_view(output_.logits, output_.stride);
  kernels::output_backward_and_update(
      matrix_view(last.output, last.stride), images.end,
      {.delta = logits, .out = output_.out, .scale = kernels::dropout_scale(dropout_)},
      output_.weights(), settings.update, last.partition_of(thread, team_.size()),
      matrix_view(last.delta, last.stride));
  update_bias(output_, parameters_, logits, images.end, output_.partition_of(thread, team_.size()),
              settings.update);

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
    before.columns.set_columns(matrix_view(before.output, before.stride), images, inputs);
    kernels::linear_backward_and_update(
        before.columns.rows(),
        {.delta = matrix_view(layer.delta, layer.stride), .out = layer.padded_out}, layer.weights(),
        settings.update, inputs, delta);
    update_bias(layer, parameters_, matrix_view(layer.delta, layer.stride), images.end,
                layer.partition_of(thread, team_.size()), settings.update);
  }
}

void Mlp::backward_and_update_first_layer(std::size_t thread, const StepSettings& settings) {
  Hidden& layer = hidden_.front();
  const Range units = layer.partition_of(thread, team_.size());
  update_bias(layer, parameters_, matrix_view(layer.delta, layer.stride), batch_.size(), units,
              settings.update);
  for (std::size_t c = units.begin; c < units.end; ++c) {
    first_gradient_[c] = background_ * layer.bias_gradient[c];
  }
  const Matrix delta = matrix_view(layer.delta, layer.stride);
  for (const Panel& panel : panels_of(thread)) {
    const std::size_t first = panel.outputs.begin;
    kernels::pixel_backward_and_update({pixel_columns_[thread].columns(), table_.data()},
                                       first_gradient_.data() + first, from_column(delta, first),
                                       panel.weights, settings.update, layer.in,
                                       {0, panel.outputs.size()}, direction_);
  }
}

}  // namespace mnist_bench::native
