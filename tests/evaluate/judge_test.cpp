#include "evaluate/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "evaluate/oracle.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Judgement judged(const std::vector<double>& differences) {
  return judge(differences, /*images=*/0);
}
Conclusion on(const std::vector<double>& differences) { return judged(differences).conclusion; }

// Differences and intervals, p by SciPy: the rule applied to its numbers, not to ours.
TEST(Judge, ConcludesWhatScipysIntervalAndPermutationTestSay) {
  const nlohmann::json cases = oracle("paired_tests_oracle.json")["differences"];
  std::vector<int> seen(3, 0);
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto differences = expected["differences"].get<std::vector<double>>();
    Conclusion conclusion = Conclusion::not_shown;
    if (expected.contains("ci95") &&
        (expected["ci95"][0].get<double>() > 0.0 || expected["ci95"][1].get<double>() < 0.0)) {
      const bool both = differences.size() >= 6 && expected["p"].get<double>() < 0.05;
      conclusion = both ? Conclusion::shown : Conclusion::suggested;
    }
    EXPECT_EQ(on(differences), conclusion);
    ++seen[static_cast<std::size_t>(conclusion)];
  }
  EXPECT_GE(*std::min_element(seen.begin(), seen.end()), 1);
}

TEST(Judge, ShowsNothingWithFewerThanSixSeedsHoweverClear) {
  EXPECT_EQ(on({}), Conclusion::not_shown);
  EXPECT_EQ(on({0.1}), Conclusion::not_shown);  // one difference has no interval
  EXPECT_EQ(on({0.1, 0.1}), Conclusion::suggested);
  EXPECT_EQ(on({0.010, 0.011, 0.012, 0.011, 0.010}), Conclusion::suggested);
  EXPECT_EQ(on({0.010, 0.011, 0.012, 0.011, 0.010, 0.011}), Conclusion::shown);
}

// Half-widths in images: t(0.975, n − 1)/√(6·n), which is 3.67 for n = 2, 1.01 for n = 3, and 0.43
// for n = 6, so that it is no obstacle where six seeds differ by an image each.
TEST(Judge, AssumesThatDifferencesScatterByTheirResolution) {
  const auto of_images = [](double each, std::size_t seeds) {
    return judge(std::vector<double>(seeds, each / 200), 200);
  };
  const Interval half_a_point = *of_images(1, 2).difference.ci95;
  EXPECT_NEAR(half_a_point.low, (1 - 12.7062 / std::sqrt(12)) / 200, 1e-6);
  EXPECT_NEAR(half_a_point.high, (1 + 12.7062 / std::sqrt(12)) / 200, 1e-6);
  EXPECT_EQ(of_images(1, 2).conclusion, Conclusion::not_shown);
  EXPECT_EQ(of_images(3, 2).conclusion, Conclusion::not_shown);
  EXPECT_EQ(of_images(4, 2).conclusion, Conclusion::suggested);
  EXPECT_EQ(of_images(1, 3).conclusion, Conclusion::not_shown);
  EXPECT_EQ(of_images(2, 3).conclusion, Conclusion::suggested);
  EXPECT_EQ(of_images(1, 6).conclusion, Conclusion::shown);
  EXPECT_EQ(of_images(-1, 6).conclusion, Conclusion::shown);
  const std::vector<double> scattered = {0.01, 0.03};
  EXPECT_EQ(judge(scattered, 200).difference.ci95->low, judged(scattered).difference.ci95->low);
}

TEST(Judge, ShowsNothingWhereIntervalOrTestSaysNo) {
  EXPECT_EQ(on({0, 0, 0, 0, 0, 0}), Conclusion::not_shown);
  EXPECT_EQ(on({5, -5, 4, -4, 3, -2}), Conclusion::not_shown);
  // The interval excludes 0 (0.05 to 2.58); of 2^6 flips 4 reach as far: p = 4/64.
  const std::vector<double> interval_alone = {1.2, 2.6, 2.0, 1.5, 1.0, -0.4};
  ASSERT_GT(judged(interval_alone).difference.ci95->low, 0.0);
  ASSERT_GE(judged(interval_alone).test->p_value, 0.05);
  EXPECT_EQ(on(interval_alone), Conclusion::suggested);
  // One far value widens the interval over 0; all signs are the same, p = 2/64.
  const std::vector<double> test_alone = {0.1, 0.1, 0.1, 0.1, 0.1, 9.0};
  ASSERT_LT(judged(test_alone).difference.ci95->low, 0.0);
  ASSERT_LT(judged(test_alone).test->p_value, 0.05);
  EXPECT_EQ(on(test_alone), Conclusion::not_shown);
}

TEST(Judge, SaysWhichSideIsHigherAndReversesWithItsDifferences) {
  std::vector<double> differences = {0.3, 0.2, 0.25, 0.3, 0.2, 0.22};
  EXPECT_TRUE(judged(differences).b_is_higher());
  for (double& difference : differences) difference = -difference;
  EXPECT_EQ(on(differences), Conclusion::shown);
  EXPECT_FALSE(judged(differences).b_is_higher());
}

