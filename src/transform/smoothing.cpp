#include "transform/smoothing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "transform/rounding.h"

namespace mnist_bench {

std::vector<double> gaussian_kernel(double sigma) {
  constexpr double kSum = 65'536.0;
  const auto radius = std::max(std::int64_t{1}, round_half_up(3.0 * sigma));
  const auto bell = [sigma](std::int64_t k) {
    return std::exp(-static_cast<double>(k * k) / (2.0 * sigma * sigma));
  };
  double sum = 0.0;
  for (std::int64_t k = -radius; k <= radius; ++k) sum += bell(k);
  std::vector<double> weights = {kSum};
  for (std::int64_t k = 1; k <= radius; ++k) {
    weights.push_back(static_cast<double>(round_half_up(kSum * bell(k) / sum)));
    weights[0] -= 2.0 * weights.back();
  }
  return weights;
}

void smooth_rows(const std::vector<double>& kernel, ImageShape shape, std::span<const double> in,
                 std::span<double> out) {
  const std::size_t radius = kernel.size() - 1;
  const auto columns = static_cast<std::size_t>(shape.columns);
  std::vector<double> bordered(columns + 2 * radius);
  for (std::size_t row = 0; row < in.size(); row += columns) {
    std::copy_n(in.data() + row, columns, bordered.data() + radius);
    const double* const centre = bordered.data() + radius;
    double* const sums = out.data() + row;
    for (std::size_t c = 0; c < columns; ++c) sums[c] = kernel[0] * centre[c];
    for (std::size_t k = 1; k <= radius; ++k) {
      const double weight = kernel[k];
      const double* const left = centre - k;
      const double* const right = centre + k;
      for (std::size_t c = 0; c < columns; ++c) sums[c] += weight * (left[c] + right[c]);
    }
  }
}

void smooth_columns(const std::vector<double>& kernel, ImageShape shape, std::span<const double> in,
                    std::span<double> out) {
  const auto radius = static_cast<std::int64_t>(kernel.size()) - 1;
  const std::vector<double> outside(static_cast<std::size_t>(shape.columns));
  const auto row_at = [&](std::int64_t row) {
    return row < 0 || row >= shape.rows ? outside.data() : in.data() + row * shape.columns;
  };
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    double* const sums = out.data() + r * shape.columns;
    const double* const centre = row_at(r);
    for (std::int64_t c = 0; c < shape.columns; ++c) sums[c] = kernel[0] * centre[c];
    for (std::int64_t k = 1; k <= radius; ++k) {
      const double weight = kernel[static_cast<std::size_t>(k)];
      const double* const above = row_at(r - k);
      const double* const below = row_at(r + k);
      for (std::int64_t c = 0; c < shape.columns; ++c) sums[c] += weight * (above[c] + below[c]);
    }
  }
}

}  // namespace mnist_bench
