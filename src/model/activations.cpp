#include "model/activations.h"

#include <algorithm>
#include <variant>

namespace mnist_bench {
namespace {

std::int64_t values_in(const PlacedLayer& layer, const std::vector<std::int64_t>& shape) {
  return size_of({layer.name, shape});
}

std::int64_t peak_values(const std::vector<PlacedLayer>& layers, std::int64_t kept,
                         bool input_is_kept);

/// `in`: the values of the layer's input, 0 where they are among the `kept` ones, which are needed
/// after the layer.
std::int64_t peak_values(const PlacedLayer& layer, std::int64_t kept, std::int64_t in) {
  if (passes_its_input_on(layer.kind)) return kept + in;
  const std::int64_t out = values_in(layer, layer.output);
  const auto* block = std::get_if<layer::Residual>(&layer.kind);
  if (block == nullptr) return kept + in + out;
  const std::int64_t inner = peak_values(layer.inner, kept + in, /*input_is_kept=*/true);
  // An identity adds the block's input to its layers' output. Any other shortcut first computes a
  // third map of the same size, which the addition reads instead of the input.
  const std::int64_t shortcut = kept + in + 2 * out;
  const std::int64_t sum = block->shortcut == layer::Shortcut::identity ? shortcut : kept + 3 * out;
  return std::max({inner, shortcut, sum});
}

std::int64_t peak_values(const std::vector<PlacedLayer>& layers, std::int64_t kept,
                         bool input_is_kept) {
  std::int64_t peak = 0;
  for (const PlacedLayer& layer : layers) {
    const std::int64_t in = input_is_kept ? 0 : values_in(layer, layer.input);
    peak = std::max(peak, peak_values(layer, kept, in));
    if (!passes_its_input_on(layer.kind)) input_is_kept = false;
  }
  return peak;
}

}  // namespace

std::int64_t peak_activation_bytes(const std::vector<PlacedLayer>& layers) {
  return kBytesOfValue * peak_values(layers, /*kept=*/0, /*input_is_kept=*/false);
}

}  // namespace mnist_bench