TEST(Judge, CountsTheFirstFortyOfMoreSeeds) {
  std::vector<double> differences(40, 0.0);
  differences.insert(differences.end(), 60, 1.0);  // what comes after would show a difference
  const Judgement judgement = judged(differences);
  EXPECT_EQ(judgement.conclusion, Conclusion::not_shown);
  EXPECT_EQ(judgement.difference.n, 40);
  EXPECT_EQ(judgement.test->n, 40);
  EXPECT_EQ(judgement.left_out, 60);
  EXPECT_EQ(judged(std::vector<double>(40, 1.0)).left_out, 0);
}

TEST(JudgeAsFamily, DecidesByThePThatIsAdjustedForTheNumber) {
  const std::vector<double> six = {1, 1.1, 1.2, 1, 1.1, 1};         // p = 2/64
  const std::vector<double> seven = {1, 1.1, 1.2, 1, 1.1, 1, 1.2};  // p = 2/128
  const std::vector<double> nothing = {1, -1, 1, -1, 1, -1};
  ASSERT_EQ(on(six), Conclusion::shown);
  std::vector<Judgement> family = {judged(six), judged(seven), judged(nothing)};
  judge_as_family(family);
  EXPECT_DOUBLE_EQ(family[1].adjusted_p.value(), 3 * 2.0 / 128);
  EXPECT_DOUBLE_EQ(family[0].adjusted_p.value(), 2 * 2.0 / 64);
  EXPECT_EQ(family[1].conclusion, Conclusion::shown);
  EXPECT_EQ(family[0].conclusion, Conclusion::suggested);  // 0.0625; its interval excludes 0
  EXPECT_EQ(family[2].conclusion, Conclusion::not_shown);
  EXPECT_DOUBLE_EQ(family[0].test->p_value, 2.0 / 64);

  std::vector<Judgement> alone = {judged(six)};
  judge_as_family(alone);
  EXPECT_EQ(alone[0].conclusion, Conclusion::shown);
  std::vector<Judgement> few = {judged({1, 1.1}), judged({})};
  judge_as_family(few);
  EXPECT_EQ(few[0].conclusion, Conclusion::suggested);
  EXPECT_EQ(few[1].conclusion, Conclusion::not_shown);
}

TEST(JudgeAsFamily, DoesNotCountWhatNoSeedChanges) {
  const std::vector<double> six = {1, 1.1, 1.2, 1, 1.1, 1};  // p = 2/64
  Judgement deterministic = judged({1.0});
  deterministic.difference.is_deterministic = true;
  std::vector<Judgement> family = {judged(six), deterministic};
  judge_as_family(family);
  EXPECT_DOUBLE_EQ(family[0].adjusted_p.value(), 2.0 / 64);
  EXPECT_EQ(family[0].conclusion, Conclusion::shown);
  EXPECT_EQ(family[1].adjusted_p, std::nullopt);
}

const std::vector<double> kHigher = {1, 2, 1, 2, 1, 2};
const std::vector<double> kLower = {-1, -2, -1, -2, -1, -2};
const std::vector<double> kNothing = {1, -1, 1, -1, 1, -1};
const std::vector<double> kFew = {1, 1.1, 1};

JointJudgement jointly(const std::vector<std::vector<double>>& lists) {
  std::vector<NamedJudgement> comparisons;
  for (const auto& list : lists) {
    comparisons.push_back(
        {std::string(1, static_cast<char>('a' + comparisons.size())), judged(list)});
  }
  return judge_jointly(comparisons);
}

TEST(JointJudge, ShowsWhatAllShowInOneDirection) {
  EXPECT_EQ(jointly({kHigher, kHigher}).conclusion, JointConclusion::shown);
  EXPECT_EQ(jointly({kLower, kLower}).conclusion, JointConclusion::shown);
  EXPECT_THAT(jointly({kLower, kLower}).shown_lower, ElementsAre("a", "b"));
}

TEST(JointJudge, OfPartOrOfBothDirectionsSaysInPartAndNamesThem) {
  const JointJudgement part = jointly({kHigher, kNothing, kFew});
  EXPECT_EQ(part.conclusion, JointConclusion::in_part);
  EXPECT_THAT(part.shown_higher, ElementsAre("a"));
  EXPECT_THAT(part.not_shown, ElementsAre("b"));
  EXPECT_THAT(part.suggested_higher, ElementsAre("c"));
  const JointJudgement both = jointly({kHigher, kLower});
  EXPECT_EQ(both.conclusion, JointConclusion::in_part);
  EXPECT_THAT(both.shown_lower, ElementsAre("b"));
}

TEST(JointJudge, SuggestsWhatAllSuggestAndElseShowsNothing) {
  EXPECT_EQ(jointly({kFew, kFew}).conclusion, JointConclusion::suggested);
  EXPECT_EQ(jointly({kFew, kNothing}).conclusion, JointConclusion::not_shown);
  EXPECT_EQ(jointly({kNothing}).conclusion, JointConclusion::not_shown);
  EXPECT_EQ(jointly({}).conclusion, JointConclusion::not_shown);
  EXPECT_THAT(jointly({}).not_shown, IsEmpty());
}

TEST(ChanceNote, CountsConclusionsAndHowManyAreWrongByChance) {
  EXPECT_THAT(chance_note(40), testing::HasSubstr("40 conclusions in this section rest on"));
  EXPECT_THAT(chance_note(40), testing::HasSubstr("about 2 of them"));
  EXPECT_THAT(chance_note(1), testing::HasSubstr("1 conclusion in this section rests on"));
}

}  // namespace
}  // namespace mnist_bench
