#include "native/parameters.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace mnist_bench::native {

using kernels::kLine;

namespace {

std::vector<std::int64_t> shape_of(std::size_t out, std::size_t in) {
  return {static_cast<std::int64_t>(out), static_cast<std::int64_t>(in)};
}

}  // namespace

std::size_t Parameters::add_weight(const std::string& name, std::size_t out, std::size_t in,
                                   const std::vector<std::size_t>& input_rows,
                                   const std::vector<kernels::Range>& panels) {
  Parameter weight{.name = name, .shape = shape_of(out, input_rows.size()), .offsets = {}};
  std::size_t size = 0;
  for (const kernels::Range& panel : panels) {
    for (std::size_t o = panel.begin; o < std::min(panel.end, out); ++o) {
      for (const std::size_t row : input_rows) {
        weight.offsets.push_back(size + row * panel.size() + o - panel.begin);
      }
    }
    size += in * panel.size();
  }
  return add(std::move(weight), size);
}

std::size_t Parameters::add_output_weight(const std::string& name, std::size_t out,
                                          std::size_t in) {
  const std::size_t stride = kernels::padded_stride(in);
  Parameter weight{.name = name, .shape = shape_of(out, in), .offsets = {}};
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) weight.offsets.push_back(o * stride + i);
  }
  return add(std::move(weight), out * stride);
}

std::size_t Parameters::add_bias(const std::string& name, std::size_t size) {
  Parameter bias{.name = name, .shape = {static_cast<std::int64_t>(size)}, .offsets = {}};
  for (std::size_t i = 0; i < size; ++i) bias.offsets.push_back(i);
  return add(std::move(bias), size);
}

std::size_t Parameters::add(Parameter parameter, std::size_t size) {
  const std::size_t begin = size_;
  for (std::size_t& offset : parameter.offsets) offset += begin;
  parameters_.push_back(std::move(parameter));
  size_ += kernels::round_up(size, kLine);
  return begin;
}

void Parameters::allocate() {
  values_.assign(size_, 0.0F);
  for (Buffer& kept : kept_) kept.assign(size_, 0.0F);
}

kernels::ParameterArrays Parameters::arrays(std::size_t begin) {
  kernels::ParameterArrays all{.values = values_.data()};
  for (std::size_t i = 0; i < kept_.size(); ++i) all.kept.at(i) = kept_.at(i).data();
  return all.from(begin);
}

kernels::Weights Parameters::weights(std::size_t begin, std::size_t stride) {
  return {.arrays = arrays(begin), .stride = stride};
}

void Parameters::update(const kernels::OptimizerStep& step, const float* gradient,
                        std::size_t begin, std::size_t size) {
  kernels::update(step, gradient, arrays(begin), size);
}

void Parameters::import_values(const std::vector<NamedTensor>& tensors) {
  import_into(values_, tensors);
}

void Parameters::import_state(const TrainingState& state, const std::vector<std::string>& kept) {
  import_into(values_, state.parameters);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    import_into(kept_.at(i), state.optimizer.at(kept[i]));
  }
}

std::vector<NamedTensor> Parameters::export_values() const { return export_from(values_); }

TrainingState Parameters::export_state(std::int64_t epoch, std::int64_t step,
                                       const std::vector<std::string>& kept) const {
  TrainingState state{.epoch = epoch, .step = step, .parameters = export_from(values_)};
  for (std::size_t i = 0; i < kept.size(); ++i) {
    state.optimizer[kept[i]] = export_from(kept_.at(i));
  }
  return state;
}

void Parameters::import_into(Buffer& buffer, const std::vector<NamedTensor>& tensors) const {
  if (parameters_.size() != tensors.size()) {
    throw Error(ExitCode::io, fmt::format("{} tensors, but this network has {}", tensors.size(),
                                          parameters_.size()));
  }
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const Parameter& parameter = parameters_[t];
    const NamedTensor& tensor = tensors[t];
    if (parameter.name != tensor.name || parameter.shape != tensor.shape) {
      throw Error(ExitCode::io, fmt::format("{} [{}], where this network has {} [{}]", tensor.name,
                                            fmt::join(tensor.shape, ", "), parameter.name,
                                            fmt::join(parameter.shape, ", ")));
    }
    for (std::size_t i = 0; i < parameter.offsets.size(); ++i) {
      buffer[parameter.offsets[i]] = tensor.values[i];
    }
  }
}

std::vector<NamedTensor> Parameters::export_from(const Buffer& buffer) const {
  std::vector<NamedTensor> tensors;
  for (const Parameter& parameter : parameters_) {
    NamedTensor tensor{.name = parameter.name, .shape = parameter.shape, .values = {}};
    tensor.values.reserve(parameter.offsets.size());
    for (const std::size_t offset : parameter.offsets) tensor.values.push_back(buffer[offset]);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace mnist_bench::native
