#include "paper/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "paper/paper_runs.h"

namespace mnist_bench {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(PaperCells, AreNotContradictedWhereThePapersValueIsWithinTheRangeOfOneMoreRun) {
  const PaperCheck check = check_paper(group_runs(paper_runs()));
  const PaperCell& accuracy = cell_of(check, "MLP", "accuracy");
  EXPECT_NEAR(accuracy.difference.value(), 0.0, 1e-9);
  EXPECT_NEAR(accuracy.next_run->low, 97.7 - 4.302652729911275 * 0.1 * std::sqrt(4.0 / 3.0), 1e-9);
  EXPECT_EQ(accuracy.verdict, CellVerdict::not_contradicted);
  // 97.70 ± 0.10 against 96.9 ± 1.2 and 97.0 ± 0.8.
  EXPECT_EQ(cell_of(check, "MLP", "macro_recall").verdict, CellVerdict::higher_within_printed);
  EXPECT_EQ(cell_of(check, "MLP", "macro_precision").verdict, CellVerdict::higher_within_printed);
}

TEST(PaperCells, HaveTheVerdictsThatScipysRangesGive) {
  std::set<std::string> seen;
  for (const auto& expected : oracle()["cells"]) {
    SCOPED_TRACE(expected.dump());
    const auto model = expected["model"].get<std::string>();
    std::vector<StoredRun> runs;
    for (const auto& errors : expected["errors"]) {
      const Sizes by_class(10, errors.get<std::int64_t>());
      const std::uint64_t seed = runs.size() + 1;
      runs.push_back(stored(model == "MLP" ? mnist_run(MlpConfig{}, seed, by_class)
                                           : mnist_run(CnnConfig{}, seed, by_class)));
    }
    const std::string verdict =
        to_string(cell_of(check_paper(group_runs(runs)), model, "accuracy").verdict);
    EXPECT_EQ(verdict, expected["verdict"].get<std::string>());
    seen.insert(verdict);
  }
  EXPECT_GE(seen.size(), 5U);
}

TEST(PaperCells, OfNoisyRunsAreTooUncertainToTellAndDoNotAgree) {
  std::vector<StoredRun> runs;  // 89.0 ± 3.5 compared with the CNN's 98.4 and 98.9
  for (const std::int64_t errors : {110, 145, 75, 110}) {
    runs.push_back(stored(mnist_run(CnnConfig{}, runs.size() + 1, Sizes(10, errors))));
  }
  const PaperCheck check = check_paper(group_runs(runs));
  for (const char* metric : {"accuracy", "macro_recall", "macro_precision", "macro_f1"}) {
    EXPECT_EQ(cell_of(check, "CNN", metric).verdict, CellVerdict::too_uncertain) << metric;
  }
  EXPECT_LE(cell_of(check, "CNN", "accuracy").next_run->high, 100.0);
}

TEST(PaperCells, AreHigherOrLowerOutsideOfRangeAndPrintedDeviation) {
  std::vector<StoredRun> runs;
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto errors = static_cast<std::int64_t>(9 + seed);
    runs.push_back(stored(mnist_run(MlpConfig{}, seed, Sizes(10, errors))));
    runs.push_back(stored(mnist_run(CnnConfig{}, seed, Sizes(10, 3 * errors))));
  }
  const PaperCheck check = check_paper(group_runs(runs));
  EXPECT_EQ(cell_of(check, "MLP", "accuracy").verdict, CellVerdict::higher);
  EXPECT_EQ(cell_of(check, "CNN", "accuracy").verdict, CellVerdict::lower);
  const PaperClaim& better = claim_of(check, "Sec. 5.1", "outperforms");
  EXPECT_EQ(better.verdict, ClaimVerdict::undecided);  // three seeds show nothing
  EXPECT_THAT(better.findings, Contains(HasSubstr("Lower is suggested, not shown: accuracy")));
}

