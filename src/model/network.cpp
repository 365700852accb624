#include "model/network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>

#include <cmath>

#include "base/error.h"
#include "model/summary.h"

namespace mnist_bench {
namespace {

namespace nn = torch::nn;

nn::ReLU relu() { return nn::ReLU(nn::ReLUOptions(/*inplace=*/true)); }

nn::Conv2d convolution(std::int64_t in_channels, std::int64_t out_channels) {
  return nn::Conv2d(nn::Conv2dOptions(in_channels, out_channels, /*kernel_size=*/3).padding(1));
}

nn::MaxPool2d pooling() { return nn::MaxPool2d(nn::MaxPool2dOptions(/*kernel_size=*/2)); }

nn::Sequential make_mlp(const MlpConfig& config, ImageShape image, std::int64_t classes) {
  nn::Sequential network;
  network->push_back("flatten", nn::Flatten());
  std::int64_t features = image.rows * image.columns;
  std::size_t index = 1;
  for (const std::int64_t units : config.hidden) {
    network->push_back(fmt::format("fc{}", index), nn::Linear(features, units));
    network->push_back(fmt::format("relu{}", index), relu());
    features = units;
    ++index;
  }
  network->push_back("dropout", nn::Dropout(config.dropout));
  network->push_back(fmt::format("fc{}", index), nn::Linear(features, classes));
  return network;
}

nn::Sequential make_cnn(const CnnConfig& config, ImageShape image, std::int64_t classes) {
  const std::int64_t rows = image.rows / 2 / 2;
  const std::int64_t columns = image.columns / 2 / 2;
  if (rows == 0 || columns == 0) {
    throw Error(ExitCode::usage,
                fmt::format("model 'cnn' needs images of at least 4 × 4 pixels; these are {} × {}",
                            image.rows, image.columns),
                "use model.type=mlp for such images");
  }
  nn::Sequential network;
  network->push_back("conv1", convolution(1, config.conv1_channels));
  network->push_back("pool1", pooling());
  network->push_back("relu1", relu());
  network->push_back("conv2", convolution(config.conv1_channels, config.conv2_channels));
  network->push_back("dropout2d", nn::Dropout2d(config.dropout2d));
  network->push_back("pool2", pooling());
  network->push_back("relu2", relu());
  network->push_back("flatten", nn::Flatten());
  network->push_back("fc1", nn::Linear(config.conv2_channels * rows * columns, config.hidden));
  network->push_back("relu3", relu());
  network->push_back("dropout", nn::Dropout(config.dropout));
  network->push_back("fc2", nn::Linear(config.hidden, classes));
  return network;
}

/// "torch::nn::Conv2dImpl" → "Conv2d".
std::string type_name(const nn::Module& module) {
  std::string name = module.name();
  if (const std::size_t colon = name.rfind(':'); colon != std::string::npos) {
    name.erase(0, colon + 1);
  }
  if (name.ends_with("Impl")) name.erase(name.size() - 4);
  return name;
}

/// Each weight is used once per output position: 1 for a linear layer, rows × columns for a
/// convolution (paper, eq. 26 and 27, which leave the biases out).
std::int64_t multiply_accumulates(const nn::Module& module, const torch::Tensor& output) {
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    if (parameter.key() != "weight") continue;
    const std::int64_t positions = output.numel() / output.size(1);
    return parameter.value().numel() * positions;
  }
  return 0;
}

}  // namespace

nn::Sequential make_network(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  if (const auto* mlp = std::get_if<MlpConfig>(&model)) return make_mlp(*mlp, image, classes);
  return make_cnn(std::get<CnnConfig>(model), image, classes);
}

