#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// y[i][c] = max(x[i][c], 0), for i in `rows` and c in `columns`, whose bounds are multiples of
/// kLine. y may be x. NaN stays NaN, as in LibTorch.
void relu(ConstMatrix x, Range rows, Range columns, Matrix y);
/// dx[i][c] = dy[i][c] where y[i][c] > 0 or is NaN, and 0 elsewhere; or adds this to dx.
void relu_backward(ConstMatrix y, ConstMatrix dy, Range rows, Range columns, Accumulate accumulate,
                   Matrix dx);

/// y[i][c] = tanh(x[i][c]), for i in `rows` and c in `columns`, whose bounds are multiples of
/// kLine: within 4 units in the last place, as Highway's Tanh promises. NaN stays NaN.
void tanh(ConstMatrix x, Range rows, Range columns, Matrix y);

/// Drops with probability p: a unit's factor is 0 or 1 / (1 − p). The factor of unit c in row i is
/// a function of (seed, step, i, c) alone. With such a counter-based generator no thread waits for
/// another's numbers.
struct Dropout {
  double probability = 0;  ///< ≥ 0 and < 1
  std::uint64_t seed = 0;
  std::int64_t step = 0;  ///< of the epoch that the seed belongs to
};

/// The factor of the units that are kept: 1 / (1 − p).
float dropout_scale(double probability);

/// x[i][c] ← x[i][c] · factor(i, c). Bounds of `columns` are multiples of kLine.
void drop(const Dropout& dropout, Matrix x, Range rows, Range columns);

}  // namespace mnist_bench::kernels
