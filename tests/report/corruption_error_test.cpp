#include "report/corruption_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/evaluated_runs.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CorruptionError : public testing::Test {
 protected:
  [[nodiscard]] CorruptionErrors found() const {
    return corruption_errors(mlp_, {mlp_, cnn_}, evaluations_);
  }

  RunGroup mlp_ = group_with("mlp", {9'768, 9'801});
  RunGroup cnn_ = group_with("cnn", {9'902, 9'911});
  EvaluationsOfRuns evaluations_;
};

// Errors of mlp: rotate (0.10 + 0.08)/2 + (0.40 + 0.36)/2 = 0.47, invert 0.8.
// Of cnn, seed 1: 0.047 + 0.188 = 0.235 and 0.9; seed 2: 0.094 + 0.376 = 0.47 and 0.8.
TEST_F(CorruptionError, IsTheMeanRatioOfTheErrorsSummedOverTheSeverities) {
  evaluate_group(mlp_,
                 {{"rotate:degrees=10", {9'000, 9'200}},
                  {"rotate:degrees=30", {6'000, 6'400}},
                  {"invert", {2'000, 2'000}}},
                 evaluations_);
  evaluate_group(cnn_,
                 {{"rotate:degrees=10", {9'530, 9'060}},
                  {"rotate:degrees=30", {8'120, 6'240}},
                  {"invert", {1'000, 2'000}}},
                 evaluations_);
  const CorruptionErrors errors = found();
  EXPECT_EQ(errors.baseline, "mlp");
  EXPECT_EQ(errors.baseline_runs, 2);
  EXPECT_THAT(errors.notes, IsEmpty());
  ASSERT_EQ(errors.groups.size(), 1U);  // the baseline is none
  const GroupCorruptionError& cnn = errors.groups[0];
  EXPECT_EQ(cnn.group, "cnn");
  ASSERT_EQ(cnn.kinds.size(), 2U);
  EXPECT_EQ(cnn.kinds[0].kind, "rotate");
  EXPECT_THAT(cnn.kinds[0].severities, ElementsAre("10", "30"));
  EXPECT_NEAR(cnn.kinds[0].ratio, 0.3525 / 0.47, 1e-12);
  EXPECT_NEAR(cnn.kinds[0].baseline_error, 0.235, 1e-12);
  EXPECT_NEAR(cnn.kinds[1].ratio, 0.85 / 0.8, 1e-12);
  // 100 · (0.5 + 1.125)/2 of seed 1, 100 of seed 2.
  EXPECT_EQ(cnn.mce.n, 2);
  EXPECT_NEAR(*cnn.mce.mean, 90.625, 1e-9);
  EXPECT_NEAR(*cnn.mce.sd, 18.75 / std::sqrt(2.0), 1e-9);
  EXPECT_THAT(to_text(errors),
              AllOf(HasSubstr("mCE against mlp (n = 2)"), HasSubstr("cnn 91 ± 13 (n = 2)"),
                    HasSubstr("wins at shifts and loses at noise"),
                    HasSubstr("rotate               2          23.50  0.75\n")));
  const nlohmann::ordered_json json = to_json(errors);
  EXPECT_EQ(json["baseline"], "mlp");
  EXPECT_THAT(json["groups"][0]["mce"].get<double>(), DoubleNear(90.625, 1e-9));
  EXPECT_EQ(json["groups"][0]["kinds"][0]["severities"], nlohmann::json({"10", "30"}));
}

TEST_F(CorruptionError, OfADeterministicModelHasNoScatter) {
  cnn_ = knn_group({9'700, 9'700});
  evaluate_group(mlp_, {{"invert", {2'000, 2'000}}}, evaluations_);
  evaluate_group(cnn_, {{"invert", {4'000, 4'000}}}, evaluations_);
  EXPECT_TRUE(found().groups.at(0).mce.is_deterministic);
  EXPECT_THAT(to_text(found()), HasSubstr("knn 75.0 (deterministic) (n = 2)"));
}

