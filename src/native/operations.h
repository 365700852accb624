#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "kernels/matrix.h"
#include "model/layers.h"
#include "native/map.h"
#include "native/product.h"
#include "native/turn.h"

// The operations that a LayerNetwork is made of. All threads call them at the same time, each with
// its turn. `forward` computes y of x; `backward` adds to dx, the gradient of the loss by x, and
// computes that of the operation's own parameters. Some have more: `reserve` allocates for batches
// of so many images, `begin_step` comes before the forward pass of a step, and `update` when all
// gradients are known.

namespace mnist_bench::native {

/// What an operation reads and writes: a row for each image of the batch.
struct Values {
  ChannelsLast in;
  ChannelsLast out;
  kernels::ConstMatrix x;  ///< [batch][in.size()]
  kernels::Matrix y;       ///< [batch][out.size()]
  kernels::Matrix dx;      ///< null where no parameters come before, and nothing needs it
  kernels::Matrix dy;      ///< `backward` may overwrite it
  /// No where nothing is in dx yet; then it is 0 for the operations that add to it anyway.
  kernels::Accumulate accumulate = kernels::Accumulate::yes;
  // Of Sum alone: what it adds to x.
  ChannelsLast other;
  kernels::ConstMatrix other_x;
  kernels::Matrix other_dx;
};

class Linear {
 public:
  Linear(const std::vector<TensorShape>& tensors, Parameters& parameters);
  void begin_step(const Turn& turn);
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
  void update(const Values& values, const Turn& turn);

 private:
  Product product_;
};

class Convolution {
 public:
  Convolution(const std::vector<TensorShape>& tensors, const Window& window, const ChannelsLast& in,
              const ChannelsLast& out, std::size_t parts, std::size_t threads,
              Parameters& parameters);
  void begin_step(const Turn& turn);
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
  void update(const Values& values, const Turn& turn);

 private:
  /// Of some rows of an image.
  struct Patches {
    kernels::AlignedVector<float> values;
    kernels::AlignedVector<float> gradient;
  };
  /// visit(positions of the output, their patches) for the rows of an image, some at a time.
  template <class Visit>
  void for_each_block(const Values& values, std::size_t image, std::size_t thread,
                      const Visit& visit);

  Product product_;
  Window window_;
  std::size_t rows_at_a_time_ = 1;  ///< of the output
  std::vector<Patches> patches_;    ///< by thread
};

struct Relu {
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

struct Tanh {
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

struct MaxPool {
  Window window;
  kernels::AlignedVector<std::uint32_t> argmax = {};  ///< [batch][out.size()]

  void reserve(std::size_t images, const ChannelsLast& out);
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

struct AveragePool {
  Window window;
  void forward(const Values& values, const Turn& turn) const;
  void backward(const Values& values, const Turn& turn) const;
};

struct GlobalAveragePool {
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

struct Flatten {
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

struct Dropout {
  double p = 0;
  std::uint64_t index = 0;  ///< of the operation: each draws numbers of its own
  void forward(const Values& values, const Turn& turn) const;
  void backward(const Values& values, const Turn& turn) const;
};

struct Dropout2d {
  double p = 0;
  std::uint64_t index = 0;
  kernels::AlignedVector<float> factors = {};  ///< [batch][channels, padded]

  void reserve(std::size_t images, const ChannelsLast& out);
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

/// Ioffe and Szegedy 2015, Algorithm 1, with PyTorch's constants.
class BatchNorm {
 public:
  /// `layer`: its parameters are weight and bias, its buffers the running mean and variance.
  BatchNorm(const PlacedLayer& layer, Parameters& parameters, Parameters& buffers);
  /// The running statistics before training, mean 0 and variance 1, once `buffers` are allocated.
  void initialize(Parameters& buffers) const;
  void reserve(std::size_t images, const ChannelsLast& out);
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
  void update(const Values& values, const Turn& turn);

 private:
  void measure(const Values& values, const Turn& turn);
  [[nodiscard]] double* sums_of(std::size_t image, std::size_t which) {
    return sums_.data() + (2 * image + which) * channels_;
  }
  [[nodiscard]] double total(std::size_t batch, std::size_t which, std::size_t channel);

  std::size_t channels_ = 0;
  // Where each begins.
  std::size_t weight_ = 0;
  std::size_t bias_ = 0;
  std::size_t running_mean_ = 0;
  std::size_t running_variance_ = 0;
  std::vector<double> sums_;  ///< [batch][2][channels]: over the positions of an image
  // [channels]
  kernels::AlignedVector<float> mean_;
  kernels::AlignedVector<float> inverse_sd_;
  kernels::AlignedVector<float> d_weight_;
  kernels::AlignedVector<float> d_bias_;
};

/// The shortcut of a residual block without parameters (He et al. 2016, option A).
struct Subsample {
  std::size_t step = 1;
  void forward(const Values& values, const Turn& turn) const;
  void backward(const Values& values, const Turn& turn) const;
};

/// The end of a residual block: x and what another operation gave.
struct Sum {
  void forward(const Values& values, const Turn& turn);
  void backward(const Values& values, const Turn& turn);
};

using Operation =
    std::variant<Linear, Convolution, Relu, Tanh, MaxPool, AveragePool, GlobalAveragePool, Flatten,
                 Dropout, Dropout2d, BatchNorm, Subsample, Sum>;

}  // namespace mnist_bench::native
