#include "native/operations.h"

#include <algorithm>

#include "base/random.h"
#include "kernels/activation.h"
#include "kernels/max_pool.h"
#include "kernels/patches.h"

namespace mnist_bench::native {

using kernels::Accumulate;
using kernels::ConstMatrix;
using kernels::kLine;
using kernels::Matrix;
using kernels::Range;
using kernels::StridedMatrix;

namespace {

/// Positions whose patches a convolution has in memory at a time, about: few, so that they stay in
/// the processor's caches, but so many that the weights' gradient is not read and written too
/// often.
constexpr std::size_t kPositions = 64;

/// y = of(x), value by value.
template <class Of>
void apply(const Values& values, const Turn& turn, const Of& of) {
  for_each_image(turn, [&](std::size_t i) {
    const float* const x = values.x.row(i);
    std::transform(x, x + values.out.size(), values.y.row(i), of);
  });
}

/// dx += slope(y) · dy, value by value.
template <class Slope>
void apply_backward(const Values& values, const Turn& turn, const Slope& slope) {
  for_each_image(turn, [&](std::size_t i) {
    const float* const y = values.y.row(i);
    const float* const dy = values.dy.row(i);
    float* const dx = values.dx.row(i);
    for (std::size_t c = 0; c < values.out.size(); ++c) dx[c] += slope(y[c], dy[c]);
  });
}

/// Adds a map to one of the same channels, rows and columns.
void add_map(const ChannelsLast& from_shape, const float* from, const ChannelsLast& to_shape,
             float* to) {
  for (std::size_t p = 0; p < to_shape.positions(); ++p) {
    for (std::size_t c = 0; c < to_shape.channels; ++c) {
      to[p * to_shape.stride + c] += from[p * from_shape.stride + c];
    }
  }
}

kernels::Dropout dropout_of(double p, std::string_view stream, std::uint64_t index,
                            const StepSettings& settings) {
  return {.probability = p,
          .seed = derive_seed(settings.dropout_seed, stream, index),
          .step = settings.step};
}

}  // namespace

Linear::Linear(const std::vector<TensorShape>& tensors, Parameters& parameters)
    : product_(tensors, /*parts=*/1, parameters) {}

void Linear::begin_step(const Turn& turn) { product_.transpose(turn); }

void Linear::forward(const Values& values, const Turn& turn) {
  product_.multiply(turn.parameters, strided(values.x), turn.images(), values.y);
}

void Linear::backward(const Values& values, const Turn& turn) {
  if (values.dx.data == nullptr) return;
  product_.multiply_back(values.dy, turn.images(), values.dx, values.dx);
}

/// Each thread takes some inputs, for all images, which is why it waits for all gradients.
void Linear::update(const Values& values, const Turn& turn) {
  const Range inputs = kernels::partition(product_.inputs(), 1, turn.thread, turn.team.size());
  const Range units = kernels::partition(product_.units(), kLine, turn.thread, turn.team.size());
  product_.weights_gradient(0, strided(values.x), values.dy, turn.batch, inputs, Accumulate::no);
  product_.bias_gradient(0, values.dy, turn.batch, units, Accumulate::no);
  turn.team.barrier();
  product_.update(turn);
}

Convolution::Convolution(const std::vector<TensorShape>& tensors, const Window& window,
                         const ChannelsLast& in, const ChannelsLast& out, std::size_t parts,
                         std::size_t threads, Parameters& parameters)
    : product_(tensors, parts, parameters),
      window_(window),
      rows_at_a_time_(std::clamp(kPositions / out.columns, std::size_t{1}, out.rows)),
      patches_(threads) {
  for (Patches& patches : patches_) {
    patches.values.resize(kernels::patches_size(in, window, out, rows_at_a_time_));
    patches.gradient.resize(patches.values.size());
  }
}

template <class Visit>
void Convolution::for_each_block(const Values& values, std::size_t image, std::size_t thread,
                                 const Visit& visit) {
  const ChannelsLast& out = values.out;
  for (std::size_t row = 0; row < out.rows; row += rows_at_a_time_) {
    const Range rows{row, std::min(row + rows_at_a_time_, out.rows)};
    visit(rows, kernels::gather_patches(values.in, values.x.row(image), window_, out, rows,
                                        patches_[thread].values.data()));
  }
}

void Convolution::begin_step(const Turn& turn) { product_.transpose(turn); }

void Convolution::forward(const Values& values, const Turn& turn) {
  const ChannelsLast& out = values.out;
  for_each_image(turn, [&](std::size_t i) {
    for_each_block(values, i, turn.thread, [&](Range rows, const StridedMatrix& patches) {
      product_.multiply(turn.parameters, patches, {0, rows.size() * out.columns},
                        {values.y.row(i) + out.offset(rows.begin, 0), out.stride});
    });
  });
}

void Convolution::backward(const Values& values, const Turn& turn) {
  const ChannelsLast& out = values.out;
  const Range parts = turn.parts();
  for (std::size_t part = parts.begin; part < parts.end; ++part) {
    const Range images = turn.images_of(part);
    if (images.size() == 0) product_.clear_gradient(part);
    for (std::size_t i = images.begin; i < images.end; ++i) {
      const bool is_first = i == images.begin;
      for_each_block(values, i, turn.thread, [&](Range rows, const StridedMatrix& patches) {
        const ConstMatrix dy{values.dy.row(i) + out.offset(rows.begin, 0), out.stride};
        const std::size_t positions = rows.size() * out.columns;
        product_.weights_gradient(part, patches, dy, positions, {0, product_.inputs()},
                                  is_first && rows.begin == 0 ? Accumulate::no : Accumulate::yes);
        if (values.dx.data == nullptr) return;
        const Matrix gradient{patches_[turn.thread].gradient.data(),
                              kernels::patch_stride(values.in, window_)};
        product_.multiply_back(dy, {0, positions}, {}, gradient);
        kernels::scatter_patches(values.in, window_, out, rows, gradient.data, values.dx.row(i));
      });
      product_.bias_gradient(part, {values.dy.row(i), out.stride}, out.positions(),
                             {0, product_.units()}, is_first ? Accumulate::no : Accumulate::yes);
    }
  }
}

void Convolution::update(const Values& /*values*/, const Turn& turn) { product_.update(turn); }

void Relu::forward(const Values& values, const Turn& turn) {
  kernels::relu(values.x, turn.images(), {0, values.out.size()}, values.y);
}

void Relu::backward(const Values& values, const Turn& turn) {
  kernels::relu_backward(values.y, values.dy, turn.images(), {0, values.out.size()},
                         values.accumulate, values.dx);
}

void Tanh::forward(const Values& values, const Turn& turn) {
  kernels::tanh(values.x, turn.images(), {0, values.out.size()}, values.y);
}

void Tanh::backward(const Values& values, const Turn& turn) {
  apply_backward(values, turn, [](float y, float dy) { return (1 - y * y) * dy; });
}

void MaxPool::reserve(std::size_t images, const ChannelsLast& out) {
  argmax.resize(images * out.size());
}

void MaxPool::forward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    kernels::max_pool(values.in, values.x.row(i), window, values.out, values.y.row(i),
                      argmax.data() + i * values.out.size());
  });
}

