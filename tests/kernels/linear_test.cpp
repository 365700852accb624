#include "kernels/linear.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

/// Sparse input in both forms, weights with their moments, and a gradient, of one size.
struct LinearProblem {
  std::size_t images;
  std::size_t in;
  std::size_t out;
  Owned x;      ///< [images][in], multiples of 1/255, most of them 0
  Owned w;      ///< [in][out]
  Owned delta;  ///< [images][out]
  Owned start;  ///< [1][out]
  Owned first;  ///< moments, [in][out]
  Owned second;
  std::vector<float> table;
  std::vector<std::vector<std::uint32_t>> entries;
  std::vector<PixelRow> pixels;
  SparseRows rows;
  SparseRows columns;

  LinearProblem(std::size_t image_count, std::size_t inputs, std::size_t outputs)
      : images(image_count),
        in(inputs),
        out(outputs),
        x(images, in),
        w(random_matrix(in, out, generator)),
        delta(random_matrix(images, out, generator)),
        start(random_matrix(1, out, generator)),
        first(in, out),
        second(in, out),
        entries(images),
        rows(std::vector<std::size_t>(images, in)),
        columns(std::vector<std::size_t>(in, images)) {
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
      table.push_back(static_cast<float>(byte) / 255.0F);
    }
    std::uniform_int_distribution<std::uint32_t> byte(0, 1023);
    for (std::size_t i = 0; i < images; ++i) {
      for (std::size_t k = 0; k < in; ++k) {
        const std::uint32_t value = byte(generator);
        if (value == 0 || value > 255) continue;
        x.at(i, k) = table[value];
        entries[i].push_back(static_cast<std::uint32_t>(k * kByteValues) | value);
      }
      pixels.push_back({entries[i].data(), entries[i].size()});
    }
    rows.set_rows(x.view(), {0, images}, {0, in});
    columns.set_columns(x.view(), {0, images}, {0, in});
  }

  [[nodiscard]] OutputGradient gradient(float scale) {
    return {.delta = delta.view(), .out = all_columns().end, .scale = scale};
  }
  [[nodiscard]] Weights weights() {
    return {.arrays = {w.values.data(), {first.values.data(), second.values.data()}},
            .stride = w.view().stride};
  }
  [[nodiscard]] Range all_columns() const { return {0, round_up(out, kLine)}; }

 private:
  static inline std::mt19937 generator{6};
};

/// Many shapes: widths below, at and above those of the tiles, inputs and images below and above
/// those of a block, and empty lists.
template <class Body>
void for_each_linear_problem(const Body& body) {
  on_every_target([&] {
    for (const std::size_t out : {1U, 10U, 16U, 33U, 64U, 128U, 200U, 300U}) {
      for (const std::size_t in : {1U, 50U, 250U}) {
        for (const std::size_t images : {1U, 7U, 150U}) {
          LinearProblem problem(images, in, out);
          body(problem);
        }
      }
    }
  });
}

double product(LinearProblem& p, std::size_t image, std::size_t column) {
  double sum = static_cast<double>(p.start.at(0, column));
  for (std::size_t k = 0; k < p.in; ++k) {
    sum += static_cast<double>(p.x.at(image, k)) * static_cast<double>(p.w.at(k, column));
  }
  return sum;
}

double weight_gradient(LinearProblem& p, std::size_t k, std::size_t column) {
  double sum = 0;
  for (std::size_t i = 0; i < p.images; ++i) {
    sum += static_cast<double>(p.x.at(i, k)) * static_cast<double>(p.delta.at(i, column));
  }
  return sum;
}

TEST(LinearForward, MatchesFloat64OnSparseRowsAndOnPixels) {
  for_each_linear_problem([](LinearProblem& p) {
    Owned from_rows(p.images, p.out);
    Owned from_pixels(p.images, p.out);
    linear_forward(p.rows.rows(), {0, p.in}, p.w.view(), p.start.values.data(), {0, p.images},
                   p.all_columns(), from_rows.view());
    linear_forward({p.pixels.data(), p.table.data()}, {0, p.in}, p.w.view(), p.start.values.data(),
                   {0, p.images}, p.all_columns(), from_pixels.view());
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t c = 0; c < p.out; ++c) {
        ASSERT_NEAR(from_rows.at(i, c), product(p, i, c), 2e-5);
      }
    }
    EXPECT_EQ(from_rows.values, from_pixels.values);
  });
}

TEST(LinearForward, GivesTheSameBitsHoweverTheWorkIsPartitioned) {
  for_each_linear_problem([](LinearProblem& p) {
    Owned whole(p.images, p.out);
    Owned parts(p.images, p.out);
    linear_forward(p.rows.rows(), {0, p.in}, p.w.view(), p.start.values.data(), {0, p.images},
                   p.all_columns(), whole.view());
    for (std::size_t part = 0; part < 3; ++part) {
      linear_forward(p.rows.rows(), {0, p.in}, p.w.view(), p.start.values.data(), {0, p.images},
                     partition(p.all_columns().end, kLine, part, 3), parts.view());
    }
    EXPECT_EQ(whole.values, parts.values);
  });
}