TEST(PaperCells, OfOneRunHaveNoVerdictAndTimesNeverHave) {
  const PaperCheck check =
      check_paper(group_runs({stored(mnist_run(MlpConfig{}, 1, Sizes(10, 23)))}));
  EXPECT_EQ(cell_of(check, "MLP", "accuracy").verdict, CellVerdict::unknown);
  EXPECT_EQ(cell_of(check, "MLP", "seconds_per_epoch").verdict, CellVerdict::not_comparable);
  EXPECT_EQ(cell_of(check, "CNN", "accuracy").verdict, CellVerdict::unknown);
  EXPECT_EQ(cell_of(check, "MLP", "parameters").verdict, CellVerdict::differs);  // the sample's 6
  EXPECT_THAT(check.notes, Contains("CNN: no runs."));
}

TEST(PaperCells, HaveTheDeviationOverTheClassesBesideTheOneOverTheSeeds) {
  // Recalls of one run: nine times 1 and once 1 - 90/892; SD = 90/892·√(1/10).
  Sizes errors(10, 0);
  errors[5] = 90;
  std::vector<StoredRun> runs = {stored(mnist_run(MlpConfig{}, 1, errors)),
                                 stored(mnist_run(MlpConfig{}, 2, errors))};
  const PaperCheck same = check_paper(group_runs(runs));
  const PaperCell& recall = cell_of(same, "MLP", "macro_recall");
  EXPECT_NEAR(recall.sd_over_classes.value(), 100.0 * 90.0 / 892.0 * std::sqrt(0.1), 1e-9);
  EXPECT_FALSE(nearer_of(recall).has_value());  // no SD over equal seeds
  errors[5] = 89;
  runs.push_back(stored(mnist_run(MlpConfig{}, 3, errors)));
  const PaperCheck check = check_paper(group_runs(runs));
  EXPECT_EQ(nearer_of(cell_of(check, "MLP", "macro_recall")), Nearer::classes);
  EXPECT_FALSE(cell_of(check, "MLP", "accuracy").sd_over_classes.has_value());
}

TEST(PaperLayers, AreComparedRowByRow) {
  std::vector<StoredRun> runs = {stored(mnist_run(MlpConfig{}, 1, Sizes(10, 23)))};
  runs[0].result.model->layers = {{"flatten", "Flatten", {784}, 0, 0},
                                  {"fc1", "Linear", {256}, 200'960, 200'704},
                                  {"relu1", "ReLU", {256}, 0, 0},
                                  {"fc2", "Linear", {127}, 32'639, 32'512}};
  const PaperCheck check = check_paper(group_runs(runs));
  ASSERT_EQ(check.table1.size(), 7U);
  ASSERT_EQ(check.table2.size(), 12U);
  EXPECT_EQ(check.table1[1].verdict, CellVerdict::equal);
  EXPECT_EQ(check.table1[2].verdict, CellVerdict::equal);
  EXPECT_EQ(check.table1[3].verdict, CellVerdict::differs);
  EXPECT_EQ(check.table1[6].verdict, CellVerdict::differs);  // ours has no such layer
  EXPECT_EQ(check.table2[0].verdict, CellVerdict::unknown);
}

TEST(PaperCheck, TakesTheGroupThatDepartsLeastAndNamesItsDepartures) {
  std::vector<StoredRun> runs;
  for (const double rate : {0.01, 0.001}) {
    RunResult run = mnist_run(MlpConfig{}, 1, Sizes(10, 23));
    std::get<AdamConfig>(run.config.optimizer).learning_rate = rate;
    runs.push_back(stored(run));
  }
  EXPECT_THAT(check_paper(group_runs(runs)).notes[0], HasSubstr("the paper's setting"));
  EXPECT_THAT(check_paper(group_runs(runs)).notes[0], Not(HasSubstr("NOT")));
  runs.pop_back();
  EXPECT_THAT(check_paper(group_runs(runs)).notes[0],
              HasSubstr("NOT the paper's setting: optimizer.learning_rate 0.001 → 0.01"));
}

}  // namespace
}  // namespace mnist_bench
