#include "kernels/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

TEST(Relu, SetsWhatIsNegativeToZeroWithinItsRanges) {
  on_every_target([] {
    Owned x(3, 40);
    for (float& value : x.values) value = -1.0F;
    x.at(1, 17) = 2.0F;
    x.at(1, 18) = std::numeric_limits<float>::quiet_NaN();
    relu(x.view(), {1, 3}, {16, 32}, x.view());
    EXPECT_EQ(x.at(1, 16), 0.0F);
    EXPECT_EQ(x.at(1, 17), 2.0F);
    EXPECT_TRUE(std::isnan(x.at(1, 18)));
    EXPECT_EQ(x.at(2, 31), 0.0F);
    EXPECT_EQ(x.at(0, 16), -1.0F);
    EXPECT_EQ(x.at(1, 15), -1.0F);
    EXPECT_EQ(x.at(1, 32), -1.0F);
  });
}

TEST(Relu, WritesElsewhereAndGivesItsGradientOrAddsIt) {
  on_every_target([] {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    Owned x(2, 32);
    Owned y(2, 32);
    Owned dy(2, 32);
    Owned dx(2, 32);
    for (float& value : dy.values) value = 3.0F;
    for (float& value : dx.values) value = 10.0F;
    x.at(1, 16) = -1.0F;
    x.at(1, 17) = 2.0F;
    x.at(1, 18) = nan;
    y.at(0, 16) = 5.0F;
    relu(x.view(), {1, 2}, {16, 32}, y.view());
    EXPECT_EQ(x.at(1, 16), -1.0F);
    EXPECT_EQ(y.at(1, 16), 0.0F);
    EXPECT_EQ(y.at(1, 17), 2.0F);
    EXPECT_TRUE(std::isnan(y.at(1, 18)));
    EXPECT_EQ(y.at(0, 16), 5.0F);
    const auto expect = [&](float inactive, float active) {
      EXPECT_EQ(dx.at(1, 16), inactive);
      EXPECT_EQ(dx.at(1, 17), active);
      EXPECT_EQ(dx.at(1, 18), active);
      EXPECT_EQ(dx.at(1, 15), 10.0F);
      EXPECT_EQ(dx.at(0, 16), 10.0F);
    };
    relu_backward(y.view(), dy.view(), {1, 2}, {16, 32}, Accumulate::no, dx.view());
    expect(0.0F, 3.0F);
    relu_backward(y.view(), dy.view(), {1, 2}, {16, 32}, Accumulate::yes, dx.view());
    expect(0.0F, 6.0F);
  });
}

TEST(Tanh, IsTheStandardLibrarysInDoublePrecisionWithinFourUnitsInTheLastPlace) {
  on_every_target([] {
    constexpr std::size_t kColumns = 4096;
    Owned x(2, kColumns);
    Owned y(2, kColumns);
    for (std::size_t c = 0; c < kColumns; ++c) {
      x.at(0, c) = 5.0F;
      // 1e-9 … 100, of both signs
      const double size = std::pow(10.0, -9.0 + 11.0 * static_cast<double>(c / 2) / (kColumns / 2));
      x.at(1, c) = static_cast<float>(c % 2 == 0 ? size : -size);
    }
    x.at(1, 0) = std::numeric_limits<float>::quiet_NaN();
    x.at(1, 1) = std::numeric_limits<float>::infinity();
    x.at(1, 2) = -std::numeric_limits<float>::max();
    x.at(1, 3) = 0.0F;
    tanh(x.view(), {1, 2}, {0, kColumns - kLine}, y.view());
    EXPECT_TRUE(std::isnan(y.at(1, 0)));
    for (std::size_t c = 1; c < kColumns - kLine; ++c) {
      const double exact = std::tanh(static_cast<double>(x.at(1, c)));
      const double unit = std::ldexp(std::fabs(exact), -23);
      ASSERT_NEAR(y.at(1, c), exact, 4 * unit) << x.at(1, c);
    }
    EXPECT_EQ(y.at(0, 0), 0.0F);
    EXPECT_EQ(y.at(1, kColumns - kLine), 0.0F);
  });
}