TEST(LinearBackward, MatchesFloat64) {
  for_each_linear_problem([](LinearProblem& p) {
    Owned old = p.w;
    Owned dx(p.images, p.in);
    linear_backward_and_update(p.columns.rows(), p.gradient(1.25F), p.weights(),
                               gradient_as_moment(), {0, p.in}, dx.view());
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t k = 0; k < p.in; ++k) {
        double sum = 0;
        for (std::size_t c = 0; c < p.out; ++c) {
          sum += static_cast<double>(old.at(k, c)) * static_cast<double>(p.delta.at(i, c));
        }
        ASSERT_NEAR(dx.at(i, k), p.x.at(i, k) == 0 ? 0 : 1.25 * sum, 4e-5);
      }
    }
    for (std::size_t k = 0; k < p.in; ++k) {
      for (std::size_t c = 0; c < p.out; ++c) {
        ASSERT_NEAR(p.first.at(k, c), weight_gradient(p, k, c), 1e-5);
      }
    }
  });
}

TEST(LinearBackward, TakesAdamsStepAndGivesTheSameBitsHoweverTheWorkIsPartitioned) {
  for_each_linear_problem([](LinearProblem& p) {
    const Owned old = p.w;
    Owned dx(p.images, p.in);
    for (std::size_t part = 0; part < 3; ++part) {
      linear_backward_and_update(p.columns.rows(), p.gradient(1.0F), p.weights(),
                                 gradient_as_moment(), partition(p.in, kLine, part, 3), dx.view());
    }
    EXPECT_EQ(p.w.values, stepped(p.first, old).values);
    const Owned in_parts = p.w;
    p.w = old;
    p.first = Owned(p.in, p.out);
    p.second = Owned(p.in, p.out);
    Owned dx_whole(p.images, p.in);
    linear_backward_and_update(p.columns.rows(), p.gradient(1.0F), p.weights(),
                               gradient_as_moment(), {0, p.in}, dx_whole.view());
    EXPECT_EQ(p.w.values, in_parts.values);
    EXPECT_EQ(dx.values, dx_whole.values);
  });
}

TEST(LinearBackward, GivesAListTheSameBits) {
  for_each_linear_problem([](LinearProblem& p) {
    const Owned old = p.w;
    Owned dx(p.images, p.in);
    linear_backward_and_update(p.columns.rows(), p.gradient(1.25F), p.weights(),
                               gradient_as_moment(), {0, p.in}, dx.view());
    const Owned stepped_dense = p.w;
    p.w = old;
    p.first = Owned(p.in, p.out);
    p.second = Owned(p.in, p.out);

    std::vector<std::vector<ListedColumn::Entry>> entries(p.in);  // image by image
    std::vector<float> values;
    std::vector<float> expected;
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t k = 0; k < p.in; ++k) {
        if (p.x.at(i, k) == 0) continue;
        entries[k].push_back(
            {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(values.size())});
        values.push_back(p.x.at(i, k));
        expected.push_back(dx.at(i, k));
      }
    }
    std::vector<ListedColumn> columns;
    for (const auto& column : entries) columns.push_back({column.data(), column.size()});
    std::vector<float> list(expected.size(), 99);  // is overwritten, not added to
    linear_backward_and_update({columns.data(), values.data()}, p.gradient(1.25F), p.weights(),
                               gradient_as_moment(), {0, p.in}, list.data());
    EXPECT_EQ(list, expected);
    EXPECT_EQ(p.w.values, stepped_dense.values);
  });
}

TEST(PixelBackward, MatchesFloat64AndTakesAdamsStepInEitherOrder) {
  for_each_linear_problem([](LinearProblem& p) {
    const Owned old = p.w;
    PixelColumns columns(std::vector<std::size_t>(p.in, p.images));
    columns.set(p.pixels, {0, p.in});
    for (const Direction direction : {Direction::ascending, Direction::descending}) {
      p.w = old;
      p.first = Owned(p.in, p.out);
      p.second = Owned(p.in, p.out);
      for (std::size_t part = 0; part < 2; ++part) {
        pixel_backward_and_update({columns.columns(), p.table.data()}, p.start.values.data(),
                                  p.delta.view(), p.weights(), gradient_as_moment(), p.in,
                                  partition(p.all_columns().end, kLine, part, 2), direction);
      }
      for (std::size_t k = 0; k < p.in; ++k) {
        for (std::size_t c = 0; c < p.out; ++c) {
          ASSERT_NEAR(p.first.at(k, c),
                      static_cast<double>(p.start.at(0, c)) + weight_gradient(p, k, c), 1e-5);
        }
      }
      EXPECT_EQ(p.w.values, stepped(p.first, old).values);
    }
  });
}

TEST(ColumnSums, MatchFloat64) {
  for_each_linear_problem([](LinearProblem& p) {
    Owned sums(1, p.out);
    column_sums(p.delta.view(), p.images, -0.5F, p.start.values.data(), p.all_columns(),
                sums.values.data());
    Owned plain(1, p.out);
    column_sums(p.delta.view(), p.images, 1.0F, nullptr, p.all_columns(), plain.values.data());
    for (std::size_t c = 0; c < p.out; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < p.images; ++i) sum += static_cast<double>(p.delta.at(i, c));
      ASSERT_NEAR(plain.at(0, c), sum, 3e-5);
      ASSERT_NEAR(sums.at(0, c), static_cast<double>(p.start.at(0, c)) - 0.5 * sum, 3e-5);
    }
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