void MaxPool::backward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    kernels::max_pool_backward(values.out, values.dy.row(i), argmax.data() + i * values.out.size(),
                               values.dx.row(i));
  });
}

void AveragePool::forward(const Values& values, const Turn& turn) const {
  for_each_image(turn, [&](std::size_t i) {
    average_pool(values.in, values.x.row(i), window, values.out, values.y.row(i));
  });
}

void AveragePool::backward(const Values& values, const Turn& turn) const {
  for_each_image(turn, [&](std::size_t i) {
    average_pool_backward(values.in, window, values.out, values.dy.row(i), values.dx.row(i));
  });
}

void GlobalAveragePool::forward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    global_average_pool(values.in, values.x.row(i), values.y.row(i));
  });
}

void GlobalAveragePool::backward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    global_average_pool_backward(values.in, values.dy.row(i), values.dx.row(i));
  });
}

void Flatten::forward(const Values& values, const Turn& turn) {
  for_each_image(turn,
                 [&](std::size_t i) { flatten(values.in, values.x.row(i), values.y.row(i)); });
}

void Flatten::backward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    flatten_backward(values.in, values.dy.row(i), values.dx.row(i));
  });
}

void Dropout::forward(const Values& values, const Turn& turn) const {
  apply(values, turn, [](float x) { return x; });
  if (turn.settings == nullptr) return;
  kernels::drop(dropout_of(p, "dropout of a layer", index, *turn.settings), values.y, turn.images(),
                {0, values.out.size()});
}

