#pragma once

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// c[i][j] = start[i][j] + Σₖ a(i, k) · b[k][j], for k in 0 … depth − 1, i in `rows` and j in
/// `columns`, whose bounds are multiples of kLine. `start` may be c itself, or one row for all (its
/// stride is 0); without it (null), the sums start from 0. Each is summed in the order of k,
/// whatever the ranges are.
void multiply(const StridedMatrix& a, ConstMatrix b, std::size_t depth, Range rows, Range columns,
              ConstMatrix start, Matrix c);

}  // namespace mnist_bench::kernels