double parameter_count(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  const auto linear = [](double in, double out) { return (in + 1) * out; };
  const auto outputs = static_cast<double>(classes);
  if (const auto* mlp = std::get_if<MlpConfig>(&model)) {
    auto in = static_cast<double>(image.rows * image.columns);
    double count = 0;
    for (const std::int64_t units : mlp->hidden) {
      count += linear(in, static_cast<double>(units));
      in = static_cast<double>(units);
    }
    return count + linear(in, outputs);
  }
  const auto& cnn = std::get<CnnConfig>(model);
  const auto channels1 = static_cast<double>(cnn.conv1_channels);
  const auto channels2 = static_cast<double>(cnn.conv2_channels);
  const auto hidden = static_cast<double>(cnn.hidden);
  const auto positions = static_cast<double>((image.rows / 2 / 2) * (image.columns / 2 / 2));
  return linear(9, channels1) + linear(9 * channels1, channels2) +
         linear(channels2 * positions, hidden) + linear(hidden, outputs);
}

void initialize(nn::Sequential& network, std::uint64_t seed) {
  const torch::NoGradGuard no_gradients;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (auto& parameter : network->named_parameters()) {
    torch::Tensor& value = parameter.value();
    if (value.dim() == 1) {
      value.zero_();
      continue;
    }
    const std::int64_t inputs = value.numel() / value.size(0);
    value.normal_(0.0, std::sqrt(2.0 / static_cast<double>(inputs)), generator);
  }
}

ModelSummary summarize(const ModelConfig& model, ImageShape image, std::int64_t classes) {
  const torch::NoGradGuard no_gradients;
  nn::Sequential network = make_network(model, image, classes);
  network->eval();
  ModelSummary summary;
  summary.type = std::holds_alternative<MlpConfig>(model) ? "mlp" : "cnn";
  const auto names = network->named_children();
  std::size_t index = 0;
  torch::Tensor x = torch::zeros({1, 1, image.rows, image.columns});
  for (auto& layer : *network) {
    x = layer.forward<torch::Tensor>(x);
    const nn::Module& module = *layer.ptr();
    LayerSummary row;
    row.name = names[index++].key();
    row.type = type_name(module);
    row.output_shape.assign(x.sizes().begin() + 1, x.sizes().end());
    for (const torch::Tensor& parameter : module.parameters()) row.parameters += parameter.numel();
    row.macs = multiply_accumulates(module, x);
    summary.parameters += row.parameters;
    summary.macs += row.macs;
    summary.layers.push_back(std::move(row));
  }
  return summary;
}

NamedTensor export_tensor(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const float* first = values.const_data_ptr<float>();
  return {.name = name,
          .shape = tensor.sizes().vec(),
          .values = std::vector<float>(first, first + values.numel())};
}

void import_tensor(const NamedTensor& from, torch::Tensor target) {
  if (from.shape != target.sizes().vec()) {
    throw Error(ExitCode::io,
                fmt::format("{} is [{}] there, but [{}] in this network", from.name,
                            fmt::join(from.shape, ", "), fmt::join(target.sizes().vec(), ", ")));
  }
  const torch::NoGradGuard no_gradients;
  target.copy_(torch::tensor(from.values, torch::kFloat32).reshape(from.shape));
}

std::vector<NamedTensor> export_parameters(const nn::Sequential& network) {
  std::vector<NamedTensor> tensors;
  for (const auto& parameter : network->named_parameters()) {
    tensors.push_back(export_tensor(parameter.key(), parameter.value()));
  }
  return tensors;
}

void import_parameters(nn::Sequential& network, const std::vector<NamedTensor>& tensors) {
  auto parameters = network->named_parameters();
  if (parameters.size() != tensors.size()) {
    throw Error(ExitCode::io, fmt::format("{} parameter tensors, but this network has {}",
                                          tensors.size(), parameters.size()));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (parameters[i].key() != tensors[i].name) {
      throw Error(ExitCode::io, fmt::format("a tensor {} where this network has {}",
                                            tensors[i].name, parameters[i].key()));
    }
    import_tensor(tensors[i], parameters[i].value());
  }
}

}  // namespace mnist_bench
