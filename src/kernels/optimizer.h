#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace mnist_bench::kernels {

/// The numbers of a step of Adam that are the same for all parameters.
struct AdamStep {
  float beta1 = 0;
  float one_minus_beta1 = 0;  ///< rounded once: 1 − 0.999F would be 1e-5 off
  float beta2 = 0;
  float one_minus_beta2 = 0;
  float epsilon = 0;
  float weight_decay = 0;
  float step_size = 0;                 ///< α / (1 − β₁ᵗ)
  float inverse_root_correction2 = 0;  ///< 1 / √(1 − β₂ᵗ)
};

/// Paper, eq. 15–18, with ε outside the root; `step` is t, from 1.
AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon,
                   double weight_decay, std::int64_t step);

/// The same of a step of stochastic gradient descent with momentum.
struct SgdStep {
  float learning_rate = 0;
  float momentum = 0;
  float weight_decay = 0;
  bool nesterov = false;
};

/// One step of an optimizer. A kernel that computes gradients takes it along, because a weight that
/// is updated as soon as its gradient is known is still in the cache. Each alternative has an
/// `update_at` in optimizer-inl.h; without it, the kernels do not compile.
using OptimizerStep = std::variant<AdamStep, SgdStep>;

/// Values that an optimizer keeps per parameter, at most.
inline constexpr std::size_t kMaxOptimizerTensors = 2;

/// Parameters and what the optimizer keeps for them, arrays of one size. `kept` has the order of
/// `optimizer_tensors`: m and v for Adam, the momentum's b for SGD.
struct ParameterArrays {
  float* values = nullptr;
  std::array<float*, kMaxOptimizerTensors> kept = {};

  [[nodiscard]] ParameterArrays from(std::size_t index) const {
    return {values + index, {kept[0] + index, kept[1] + index}};
  }
};

/// Updates `size` parameters, given their gradients g. Adam: updates m and v, the moving averages
/// of g + weight_decay · θ and of its square, and then
///   θ ← θ − step_size · m / (√v · inverse_root_correction2 + ε)
/// SGD, with g ← g + weight_decay · θ:
///   b ← momentum · b + g,  θ ← θ − learning_rate · d
/// where d is b, or g + momentum · b with Nesterov's momentum. Without momentum, b is left alone.
void update(const OptimizerStep& step, const float* gradient, const ParameterArrays& arrays,
            std::size_t size);

}  // namespace mnist_bench::kernels
