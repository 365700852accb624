#include "native/linear_layer.h"

#include <numeric>

namespace mnist_bench::native {

std::vector<std::size_t> in_order(std::size_t size) {
  std::vector<std::size_t> places(size);
  std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

void add_linear(LinearLayer& layer, Parameters& parameters, const std::string& name, std::size_t in,
                std::size_t out, const std::vector<std::size_t>& input_places) {
  layer.out = out;
  layer.padded_out = kernels::round_up(out, kernels::kLine);
  layer.stride = kernels::padded_stride(out);
  layer.weight_begin = parameters.add_weight(name + ".weight", out, in, input_places);
  layer.bias_begin = parameters.add_bias(name + ".bias", out);
  layer.bias_gradient.assign(layer.padded_out, 0.0F);
}

void locate(LinearLayer& layer, Parameters& parameters) {
  layer.weights = parameters.weights(layer.weight_begin, layer.stride);
  layer.bias = parameters.values(layer.bias_begin);
}

void descend_bias(LinearLayer& layer, Parameters& parameters, kernels::ConstMatrix delta,
                  std::size_t batch, kernels::Range units, const kernels::AdamStep& step) {
  kernels::column_sums(delta, batch, 1.0F, nullptr, units, layer.bias_gradient.data());
  parameters.descend(step, layer.bias_gradient.data() + units.begin, layer.bias_begin + units.begin,
                     units.size());
}

}  // namespace mnist_bench::native
