#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/compare/compared_runs.h"
#include "report/compare/text.h"

namespace mnist_bench {
namespace {

using testing::IsEmpty;

TEST(CompareJson, OfRunsHoldsTableDifferenceAndTest) {
  const auto json =
      compare_json(compared(predicted("a", {1, 2, 3, 4, 5, 6, 7}), predicted("b", {7, 8})));
  EXPECT_EQ(json["schema"], "mnist-bench.compare/1");
  EXPECT_EQ(json["kind"], "runs");
  EXPECT_EQ(json["images"]["only_b_right"], 6);
  EXPECT_EQ(json["mcnemar"]["method"], "exact_binomial");
  EXPECT_TRUE(json["mcnemar"]["statistic"].is_null());
  EXPECT_EQ(json["difference"]["b_minus_a"], 0.05);
  EXPECT_EQ(json["a"]["accuracy"], 0.93);
  EXPECT_FALSE(json["verdict"].get<std::string>().empty());
}

TEST(CompareJson, OfGroupsHoldsEachSeedsDifference) {
  const auto json = compare_json(
      compare_groups(group_with("a", {9'700, 9'710}), group_with("b", {9'800, 9'820})));
  EXPECT_EQ(json["kind"], "groups");
  EXPECT_EQ(json["seeds"].size(), 2U);
  const auto& accuracy = json["measures"]["accuracy"];
  EXPECT_EQ(accuracy["b_minus_a_by_seed"].size(), 2U);
  EXPECT_NEAR(accuracy["b_minus_a"]["mean"].get<double>(), 0.0105, 1e-12);
  EXPECT_EQ(json["sign_flip"]["smallest_p"], 0.5);
  EXPECT_THAT(json["warnings"], IsEmpty());
}

TEST(CompareJson, OfGroupsHoldsTheEquivalenceTest) {
  const auto shown = compare_json(compared_within(0.1, {9'801, 9'799, 9'802}))["equivalence"];
  EXPECT_EQ(shown["margin"], 0.001);
  EXPECT_EQ(shown["n"], 3);
  EXPECT_EQ(shown["equivalent"], true);
  EXPECT_TRUE(shown["reason"].is_null());
  EXPECT_EQ(shown["p"], std::max(shown["p_lower"].get<double>(), shown["p_upper"].get<double>()));
  EXPECT_LT(shown["ci90"][0].get<double>(), shown["ci90"][1].get<double>());
  const auto reason = [](const std::vector<std::int64_t>& right_of_b) {
    const auto test = compare_json(compared_within(0.1, right_of_b))["equivalence"];
    EXPECT_EQ(test["equivalent"], false);
    return test["reason"].get<std::string>();
  };
  EXPECT_EQ(reason({9'800, 9'850}), "too_few_seeds");
  EXPECT_EQ(reason({9'808, 9'811, 9'807, 9'809}), "interval_too_wide");
  EXPECT_EQ(reason({9'850, 9'851, 9'849}), "difference_beyond_margin");
  const auto of_one = compare_json(compared_within(0.1, {9'800}))["equivalence"];
  EXPECT_TRUE(of_one["ci90"].is_null());
  EXPECT_TRUE(of_one["p"].is_null());
  EXPECT_EQ(of_one["reason"], "too_few_seeds");
}

TEST(CompareJson, HoldsTheOneSidedTestWhereItWasAskedFor) {
  const auto shown = compare_json(compared_one_sided(0.1, {9'700, 9'699, 9'702}))["not_worse"];
  EXPECT_EQ(shown["margin"], 0.001);
  EXPECT_EQ(shown["not_worse"], true);
  EXPECT_TRUE(shown["reason"].is_null());
  EXPECT_LT(shown["b_minus_a_at_most"].get<double>(), -0.009);
  const auto missed = compare_json(compared_one_sided(0.1, {9'850, 9'851, 9'849}))["not_worse"];
  EXPECT_EQ(missed["not_worse"], false);
  EXPECT_EQ(missed["reason"], "difference_beyond_margin");
  const auto of_one = compare_json(compared_one_sided(0.1, {9'800}))["not_worse"];
  EXPECT_TRUE(of_one["b_minus_a_at_most"].is_null());
  EXPECT_EQ(of_one["reason"], "too_few_seeds");
  EXPECT_FALSE(compare_json(compared_within(0.1, {9'800, 9'800})).contains("not_worse"));
}

}  // namespace
}  // namespace mnist_bench