void Dropout::backward(const Values& values, const Turn& turn) const {
  kernels::drop(dropout_of(p, "dropout of a layer", index, *turn.settings), values.dy,
                turn.images(), {0, values.out.size()});
  apply_backward(values, turn, [](float /*y*/, float dy) { return dy; });
}

void Dropout2d::reserve(std::size_t images, const ChannelsLast& out) {
  factors.resize(images * kernels::round_up(out.channels, kLine));
}

void Dropout2d::forward(const Values& values, const Turn& turn) {
  const Matrix all{factors.data(), kernels::round_up(values.out.channels, kLine)};
  const Range images = turn.images();
  std::fill(all.row(images.begin), all.row(images.end), 1.0F);
  if (turn.settings != nullptr) {
    kernels::drop(dropout_of(p, "dropout2d of a layer", index, *turn.settings), all, images,
                  {0, all.stride});
  }
  for_each_image(turn, [&](std::size_t i) {
    for (std::size_t position = 0; position < values.out.positions(); ++position) {
      const float* const x = values.x.row(i) + position * values.out.stride;
      float* const y = values.y.row(i) + position * values.out.stride;
      for (std::size_t c = 0; c < values.out.channels; ++c) y[c] = all.row(i)[c] * x[c];
    }
  });
}

void Dropout2d::backward(const Values& values, const Turn& turn) {
  const Matrix all{factors.data(), kernels::round_up(values.out.channels, kLine)};
  for_each_image(turn, [&](std::size_t i) {
    for (std::size_t position = 0; position < values.out.positions(); ++position) {
      const float* const dy = values.dy.row(i) + position * values.out.stride;
      float* const dx = values.dx.row(i) + position * values.out.stride;
      for (std::size_t c = 0; c < values.out.channels; ++c) dx[c] += all.row(i)[c] * dy[c];
    }
  });
}

void Subsample::forward(const Values& values, const Turn& turn) const {
  for_each_image(turn, [&](std::size_t i) {
    subsample(values.in, values.x.row(i), step, values.out, values.y.row(i));
  });
}

void Subsample::backward(const Values& values, const Turn& turn) const {
  for_each_image(turn, [&](std::size_t i) {
    subsample_backward(values.in, step, values.out, values.dy.row(i), values.dx.row(i));
  });
}

void Sum::forward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    std::fill_n(values.y.row(i), values.out.size(), 0.0F);
    add_map(values.in, values.x.row(i), values.out, values.y.row(i));
    add_map(values.other, values.other_x.row(i), values.out, values.y.row(i));
  });
}

void Sum::backward(const Values& values, const Turn& turn) {
  for_each_image(turn, [&](std::size_t i) {
    if (values.dx.data != nullptr) {
      add_map(values.out, values.dy.row(i), values.in, values.dx.row(i));
    }
    if (values.other_dx.data != nullptr) {
      add_map(values.out, values.dy.row(i), values.other, values.other_dx.row(i));
    }
  });
}

}  // namespace mnist_bench::native
