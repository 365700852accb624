#include <algorithm>
#include <cmath>

#include "native/operations.h"

namespace mnist_bench::native {

using kernels::kLine;
using kernels::Range;

namespace {

/// As in PyTorch.
constexpr float kEpsilon = 1e-5F;
constexpr double kMomentum = 0.1;

}  // namespace

BatchNorm::BatchNorm(const PlacedLayer& layer, Parameters& parameters, Parameters& buffers)
    : channels_(static_cast<std::size_t>(layer.input.front())),
      weight_(parameters.add_bias(layer.parameters[0].name, channels_)),
      bias_(parameters.add_bias(layer.parameters[1].name, channels_)),
      running_mean_(buffers.add_bias(layer.buffers[0].name, channels_)),
      running_variance_(buffers.add_bias(layer.buffers[1].name, channels_)),
      mean_(channels_),
      inverse_sd_(channels_),
      d_weight_(kernels::round_up(channels_, kLine)),
      d_bias_(kernels::round_up(channels_, kLine)) {}

void BatchNorm::initialize(Parameters& buffers) const {
  std::fill_n(buffers.values(running_variance_), channels_, 1.0F);
}

void BatchNorm::reserve(std::size_t images, const ChannelsLast& /*out*/) {
  sums_.resize(images * 2 * channels_);
}

/// Over all images, in their order.
double BatchNorm::total(std::size_t batch, std::size_t which, std::size_t channel) {
  double sum = 0;
  for (std::size_t i = 0; i < batch; ++i) sum += sums_of(i, which)[channel];
  return sum;
}

/// The mean and the variance of the batch, and the running ones: mean first, so that the variance
/// is one of differences.
void BatchNorm::measure(const Values& values, const Turn& turn) {
  const std::size_t positions = values.in.positions();
  const auto count = static_cast<double>(turn.batch * positions);
  const auto sum_up = [&](const auto& of) {
    for_each_image(turn, [&](std::size_t i) {
      double* const sums = sums_of(i, 0);
      std::fill_n(sums, channels_, 0.0);
      for (std::size_t p = 0; p < positions; ++p) {
        const float* const x = values.x.row(i) + p * values.in.stride;
        for (std::size_t c = 0; c < channels_; ++c) {
          sums[c] += of(static_cast<double>(x[c]), c);
        }
      }
    });
  };
  sum_up([](double x, std::size_t /*channel*/) { return x; });
  turn.once([&] {
    for (std::size_t c = 0; c < channels_; ++c) {
      mean_[c] = static_cast<float>(total(turn.batch, 0, c) / count);
    }
  });
  sum_up([&](double x, std::size_t channel) {
    const double difference = x - static_cast<double>(mean_[channel]);
    return difference * difference;
  });
  turn.once([&] {
    float* const running_mean = turn.buffers.values(running_mean_);
    float* const running_variance = turn.buffers.values(running_variance_);
    const auto move = [](float& running, double to) {
      running = static_cast<float>((1 - kMomentum) * static_cast<double>(running) + kMomentum * to);
    };
    for (std::size_t c = 0; c < channels_; ++c) {
      const double squares = total(turn.batch, 0, c);
      inverse_sd_[c] = static_cast<float>(1 / std::sqrt(squares / count + double{kEpsilon}));
      move(running_mean[c], static_cast<double>(mean_[c]));
      move(running_variance[c], squares / (count - 1));
    }
  });
}

void BatchNorm::forward(const Values& values, const Turn& turn) {
  if (turn.settings != nullptr) {
    measure(values, turn);
  } else {
    turn.once([&] {
      for (std::size_t c = 0; c < channels_; ++c) {
        mean_[c] = turn.buffers.values(running_mean_)[c];
        inverse_sd_[c] = 1 / std::sqrt(turn.buffers.values(running_variance_)[c] + kEpsilon);
      }
    });
  }
  const float* const weight = turn.parameters.values(weight_);
  const float* const bias = turn.parameters.values(bias_);
  for_each_image(turn, [&](std::size_t i) {
    for (std::size_t p = 0; p < values.in.positions(); ++p) {
      const float* const x = values.x.row(i) + p * values.in.stride;
      float* const y = values.y.row(i) + p * values.out.stride;
      for (std::size_t c = 0; c < channels_; ++c) {
        y[c] = (x[c] - mean_[c]) * inverse_sd_[c] * weight[c] + bias[c];
      }
    }
  });
}

/// With x̂ the normalized x, and n values of a channel in the batch:
///   dx = weight / sd · (dy − Σ dy / n − x̂ · Σ (dy · x̂) / n)
void BatchNorm::backward(const Values& values, const Turn& turn) {
  const std::size_t positions = values.in.positions();
  const auto normalized = [&](const float* x, std::size_t c) {
    return (x[c] - mean_[c]) * inverse_sd_[c];
  };
  for_each_image(turn, [&](std::size_t i) {
    double* const sums = sums_of(i, 0);
    double* const products = sums_of(i, 1);
    std::fill_n(sums, 2 * channels_, 0.0);
    for (std::size_t p = 0; p < positions; ++p) {
      const float* const x = values.x.row(i) + p * values.in.stride;
      const float* const dy = values.dy.row(i) + p * values.out.stride;
      for (std::size_t c = 0; c < channels_; ++c) {
        sums[c] += static_cast<double>(dy[c]);
        products[c] += static_cast<double>(dy[c] * normalized(x, c));
      }
    }
  });
  turn.once([&] {
    for (std::size_t c = 0; c < channels_; ++c) {
      d_bias_[c] = static_cast<float>(total(turn.batch, 0, c));
      d_weight_[c] = static_cast<float>(total(turn.batch, 1, c));
    }
  });
  if (values.dx.data == nullptr) return;
  const float* const weight = turn.parameters.values(weight_);
  const float per_value = 1.0F / static_cast<float>(turn.batch * positions);
  for_each_image(turn, [&](std::size_t i) {
    for (std::size_t p = 0; p < positions; ++p) {
      const float* const x = values.x.row(i) + p * values.in.stride;
      const float* const dy = values.dy.row(i) + p * values.out.stride;
      float* const dx = values.dx.row(i) + p * values.in.stride;
      for (std::size_t c = 0; c < channels_; ++c) {
        const float start = values.accumulate == kernels::Accumulate::yes ? dx[c] : 0.0F;
        dx[c] = start + weight[c] * inverse_sd_[c] *
                            (dy[c] - per_value * (d_bias_[c] + normalized(x, c) * d_weight_[c]));
      }
    }
  });
}

void BatchNorm::update(const Values& /*values*/, const Turn& turn) {
  if (turn.thread != 0) return;
  const kernels::OptimizerStep& step = turn.settings->update;
  turn.parameters.update(step, d_weight_.data(), weight_, d_weight_.size());
  turn.parameters.update(step, d_bias_.data(), bias_, d_bias_.size());
}

}  // namespace mnist_bench::native
