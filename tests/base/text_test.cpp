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

}  // namespace
}  // namespace mnist_bench
