#pragma once

#include <cstddef>
#include <cstdint>

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

/// Parameters and Adam's moments of them, three arrays of one size.
struct AdamArrays {
  float* parameter = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;

  [[nodiscard]] AdamArrays from(std::size_t index) const {
    return {parameter + index, first_moment + index, second_moment + index};
  }
};

/// Paper, eq. 15–18, with ε outside the root; `step` is t, from 1.
AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon,
                   double weight_decay, std::int64_t step);

/// Updates m and v, the moving averages of g + weight_decay · θ and of its square, and then
///   θ ← θ − step_size · m / (√v · inverse_root_correction2 + ε)
/// for `size` parameters and gradients g.
void adam(const AdamStep& step, const float* gradient, const AdamArrays& arrays, std::size_t size);

}  // namespace mnist_bench::kernels
