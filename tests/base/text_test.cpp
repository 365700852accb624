#include "base/text.h"

#include <gtest/gtest.h>

namespace mnist_bench {
namespace {

TEST(TextTable, AlignsColumnsByCodePoints) {
  EXPECT_EQ(
      text_table({Align::left, Align::right}, {"name", "±"}, {{"a", "1.0 ± 0.1"}, {"bb", "–"}}),
      "name          ±\n"
      "---------------\n"
      "a     1.0 ± 0.1\n"
      "bb            –\n");
}

TEST(WithCommas, GroupsByThousands) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
}

TEST(Case, ChangesTheLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("AVX-512 Über _Z"), "avx-512 Über _z");
  EXPECT_EQ(upper_case("avx-512 über _z"), "AVX-512 üBER _Z");
}

TEST(Listed, NamesTheFirstOfManyAndCountsTheOthers) {
  EXPECT_EQ(listed({}, 2), "");
  EXPECT_EQ(listed({"a", "b"}, 2), "a, b");
  EXPECT_EQ(listed({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Counted, HasAPluralForAllButOne) {
  EXPECT_EQ(counted(0, "run"), "0 runs");
  EXPECT_EQ(counted(1, "run"), "1 run");
  EXPECT_EQ(counted(2, "test image"), "2 test images");
}

}  // namespace
}  // namespace mnist_bench
