#include "report/severity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/evaluated_runs.h"

namespace mnist_bench {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pair;

std::vector<std::string> names_of(const std::vector<TransformFamily>& families) {
  std::vector<std::string> names;
  for (const TransformFamily& family : families) names.push_back(family.name);
  return names;
}

TEST(TransformFamilies, AreOfOneKindWithTheSameOtherSettingsInTheOrderOfTheKinds) {
  const RunGroup group = group_with("mlp", {9'800});
  EvaluationsOfRuns evaluations;
  evaluate_group(group,
                 {{"elastic:alpha=8", {9'000}},
                  {"elastic:alpha=8,sigma=2", {9'000}},
                  {"gaussian_noise:sigma=0.1", {9'000}},
                  {"gaussian_noise:sigma=0.2,seed=7", {9'000}},
                  {"invert", {9'000}},
                  {"permute_pixels", {9'000}},
                  {"rotate:degrees=15+shift:dx=1", {9'000}},
                  {"identity+rotate:degrees=15", {9'000}},
                  {"shift:dx=2,dy=1", {9'000}},
                  {"shift:dy=-3", {9'000}},
                  {"identity", {9'800}}},
                 evaluations);
  EXPECT_THAT(
      names_of(transform_families({group}, evaluations)),
      ElementsAre("shift", "shift:dx=2,dy=1", "rotate", "gaussian_noise, seed 0",
                  "gaussian_noise, seed 7", "invert", "elastic, sigma 2, seed 0",
                  "elastic, sigma 4, seed 0", "permute_pixels", "rotate:degrees=15+shift:dx=1"));
}

TEST(TransformFamilies, HaveTheirPointsInOrderWithEachSeedsAccuracy) {
  const RunGroup group = group_with("mlp", {9'800, 9'700});
  EvaluationsOfRuns evaluations;
  evaluate_group(group,
                 {{"rotate:degrees=30", {5'000, 6'000}},
                  {"rotate:degrees=-10", {9'000, 9'100}},
                  {"rotate:degrees=10", {9'200}}},
                 evaluations);
  const std::vector<TransformFamily> families = transform_families({group}, evaluations);
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].axis, "degrees");
  EXPECT_EQ(families[0].unchanged_at, 0.0);
  ASSERT_EQ(families[0].points.size(), 3U);
  EXPECT_EQ(families[0].points[0].name, "-10");
  EXPECT_THAT(families[0].points[0].accuracy[0], ElementsAre(Pair(1, 0.9), Pair(2, 0.91)));
  EXPECT_THAT(families[0].points[1].accuracy[0], ElementsAre(Pair(1, 0.92)));
  EXPECT_EQ(families[0].points[2].severity, 30.0);
  EXPECT_THAT(families[0].clean[0], ElementsAre(Pair(1, 0.98), Pair(2, 0.97)));
}

TEST(TransformFamilies, AverageAShiftOverTheDirectionsThatMostRunsHave) {
  const RunGroup group = group_with("mlp", {9'800, 9'800, 9'800});
  EvaluationsOfRuns evaluations;
  evaluate_group(group,
                 {{"shift:dx=2", {9'000, 8'000, 7'000}},
                  {"shift:dx=2,dy=2", {8'000, 6'000}},
                  {"shift:dx=1", {9'500, 9'400, 9'300}}},
                 evaluations);
  const std::vector<TransformFamily> families = transform_families({group}, evaluations);
  ASSERT_EQ(families.size(), 1U);
  ASSERT_EQ(families[0].points.size(), 2U);
  EXPECT_EQ(families[0].points[0].name, "1 px");
  EXPECT_EQ(families[0].points[0].accuracy[0].size(), 3U);
  EXPECT_THAT(families[0].points[1].specs, ElementsAre("shift:dx=2", "shift:dx=2,dy=2"));
  // Seed 3 lacks the diagonal: its 0.7 would be the mean over another set of images.
  EXPECT_THAT(families[0].points[1].accuracy[0],
              ElementsAre(Pair(1, DoubleEq(0.85)), Pair(2, DoubleEq(0.7))));
}

TEST(TransformFamilies, TakeTheOwnTestSetAndTheEngineOfTheRunAlone) {
  const RunGroup group = group_with("mlp", {9'800});
  EvaluationsOfRuns evaluations;
  evaluate_group(group, {{"invert", {9'000}}, {"stripe", {8'000}}}, evaluations);
  auto& list = evaluations.begin()->second;
  list[0].data = "mnist-c-fog";
  list[1].evaluation.engine = "libtorch";
  EXPECT_TRUE(transform_families({group}, evaluations).empty());
}

TEST(TransformFamilies, SayWhereImagesStayAsTheyAre) {
  const RunGroup group = group_with("mlp", {9'800});
  EvaluationsOfRuns evaluations;
  evaluate_group(group,
                 {{"scale:factor=0.5", {9'000}},
                  {"shot_noise:peak=12", {9'000}},
                  {"contrast:factor=0.4", {9'000}},
                  {"pixelate:size=2", {9'000}},
                  {"quantize:bits=1", {9'000}},
                  {"blur:sigma=1", {9'000}}},
                 evaluations);
  std::vector<std::pair<std::string, std::optional<double>>> found;
  for (const TransformFamily& family : transform_families({group}, evaluations)) {
    found.emplace_back(family.name, family.unchanged_at);
  }
  EXPECT_THAT(found, ElementsAre(Pair("scale", 1.0), Pair("shot_noise, seed 0", std::nullopt),
                                 Pair("blur", 0.0), Pair("contrast", 1.0), Pair("pixelate", 1.0),
                                 Pair("quantize", 8.0)));
}

}  // namespace
}  // namespace mnist_bench
