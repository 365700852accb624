#include "libtorch/layer_modules.h"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/functional.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <stdexcept>
#include <utility>

#include "base/overloaded.h"

namespace mnist_bench {
namespace {

namespace nn = torch::nn;

/// Every `step`-th row and column of x [N, channels, rows, columns].
torch::Tensor subsampled(const torch::Tensor& x, std::int64_t step) {
  return x.slice(2, 0, {}, step).slice(3, 0, {}, step);
}

/// A 1 × 1 convolution with a stride, of its input's every s-th row and column. LibTorch 2.15's own
/// one writes past its memory in the backward pass, and computes wrong gradients, on CPUs with AVX2
/// where the input has fewer than eight channels (oneDNN's issue 6035).
class StridedPointConvImpl : public nn::Cloneable<StridedPointConvImpl> {
 public:
  explicit StridedPointConvImpl(const nn::Conv2dOptions& options) : options_(options) {
    StridedPointConvImpl::reset();
  }

  void reset() override {
    const nn::Conv2d initialized(options_);
    weight_ = register_parameter("weight", initialized->weight);
    if (options_.bias()) bias_ = register_parameter("bias", initialized->bias);
  }

  /// x: [N, channels, rows, columns].
  torch::Tensor forward(const torch::Tensor& x) {
    return torch::conv2d(subsampled(x, options_.stride()->front()), weight_, bias_);
  }

 private:
  nn::Conv2dOptions options_;
  torch::Tensor weight_;
  torch::Tensor bias_;
};
TORCH_MODULE(StridedPointConv);

nn::AnyModule make_convolution(const nn::Conv2dOptions& options) {
  const bool is_point = options.kernel_size()->front() == 1;
  const bool is_strided = options.stride()->front() > 1;
  const bool is_padded = std::get<torch::ExpandingArray<2>>(options.padding())->front() > 0;
  if (is_point && is_strided && !is_padded) return nn::AnyModule(StridedPointConv(options));
  return nn::AnyModule(nn::Conv2d(options));
}

/// A residual block: its layers, one after the other, plus its shortcut (He et al. 2016, eq. 1).
/// The layers are its own children, so that a parameter is called "block1.conv1.weight".
class ResidualImpl : public nn::Cloneable<ResidualImpl> {
 public:
  explicit ResidualImpl(PlacedLayer layer)
      : layer_(std::move(layer)), shortcut_(std::get<layer::Residual>(layer_.kind).shortcut) {
    ResidualImpl::reset();
  }

  /// Recreates the children; clone() calls it, and then copies their parameters.
  void reset() override {
    modules_.clear();
    for (NamedModule& named : make_modules(layer_.inner)) {
      register_module(named.name, named.module.ptr());
      modules_.push_back(std::move(named));
    }
    if (shortcut_ == layer::Shortcut::identity) return;
    stride_ = shortcut_stride(layer_);
    if (shortcut_ != layer::Shortcut::projection) return;
    projection_ = make_convolution(nn::Conv2dOptions(layer_.input.front(), layer_.output.front(),
                                                     /*kernel_size=*/1)
                                       .stride(stride_)
                                       .bias(false));
    register_module("shortcut", projection_.ptr());
  }

  /// x: [N, channels, rows, columns].
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = x;
    for (NamedModule& named : modules_) y = named.module.forward<torch::Tensor>(y);
    return y + shortcut(x);
  }

  /// The same; `see` gets the output of each layer.
  torch::Tensor forward_seen(const torch::Tensor& x, const OutputCallback& see) {
    torch::Tensor y = x;
    for (NamedModule& named : modules_) {
      y = mnist_bench::forward(layer_.name + "." + named.name, named.module, y, see);
    }
    return y + shortcut(x);
  }

 private:
  torch::Tensor shortcut(const torch::Tensor& x) {
    switch (shortcut_) {
      case layer::Shortcut::identity:
        return x;
      case layer::Shortcut::projection:
        return projection_.forward<torch::Tensor>(x);
      case layer::Shortcut::subsample: {
        const std::int64_t zeros = layer_.output.front() - layer_.input.front();
        return torch::constant_pad_nd(subsampled(x, stride_), {0, 0, 0, 0, 0, zeros});
      }
    }
    throw std::logic_error("a shortcut without a case");
  }

