#include "record/statistics.h"

#include <gtest/gtest.h>

namespace mnist_bench {
namespace {

TEST(Spread, IsSampleMeanAndDeviation) {
  const Spread spread = spread_of({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(spread.n, 8);
  EXPECT_DOUBLE_EQ(spread.mean.value(), 5.0);
  EXPECT_DOUBLE_EQ(spread.sd.value(), 2.138089935299395);  // √(32/7)
}

TEST(Spread, OfOneValueHasNoDeviationAndOfNoneNoMean) {
  EXPECT_EQ(spread_of({3}).mean, 3.0);
  EXPECT_FALSE(spread_of({3}).sd.has_value());
  EXPECT_FALSE(spread_of({}).mean.has_value());
}

TEST(Spread, KeepsItsDigitsFarFromZero) {
  EXPECT_NEAR(spread_of({1e9 + 1, 1e9 + 2, 1e9 + 3}).sd.value(), 1.0, 1e-9);
}

}  // namespace
}  // namespace mnist_bench
