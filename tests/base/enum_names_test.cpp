#include "base/enum_names.h"

#include <gmock/gmock.h>

namespace mnist_bench {
namespace {

enum class Fruit { apple, pear, quince };

constexpr EnumNames<Fruit, 2> kFruits = {{{Fruit::pear, "pear"}, {Fruit::apple, "apple"}}};

TEST(EnumNames, GivesTheNameOfAValue) {
  EXPECT_EQ(enum_name(kFruits, Fruit::apple), "apple");
  EXPECT_EQ(enum_name(kFruits, Fruit::pear), "pear");
}

TEST(EnumNames, ThrowsForAValueThatTheTableLacks) {
  EXPECT_THROW(enum_name(kFruits, Fruit::quince), std::logic_error);
}

TEST(EnumNames, GivesTheValueOfAName) {
  EXPECT_EQ(enum_value(kFruits, "apple"), Fruit::apple);
  EXPECT_EQ(enum_value(kFruits, "pear"), Fruit::pear);
}

TEST(EnumNames, GivesNoValueForANameThatIsNotSpelledAsInTheTable) {
  for (const char* name : {"", "quince", "Apple", "apple ", "app", "apples"}) {
    EXPECT_EQ(enum_value(kFruits, name), std::nullopt) << name;
  }
}

TEST(EnumNames, ListsTheNamesInTheOrderOfTheTable) {
  EXPECT_THAT(enum_names(kFruits), testing::ElementsAre("pear", "apple"));
}

TEST(EnumNames, AreLookedUpAtCompileTime) {
  static_assert(enum_name(kFruits, Fruit::pear) == "pear");
  static_assert(enum_value(kFruits, "pear") == Fruit::pear);
}

}  // namespace
}  // namespace mnist_bench
