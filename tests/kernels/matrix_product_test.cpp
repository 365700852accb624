#include "kernels/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

/// The largest difference from sums in double, in units of the rounding of such a sum.
void expect_product(std::size_t rows, std::size_t depth, std::size_t columns, Range of_rows,
                    Range of_columns) {
  std::mt19937 generator(static_cast<unsigned>(rows + depth + columns));
  Owned a = random_matrix(rows, depth, generator);
  Owned transposed_a(depth, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < depth; ++k) transposed_a.at(k, i) = a.at(i, k);
  }
  Owned b = random_matrix(depth, columns, generator);
  Owned bias = random_matrix(1, columns, generator);
  const Owned before = random_matrix(rows, columns, generator);

  const auto expect = [&](Owned& c, const auto& start) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        const bool inside =
            i >= of_rows.begin && i < of_rows.end && j >= of_columns.begin && j < of_columns.end;
        double sum = inside ? start(i, j) : static_cast<double>(Owned(before).at(i, j));
        for (std::size_t k = 0; inside && k < depth; ++k) {
          sum += static_cast<double>(a.at(i, k)) * static_cast<double>(b.at(k, j));
        }
        ASSERT_NEAR(c.at(i, j), sum,
                    2e-6 * std::sqrt(static_cast<double>(depth) + 1) * std::max(1.0, std::abs(sum)))
            << i << ", " << j;
      }
    }
  };
  const StridedMatrix x = strided(a.view());
  Owned c = before;
  multiply(x, b.view(), depth, of_rows, of_columns, {}, c.view());
  expect(c, [](std::size_t, std::size_t) { return 0.0; });
  c = before;
  multiply(x, b.view(), depth, of_rows, of_columns, {bias.values.data(), 0}, c.view());
  expect(c, [&](std::size_t, std::size_t j) { return static_cast<double>(bias.at(0, j)); });
  c = before;
  multiply(transposed(transposed_a.view()), b.view(), depth, of_rows, of_columns, c.view(),
           c.view());
  expect(c,
         [&](std::size_t i, std::size_t j) { return static_cast<double>(Owned(before).at(i, j)); });
}

TEST(MatrixProduct, IsTheSumOfProductsForAnySizesAndStarts) {
  on_every_target([] {
    for (const std::size_t rows : {1U, 5U, 12U, 29U}) {
      for (const std::size_t columns : {16U, 32U, 48U, 112U, 176U}) {
        for (const std::size_t depth : {0U, 1U, 37U}) {
          expect_product(rows, depth, columns, {0, rows}, {0, columns});
        }
      }
    }
  });
}

TEST(MatrixProduct, LeavesRowsAndColumnsOutsideAlone) {
  on_every_target([] { expect_product(20, 9, 96, {3, 17}, {16, 80}); });
}

}  // namespace
}  // namespace mnist_bench::kernels
