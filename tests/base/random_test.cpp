#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <vector>

namespace mnist_bench {
namespace {

TEST(DeriveSeed, DiffersBetweenSeedsStreamsAndEpochs) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const std::string_view stream : {"initialization", "shuffle", "dropout"}) {
      for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        seeds.insert(derive_seed(seed, stream, epoch));
      }
    }
  }
  EXPECT_EQ(seeds.size(), 20U * 3U * 20U);
}

TEST(DeriveSeed, TakesTheWholeRangeOfSeeds) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(derive_seed(kLargest, "shuffle"), derive_seed(kLargest - 1, "shuffle"));
  EXPECT_NE(derive_seed(kLargest, "shuffle"), derive_seed(0, "shuffle"));
}

TEST(DeriveSeed, StartsAtEpochZeroByDefault) {
  EXPECT_EQ(derive_seed(7, "shuffle"), derive_seed(7, "shuffle", 0));
}

// Computed apart from this code with Python's integers, from the definitions of SplitMix64 and
// 64-bit FNV-1a. A change here changes every result that anyone has recorded.
TEST(DeriveSeed, StaysTheSameFromVersionToVersion) {
  EXPECT_EQ(derive_seed(1, "initialization"), 0xea7289948858146aU);
  EXPECT_EQ(derive_seed(1, "shuffle", 3), 0xdcdf1b8e0b78e147U);
}

TEST(Permutation, HoldsEachIndexOnce) {
  std::vector<std::int64_t> order = permutation(1000, 5);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(Permutation, OfNothingAndOfOneIsTrivial) {
  EXPECT_TRUE(permutation(0, 1).empty());
  EXPECT_EQ(permutation(1, 1), std::vector<std::int64_t>{0});
}

TEST(Permutation, FollowsFromTheSeedAlone) {
  EXPECT_EQ(permutation(100, 1), permutation(100, 1));
  EXPECT_NE(permutation(100, 1), permutation(100, 2));
}

// std::mt19937_64 is fixed by the C++ standard; the rest was computed apart from this code from its
// raw numbers.
TEST(Permutation, StaysTheSameFromVersionToVersion) {
  EXPECT_EQ(permutation(10, 1), (std::vector<std::int64_t>{1, 7, 3, 9, 4, 0, 5, 2, 6, 8}));
}

TEST(Permutation, MakesEveryOrderEquallyLikely) {
  std::map<std::vector<std::int64_t>, int> counts;
  constexpr std::uint64_t kDraws = 24'000;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) ++counts[permutation(4, seed)];
  ASSERT_EQ(counts.size(), 24U);
  double chi_squared = 0.0;
  for (const auto& [order, count] : counts) {
    const double deviation = count - 1000.0;
    chi_squared += deviation * deviation / 1000.0;
  }
  EXPECT_LT(chi_squared, 49.73);  // 99.9 % quantile, 23 degrees of freedom
}

}  // namespace
}  // namespace mnist_bench