/// The factors of units 0 … columns − 1 of `rows` images.
Owned factors(const Dropout& dropout, std::size_t rows, std::size_t columns) {
  Owned x(rows, columns);
  for (float& value : x.values) value = 1.0F;
  drop(dropout, x.view(), {0, rows}, {0, columns});
  return x;
}

TEST(Dropout, KeepsScaledUnitsAndDropsTheShareAskedFor) {
  for (const double p : {0.0, 0.2, 0.5, 0.99}) {
    constexpr std::size_t kRows = 1000;
    constexpr std::size_t kUnits = 128;
    Owned x = factors({.probability = p, .seed = 5, .step = 3}, kRows, kUnits);
    double dropped = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t c = 0; c < kUnits; ++c) {
        if (x.at(r, c) == 0) {
          ++dropped;
        } else {
          ASSERT_EQ(x.at(r, c), static_cast<float>(1 / (1 - p)));
        }
      }
    }
    const double n = kRows * kUnits;
    EXPECT_NEAR(dropped / n, p, 4 * std::sqrt(p * (1 - p) / n));
  }
}

TEST(Dropout, OfAProbabilityThatIsOneInFloat32KeepsNumbersFinite) {
  const Owned x = factors({.probability = 1 - 1e-12, .seed = 5, .step = 3}, 100, 128);
  for (const float factor : x.values) ASSERT_TRUE(std::isfinite(factor));
}

/// Pairs of units a fixed distance apart in row, unit, step or seed are dropped together as often
/// as chance has it: the correlation is within 4 of its standard errors, 1 / √n.
TEST(Dropout, IsUnrelatedBetweenNeighbours) {
  constexpr std::size_t kRows = 512;
  constexpr std::size_t kUnits = 256;
  const auto with = [](std::uint64_t seed, std::int64_t step) {
    return factors({.probability = 0.5, .seed = seed, .step = step}, kRows, kUnits);
  };
  const auto correlation = [](Owned a, Owned b, std::size_t row_shift, std::size_t unit_shift) {
    double sum = 0;
    double n = 0;
    for (std::size_t r = row_shift; r < kRows; ++r) {
      for (std::size_t c = unit_shift; c < kUnits; ++c) {
        const double left = a.at(r, c) == 0 ? -1 : 1;
        sum += left * (b.at(r - row_shift, c - unit_shift) == 0 ? -1 : 1);
        ++n;
      }
    }
    return sum / n * std::sqrt(n);
  };
  const Owned one = with(1, 10);
  for (const std::size_t shift : {1U, 2U, 16U, 64U}) {
    EXPECT_LT(std::abs(correlation(one, one, shift, 0)), 4) << shift;
    EXPECT_LT(std::abs(correlation(one, one, 0, shift)), 4) << shift;
    EXPECT_LT(std::abs(correlation(one, one, shift, shift)), 4) << shift;
  }
  EXPECT_LT(std::abs(correlation(one, with(1, 11), 0, 0)), 4);
  EXPECT_LT(std::abs(correlation(one, with(2, 10), 0, 0)), 4);
}

TEST(Dropout, DependsNeitherOnTheSimdTargetNorOnHowTheWorkIsPartitioned) {
  const Dropout dropout{.probability = 0.3, .seed = 9, .step = 4};
  std::set<AlignedVector<float>> seen;
  on_every_target([&] {
    seen.insert(factors(dropout, 7, 48).values);
    Owned parts(7, 48);
    for (float& value : parts.values) value = 1.0F;
    drop(dropout, parts.view(), {0, 3}, {0, 48});
    drop(dropout, parts.view(), {3, 7}, {16, 48});
    drop(dropout, parts.view(), {3, 7}, {0, 16});
    seen.insert(parts.values);
  });
  EXPECT_EQ(seen.size(), 1U);
}

}  // namespace
}  // namespace mnist_bench::kernels
