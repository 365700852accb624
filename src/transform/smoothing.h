#pragma once

#include <span>
#include <vector>

#include "transform/image_shape.h"

namespace mnist_bench {

/// The weights w₀ … w_R of a symmetric Gaussian kernel: integers whose sum over −R … R is 65,536.
/// `sigma`: in pixels; R is 3·sigma, rounded, at least 1.
std::vector<double> gaussian_kernel(double sigma);

/// Both replace each value by Σ w_k·(the value k further on in its row, or column), k = −R … R;
/// what is outside is 0. `in`, `out`: [rows, columns], apart in memory. The values are integers in
/// doubles, for speed: sums below 2⁵³ are exact in any order.
void smooth_rows(const std::vector<double>& kernel, ImageShape shape, std::span<const double> in,
                 std::span<double> out);
void smooth_columns(const std::vector<double>& kernel, ImageShape shape, std::span<const double> in,
                    std::span<double> out);

}  // namespace mnist_bench
