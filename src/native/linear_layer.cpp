#include "native/linear_layer.h"

#include <numeric>

namespace mnist_bench::native {

void set_sizes(LinearLayer& layer, std::size_t in, std::size_t out) {
  layer.in = in;
  layer.out = out;
  layer.padded_out = kernels::round_up(out, kernels::kLine);
  layer.stride = kernels::padded_stride(out);
  layer.bias_gradient.assign(layer.padded_out, 0.0F);
}

std::vector<std::size_t> in_order(std::size_t size) {
  std::vector<std::size_t> rows(size);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

void add_linear(LinearLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out, const std::vector<std::size_t>& input_rows,
                std::vector<kernels::Range> panels) {
  set_sizes(layer, in, out);
  if (panels.empty()) panels.push_back({0, layer.stride});
  std::size_t begin = parameters.add_weight(name + ".weight", out, in, input_rows, panels);
  for (const kernels::Range& outputs : panels) {
    layer.panels.push_back(
        {.outputs = outputs, .begin = begin, .stride = outputs.size(), .weights = {}});
    begin += in * outputs.size();
  }
  layer.bias_begin = parameters.add_bias(name + ".bias", out);
}

void add_output(OutputLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out) {
  set_sizes(layer, in, out);
  const std::size_t stride = kernels::padded_stride(in);
  layer.panels.push_back({.outputs = {0, out},
                          .begin = parameters.add_output_weight(name + ".weight", out, in),
                          .stride = stride,
                          .weights = {}});
  layer.bias_begin = parameters.add_bias(name + ".bias", out);
}

void bind(LinearLayer& layer, Parameters& parameters) {
  for (Panel& panel : layer.panels) panel.weights = parameters.weights(panel.begin, panel.stride);
  layer.bias = parameters.values(layer.bias_begin);
}

void update_bias(LinearLayer& layer, Parameters& parameters, kernels::ConstMatrix delta,
                 std::size_t batch, kernels::Range units, const kernels::OptimizerStep& step) {
  kernels::column_sums(delta, batch, 1.0F, nullptr, units, layer.bias_gradient.data());
  parameters.update(step, layer.bias_gradient.data() + units.begin, layer.bias_begin + units.begin,
                    units.size());
}

}  // namespace mnist_bench::native