// 1 px: (0.1 + 0.3)/2; 2 px: 0.5; together 0.7 against 0.35.
TEST_F(CorruptionError, OfAShiftIsTheMeanOfItsDirections) {
  evaluate_group(mlp_,
                 {{"shift:dx=1", {9'000, 9'000}},
                  {"shift:dy=1", {7'000, 7'000}},
                  {"shift:dx=2", {5'000, 5'000}}},
                 evaluations_);
  evaluate_group(cnn_,
                 {{"shift:dx=1", {9'500, 9'500}},
                  {"shift:dy=1", {9'500, 9'500}},
                  {"shift:dx=2", {7'000, 7'000}}},
                 evaluations_);
  const std::vector<RelativeError> kinds = found().groups.at(0).kinds;
  ASSERT_EQ(kinds.size(), 1U);
  EXPECT_THAT(kinds[0].severities, ElementsAre("1 px", "2 px"));
  EXPECT_NEAR(kinds[0].ratio, 0.5, 1e-12);
}

TEST_F(CorruptionError, LeavesOutWhatIsNoCorruption) {
  for (const RunGroup& group : {mlp_, cnn_}) {
    evaluate_group(group,
                   {{"identity", {9'768, 9'801}},
                    {"scale:factor=1", {9'768, 9'801}},
                    {"contrast:factor=0.4", {9'000, 9'000}}},
                   evaluations_);
  }
  EXPECT_EQ(found().groups.at(0).kinds.size(), 1U);
  EXPECT_EQ(*found().groups.at(0).mce.mean, 100.0);
  evaluations_.clear();
  for (const RunGroup& group : {mlp_, cnn_}) {
    evaluate_group(group, {{"identity", {9'768, 9'801}}}, evaluations_);
  }
  EXPECT_THAT(found().groups, IsEmpty());
  EXPECT_THAT(found().notes, ElementsAre(HasSubstr("There is no mCE")));
}

TEST_F(CorruptionError, NamesKindsInWhichTheBaselineMakesNoError) {
  evaluate_group(mlp_, {{"blur:sigma=1", {10'000, 10'000}}, {"invert", {5'000, 5'000}}},
                 evaluations_);
  evaluate_group(cnn_, {{"blur:sigma=1", {9'000, 9'000}}, {"invert", {7'500, 7'500}}},
                 evaluations_);
  EXPECT_NEAR(*found().groups.at(0).mce.mean, 50.0, 1e-9);
  EXPECT_THAT(found().notes, ElementsAre(HasSubstr("blur is left out: mlp makes no error")));
  evaluations_.clear();
  evaluate_group(mlp_, {{"blur:sigma=1", {10'000, 10'000}}}, evaluations_);
  evaluate_group(cnn_, {{"blur:sigma=1", {9'000, 9'000}}}, evaluations_);
  EXPECT_THAT(found().groups, IsEmpty());
  EXPECT_THAT(to_text(found()), AllOf(HasSubstr("blur is left out"), Not(HasSubstr("nan"))));
}

TEST_F(CorruptionError, NeedsTheSameSetsOfImagesFromEachRun) {
  evaluate_group(mlp_, {{"invert", {5'000, 5'000}}, {"stripe", {5'000, 5'000}}}, evaluations_);
  evaluate_group(cnn_, {{"invert", {5'000, 5'000}}, {"stripe", {5'000}}}, evaluations_);
  EXPECT_THAT(found().groups, IsEmpty());
  EXPECT_THAT(found().notes, ElementsAre(HasSubstr("cnn has no mCE: a run of it lacks sets")));
  evaluate_group(cnn_, {{"stripe", {5'000, 5'000}}}, evaluations_);
  EXPECT_EQ(found().groups.size(), 1U);
  cnn_.completed[0].result.data->test.sha256 = "other";
  EXPECT_THAT(found().notes, ElementsAre(HasSubstr("its test images are not those of mlp")));
}

TEST_F(CorruptionError, TakesTheCorruptionsOfMnistCButItsIdentity) {
  for (const RunGroup* group : {&mlp_, &cnn_}) {
    const std::int64_t right = group == &mlp_ ? 8'000 : 9'000;
    for (const StoredRun& run : group->completed) {
      for (const char* name : {"mnist-c-fog", "mnist-c-identity"}) {
        evaluations_[run.folder].push_back(evaluated(run, "identity", right));
        evaluations_[run.folder].back().data = name;
      }
    }
  }
  const GroupCorruptionError cnn = found().groups.at(0);
  ASSERT_EQ(cnn.kinds.size(), 1U);
  EXPECT_EQ(cnn.kinds[0].kind, "mnist-c-fog");
  EXPECT_NEAR(cnn.kinds[0].ratio, 0.5, 1e-12);
}

}  // namespace
}  // namespace mnist_bench
