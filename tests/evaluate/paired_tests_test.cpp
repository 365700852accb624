#include "evaluate/paired_tests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "evaluate/oracle.h"

namespace mnist_bench {
namespace {

const nlohmann::json& paired_tests_oracle() {
  static const nlohmann::json values = oracle("paired_tests_oracle.json");
  return values;
}

TEST(McNemarTest, AgreesWithStatsmodels) {
  ASSERT_GE(paired_tests_oracle()["mcnemar"].size(), 20U);
  for (const auto& expected : paired_tests_oracle()["mcnemar"]) {
    const McNemarTest test = mcnemar_test(expected["only_first_right"].get<std::int64_t>(),
                                          expected["only_second_right"].get<std::int64_t>());
    const bool exact = expected["method"] == "exact_binomial";
    EXPECT_EQ(test.method == McNemarMethod::exact_binomial, exact) << expected;
    EXPECT_EQ(test.statistic.has_value(), !exact) << expected;
    if (test.statistic) {
      EXPECT_NEAR(*test.statistic, expected["statistic"].get<double>(), 1e-9) << expected;
    }
    const double p = expected["p"].get<double>();
    EXPECT_NEAR(test.p_value, p, 1e-9 * p) << expected;
  }
}

TEST(McNemarTest, IsExactBelow25DiscordantPairs) {
  EXPECT_EQ(mcnemar_test(12, 12).method, McNemarMethod::exact_binomial);
  EXPECT_EQ(mcnemar_test(12, 13).method, McNemarMethod::chi_squared_corrected);
}

TEST(McNemarTest, OfNoDiscordantPairOrOfEquallyManyIsOne) {
  EXPECT_EQ(mcnemar_test(0, 0).p_value, 1.0);
  EXPECT_EQ(mcnemar_test(7, 7).p_value, 1.0);
  EXPECT_EQ(mcnemar_test(100, 100).p_value, 1.0);
}

TEST(McNemarTest, IsTheOneComputedByHand) {
  // P(X ≤ 1), X ~ Binomial(6, ½), is 7/64.
  EXPECT_NEAR(mcnemar_test(1, 5).p_value, 14.0 / 64.0, kTolerance);
  EXPECT_NEAR(mcnemar_test(20, 40).statistic.value(), 19.0 * 19.0 / 60.0, kTolerance);
}

TEST(PairedShareDifference, IsTheSecondsShareLessTheFirsts) {
  const ShareDifference result = paired_share_difference(31, 122, 10'000);
  EXPECT_DOUBLE_EQ(result.difference, 0.0091);
  // Agresti & Min: 91/10002 ± 1.959963984540054·√(154 − 91²/10002)/10002.
  EXPECT_NEAR(result.ci95.low, 0.006672961010241091, 1e-12);
  EXPECT_NEAR(result.ci95.high, 0.011523399717613337, 1e-12);
}

TEST(PairedShareDifference, HasAnIntervalEvenWithoutADiscordantPairAndStaysWithinOne) {
  const ShareDifference none = paired_share_difference(0, 0, 100);
  EXPECT_EQ(none.difference, 0.0);
  EXPECT_GT(none.ci95.high, 0.0);
  EXPECT_DOUBLE_EQ(none.ci95.low, -none.ci95.high);
  EXPECT_EQ(paired_share_difference(0, 1, 1).ci95.high, 1.0);
  EXPECT_EQ(paired_share_difference(1, 0, 1).ci95.low, -1.0);
}

TEST(SignFlipTest, AgreesWithScipy) {
  ASSERT_GE(paired_tests_oracle()["differences"].size(), 19U);
  for (const auto& expected : paired_tests_oracle()["differences"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const SignFlipTest test = sign_flip_test(expected["differences"].get<std::vector<double>>());
    EXPECT_NEAR(test.p_value, expected["p"].get<double>(), kTolerance);
  }
}

TEST(SignFlipTest, CannotFallBelowTwoIn2ToTheN) {
  for (const std::size_t n : {2U, 5U, 6U, 20U, 39U, 40U}) {
    const SignFlipTest test = sign_flip_test(std::vector<double>(n, 0.25));
    EXPECT_EQ(test.n, static_cast<std::int64_t>(n));
    EXPECT_DOUBLE_EQ(test.smallest_p, std::exp2(1.0 - static_cast<double>(n)));
    EXPECT_DOUBLE_EQ(test.p_value, test.smallest_p);
  }
}

TEST(SignFlipTest, IsOneForOneDifferenceAndForNone) {
  EXPECT_EQ(sign_flip_test({0.5}).p_value, 1.0);
  EXPECT_EQ(sign_flip_test({0.5}).smallest_p, 1.0);
  EXPECT_EQ(sign_flip_test({0, 0, 0}).p_value, 1.0);
}

TEST(SignFlipTest, IgnoresWhichSideIsFirst) {
  EXPECT_EQ(sign_flip_test({0.3, 0.1, -0.05}).p_value, sign_flip_test({-0.3, -0.1, 0.05}).p_value);
}

TEST(SignFlipTest, CountsFlipsThatOnlyRoundingSetsApartAsTies) {
  // 0.1 + 0.2 and 0.3 are the same number of images.
  EXPECT_DOUBLE_EQ(sign_flip_test({0.1, 0.2, -0.3}).p_value, 1.0);
  EXPECT_DOUBLE_EQ(sign_flip_test({0.1, 0.2, 0.3}).p_value, 0.25);
}

TEST(EquivalenceTest, AgreesWithStatsmodels) {
  ASSERT_GE(paired_tests_oracle()["equivalence"].size(), 18U);
  for (const auto& expected : paired_tests_oracle()["equivalence"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto margin = expected["margin"].get<double>();
    const EquivalenceTest test =
        equivalence_test(expected["differences"].get<std::vector<double>>(), margin);
    const auto p = [&](const char* key) { return expected[key].get<double>(); };
    EXPECT_NEAR(test.p_lower.value(), p("p_lower"), 1e-9 * p("p_lower"));
    EXPECT_NEAR(test.p_upper.value(), p("p_upper"), 1e-9 * p("p_upper"));
    EXPECT_NEAR(test.p_value.value(), p("p"), 1e-9 * p("p"));
    EXPECT_NEAR(test.ci90->low, expected["ci90"][0].get<double>(), 1e-10);
    EXPECT_NEAR(test.ci90->high, expected["ci90"][1].get<double>(), 1e-10);
    EXPECT_EQ(!test.obstacle, expected["equivalent"].get<bool>());
    // Both ways to say it are one, where there are seeds enough.
    EXPECT_EQ(!test.obstacle,
              test.difference.n >= 3 && -margin < test.ci90->low && test.ci90->high < margin);
  }
}

TEST(EquivalenceTest, AssumesNoSmallerScatterThanThatOfItsImages) {
  ASSERT_GE(paired_tests_oracle()["resolution"].size(), 10U);
  for (const auto& expected : paired_tests_oracle()["resolution"]) {
    SCOPED_TRACE(expected.dump());
    const EquivalenceTest test =
        equivalence_test(expected["differences"].get<std::vector<double>>(),
                         expected["margin"].get<double>(), expected["images"].get<std::int64_t>());
    EXPECT_NEAR(test.least_sd, expected["least_sd"].get<double>(), 1e-10);
    EXPECT_NEAR(test.p_lower.value(), expected["p_lower"].get<double>(), 1e-9);
    EXPECT_NEAR(test.p_upper.value(), expected["p_upper"].get<double>(), 1e-9);
    EXPECT_NEAR(test.ci90->low, expected["ci90"][0].get<double>(), 1e-10);
    EXPECT_NEAR(test.ci90->high, expected["ci90"][1].get<double>(), 1e-10);
    EXPECT_EQ(!test.obstacle, expected["equivalent"].get<bool>());
  }
}

TEST(EquivalenceTest, OfEqualAccuraciesInTwoSeedsOf200ImagesIsNotShown) {
  for (const double margin : {0.001, 0.01, 0.1, 0.5}) {
    EXPECT_EQ(equivalence_test({0.0, 0.0}, margin, 200).obstacle,
              EquivalenceObstacle::too_few_seeds);
  }
  // With three a margin of 1 image says nothing either; of 20 images it does.
  EXPECT_TRUE(equivalence_test({0.0, 0.0, 0.0}, 0.005, 200).obstacle);
  EXPECT_FALSE(equivalence_test({0.0, 0.0, 0.0}, 0.1, 200).obstacle);
}

TEST(EquivalenceTest, TurnsRoundWithItsDifferences) {
  const EquivalenceTest test = equivalence_test({0.0004, 0.0011, 0.0002}, 0.001);
  const EquivalenceTest turned = equivalence_test({-0.0004, -0.0011, -0.0002}, 0.001);
  EXPECT_DOUBLE_EQ(test.p_lower.value(), turned.p_upper.value());
  EXPECT_DOUBLE_EQ(test.p_upper.value(), turned.p_lower.value());
  EXPECT_EQ(test.obstacle, turned.obstacle);
}

TEST(EquivalenceTest, SaysWhatTheObstacleIs) {
  const auto obstacle = [](const std::vector<double>& differences) {
    return equivalence_test(differences, 0.001).obstacle;
  };
  using enum EquivalenceObstacle;
  EXPECT_EQ(obstacle({}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0, 0.0}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0012, -0.0012}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0012, -0.0012, 0.0}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0008, 0.0011, 0.0007, 0.0009}), interval_too_wide);
  EXPECT_EQ(obstacle({0.0011, 0.0012, 0.0010, 0.0011}), difference_beyond_margin);
  EXPECT_EQ(obstacle({-0.0011, -0.0012, -0.0010, -0.0011}), difference_beyond_margin);
  EXPECT_EQ(obstacle({0.0002, 0.0001, 0.0, -0.0001}), std::nullopt);
}

TEST(EquivalenceTest, OfOneDifferenceHasNeitherIntervalNorP) {
  const EquivalenceTest test = equivalence_test({0.0}, 0.001);
  EXPECT_FALSE(test.ci90.has_value());
  EXPECT_FALSE(test.p_value.has_value());
}

TEST(EquivalenceTest, WithoutScatterAndImagesAsksOnlyWhetherTheDifferenceIsInsideTheMargin) {
  EXPECT_EQ(equivalence_test({0.0, 0.0}, 0.001).p_value, 0.0);
  EXPECT_FALSE(equivalence_test({0.0005, 0.0005, 0.0005}, 0.001).obstacle);
  // 10 images of 10,000 more each time: the differences are apart by rounding alone, and as large
  // as the margin, not below it.
  const EquivalenceTest on_it =
      equivalence_test({0.971 - 0.97, 0.981 - 0.98, 0.976 - 0.975}, 0.001);
  EXPECT_EQ(on_it.p_lower, 0.0);
  EXPECT_EQ(on_it.p_upper, 1.0);
  EXPECT_EQ(on_it.obstacle, EquivalenceObstacle::difference_beyond_margin);
  EXPECT_EQ(equivalence_test({-0.002, -0.002}, 0.001).p_value, 1.0);
}

// SciPy's one-sided t-test and interval: those of the oracle's cases of equivalence.
TEST(NonInferiorityTest, IsTheUpperOfTheTwoOneSidedTests) {
  int shown = 0;
  for (const char* kind : {"equivalence", "resolution"}) {
    for (const auto& expected : paired_tests_oracle()[kind]) {
      SCOPED_TRACE(expected.dump());
      const auto differences = expected["differences"].get<std::vector<double>>();
      const auto margin = expected["margin"].get<double>();
      const NonInferiorityTest test =
          non_inferiority_test(differences, margin, expected.value("images", std::int64_t{0}));
      const auto p = expected["p_upper"].get<double>();
      EXPECT_NEAR(test.p_value.value(), p, 1e-9);
      EXPECT_NEAR(test.ci90->high, expected["ci90"][1].get<double>(), 1e-10);
      EXPECT_EQ(!test.obstacle, differences.size() >= 3 && p < 0.05);
      EXPECT_EQ(!test.obstacle, differences.size() >= 3 && test.ci90->high < margin);
      shown += static_cast<int>(!test.obstacle);
    }
  }
  EXPECT_GE(shown, 5);
}

TEST(NonInferiorityTest, AsksNothingOfTheOtherSideAndSaysWhatTheObstacleIs) {
  const auto obstacle = [](const std::vector<double>& differences) {
    return non_inferiority_test(differences, 0.001).obstacle;
  };
  using enum EquivalenceObstacle;
  // A better than B by ten margins is not equivalent to it, and not worse.
  EXPECT_EQ(obstacle({-0.0110, -0.0112, -0.0111}), std::nullopt);
  EXPECT_EQ(obstacle({-0.01, -0.01}), too_few_seeds);
  EXPECT_EQ(obstacle({-0.01}), too_few_seeds);
  EXPECT_EQ(obstacle({}), too_few_seeds);
  EXPECT_EQ(obstacle({0.0008, 0.0011, 0.0007, 0.0009}), interval_too_wide);
  EXPECT_EQ(obstacle({0.0012, -0.0012, 0.0}), interval_too_wide);
  EXPECT_EQ(obstacle({0.0011, 0.0012, 0.0010, 0.0011}), difference_beyond_margin);
}

TEST(HolmAdjusted, AgreesWithStatsmodels) {
  ASSERT_GE(paired_tests_oracle()["holm"].size(), 7U);
  for (const auto& expected : paired_tests_oracle()["holm"]) {
    const std::vector<double> adjusted = holm_adjusted(expected["p"].get<std::vector<double>>());
    ASSERT_EQ(adjusted.size(), expected["adjusted"].size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_NEAR(adjusted[i], expected["adjusted"][i].get<double>(), 1e-12) << expected;
    }
  }
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(SignFlipTest, RefusesNoneAndMoreThanItCanCount) {
  EXPECT_THROW(sign_flip_test({}), Error);
  EXPECT_THROW(sign_flip_test(std::vector<double>(41, 1.0)), Error);
}

}  // namespace
}  // namespace mnist_bench