  PlacedLayer layer_;
  layer::Shortcut shortcut_;
  std::int64_t stride_ = 1;
  std::vector<NamedModule> modules_;
  nn::AnyModule projection_;
};
TORCH_MODULE(Residual);

/// Whether the layer's output is its own memory and its backward pass does not read it, so that a
/// relu may overwrite it.
bool may_be_overwritten(const layer::Kind& kind) {
  return std::visit(
      Overloaded{
          [](const layer::Flatten&) { return false; },  // its input's memory
          [](const layer::Linear&) { return true; }, [](const layer::Conv2d&) { return true; },
          [](const layer::Relu&) { return false; },
          [](const layer::Tanh&) { return false; },  // its backward pass reads it
          [](const layer::MaxPool2d&) { return true; },
          [](const layer::AvgPool2d&) { return true; },
          [](const layer::GlobalAvgPool2d&) { return false; },
          [](const layer::BatchNorm2d&) { return true; },
          // In evaluation, and with p = 0, its input's memory.
          [](const layer::Dropout&) { return false; },
          [](const layer::Dropout2d&) { return false; },
          [](const layer::Residual&) { return true; },
          [](const layer::Repeat&) { return false; },  // written out
      },
      kind);
}

template <class Options, class Pool>
Options pool_options(const Pool& pool) {
  return Options(pool.size).stride(pool.stride).padding(pool.padding);
}

nn::AnyModule make_module(const PlacedLayer& layer, bool relu_in_place) {
  const auto inputs = [&] { return layer.input.front(); };
  const auto outputs = [&] { return layer.output.front(); };
  return std::visit(
      Overloaded{
          [](const layer::Flatten&) { return nn::AnyModule(nn::Flatten()); },
          [&](const layer::Linear&) { return nn::AnyModule(nn::Linear(inputs(), outputs())); },
          [&](const layer::Conv2d& conv) {
            return make_convolution(nn::Conv2dOptions(inputs(), outputs(), conv.kernel)
                                        .stride(conv.stride)
                                        .padding(conv.padding)
                                        .bias(conv.bias));
          },
          [&](const layer::Relu&) {
            return nn::AnyModule(nn::ReLU(nn::ReLUOptions(relu_in_place)));
          },
          [](const layer::Tanh&) { return nn::AnyModule(nn::Tanh()); },
          [](const layer::MaxPool2d& pool) {
            return nn::AnyModule(nn::MaxPool2d(pool_options<nn::MaxPool2dOptions>(pool)));
          },
          [](const layer::AvgPool2d& pool) {
            return nn::AnyModule(nn::AvgPool2d(pool_options<nn::AvgPool2dOptions>(pool)));
          },
          [](const layer::GlobalAvgPool2d&) {
            return nn::AnyModule(nn::Functional([](const torch::Tensor& x) {
              return x.mean({2, 3});
            }));
          },
          [&](const layer::BatchNorm2d&) { return nn::AnyModule(nn::BatchNorm2d(inputs())); },
          [](const layer::Dropout& dropout) { return nn::AnyModule(nn::Dropout(dropout.p)); },
          [](const layer::Dropout2d& dropout) { return nn::AnyModule(nn::Dropout2d(dropout.p)); },
          [&](const layer::Residual&) { return nn::AnyModule(Residual(layer)); },
          [](const layer::Repeat&) -> nn::AnyModule {
            throw std::logic_error("layers_of() writes repeats out");
          },
      },
      layer.kind);
}

}  // namespace

std::vector<NamedModule> make_modules(const std::vector<PlacedLayer>& layers) {
  std::vector<NamedModule> modules;
  bool relu_in_place = false;  // the first layer's input is not ours
  for (const PlacedLayer& layer : layers) {
    modules.push_back({.name = layer.name.substr(layer.name.rfind('.') + 1),
                       .module = make_module(layer, relu_in_place)});
    relu_in_place = may_be_overwritten(layer.kind);
  }
  return modules;
}

torch::Tensor forward(const std::string& name, nn::AnyModule& module, const torch::Tensor& x,
                      const OutputCallback& see) {
  const auto block = std::dynamic_pointer_cast<ResidualImpl>(module.ptr());
  const torch::Tensor y = block ? block->forward_seen(x, see) : module.forward<torch::Tensor>(x);
  see(name, y);
  return y;
}

}  // namespace mnist_bench
