#include "libtorch/network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "libtorch/layer_modules.h"

namespace mnist_bench {
namespace {

namespace nn = torch::nn;

/// The tensors that are stored with the parameters: not the counts that batch norm keeps, which
/// nothing reads.
torch::OrderedDict<std::string, torch::Tensor> buffers_in(const nn::Sequential& network) {
  torch::OrderedDict<std::string, torch::Tensor> buffers;
  for (const auto& buffer : network->named_buffers()) {
    if (buffer.value().is_floating_point()) buffers.insert(buffer.key(), buffer.value());
  }
  return buffers;
}

std::vector<NamedTensor> export_all(
    const torch::OrderedDict<std::string, torch::Tensor>& of_network) {
  std::vector<NamedTensor> tensors;
  for (const auto& tensor : of_network) {
    tensors.push_back(export_tensor(tensor.key(), tensor.value()));
  }
  return tensors;
}

void import_all(const torch::OrderedDict<std::string, torch::Tensor>& of_network,
                const std::vector<NamedTensor>& tensors) {
  if (of_network.size() != tensors.size()) {
    throw Error(ExitCode::io, fmt::format("{} tensors, but this network has {}", tensors.size(),
                                          of_network.size()));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (of_network[i].key() != tensors[i].name) {
      throw Error(ExitCode::io, fmt::format("a tensor {} where this network has {}",
                                            tensors[i].name, of_network[i].key()));
    }
    import_tensor(tensors[i], of_network[i].value());
  }
}

/// `inputs` and `outputs` of a unit, times the kernel's area in a convolution.
void draw_weights(torch::Tensor& weights, Initialization initialization, std::int64_t inputs,
                  std::int64_t outputs, at::Generator& generator) {
  const auto n_in = static_cast<double>(inputs);
  const auto n_out = static_cast<double>(outputs);
  switch (initialization) {
    case Initialization::he:
      weights.normal_(0.0, std::sqrt(2 / n_in), generator);
      return;
    case Initialization::pytorch: {
      const double bound = 1 / std::sqrt(n_in);
      weights.uniform_(-bound, bound, generator);
      return;
    }
    case Initialization::xavier: {
      const double bound = std::sqrt(6 / (n_in + n_out));
      weights.uniform_(-bound, bound, generator);
      return;
    }
  }
}

}  // namespace

nn::Sequential make_network(const std::vector<PlacedLayer>& layers) {
  nn::Sequential network;
  for (NamedModule& named : make_modules(layers)) {
    network->push_back(named.name, std::move(named.module));
  }
  return network;
}

void initialize(nn::Sequential& network, std::uint64_t seed, Initialization initialization) {
  const torch::NoGradGuard no_gradients;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  std::int64_t inputs = 0;  // of a unit of the layer at hand
  for (auto& parameter : network->named_parameters()) {
    torch::Tensor& value = parameter.value();
    const bool is_weight = parameter.key().ends_with("weight");
    if (is_weight && value.dim() > 1) {
      inputs = value.numel() / value.size(0);
      draw_weights(value, initialization, inputs, value.numel() / value.size(1), generator);
    } else if (is_weight) {  // of batch norm
      inputs = 0;
      value.fill_(1);
    } else if (initialization == Initialization::pytorch && inputs > 0) {
      const double bound = 1 / std::sqrt(static_cast<double>(inputs));
      value.uniform_(-bound, bound, generator);
    } else {
      value.fill_(0);
    }
  }
}

NamedTensor export_tensor(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const auto* first = values.const_data_ptr<float>();
  return {.name = name,
          .shape = tensor.sizes().vec(),
          .values = std::vector<float>(first, first + values.numel())};
}

void import_tensor(const NamedTensor& from, const torch::Tensor& target) {
  if (from.shape != target.sizes().vec()) {
    throw Error(ExitCode::io,
                fmt::format("{} is [{}] there, but [{}] in this network", from.name,
                            fmt::join(from.shape, ", "), fmt::join(target.sizes().vec(), ", ")));
  }
  const torch::NoGradGuard no_gradients;
  target.copy_(torch::tensor(from.values, torch::kFloat32).reshape(from.shape));
}

std::vector<NamedTensor> export_parameters(const nn::Sequential& network) {
  return export_all(network->named_parameters());
}

std::vector<NamedTensor> export_buffers(const nn::Sequential& network) {
  return export_all(buffers_in(network));
}

void import_parameters(nn::Sequential& network, const std::vector<NamedTensor>& tensors) {
  import_all(network->named_parameters(), tensors);
}

void import_buffers(nn::Sequential& network, const std::vector<NamedTensor>& tensors) {
  import_all(buffers_in(network), tensors);
}

void import_stored(nn::Sequential& network, const std::vector<NamedTensor>& tensors) {
  const std::size_t parameters = std::min(network->named_parameters().size(), tensors.size());
  const auto buffers = tensors.begin() + static_cast<std::ptrdiff_t>(parameters);
  import_parameters(network, {tensors.begin(), buffers});
  import_buffers(network, {buffers, tensors.end()});
}

}  // namespace mnist_bench
