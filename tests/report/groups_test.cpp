#include "report/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/difference.h"
#include "record/devices.h"
#include "report/compare/comparison.h"
#include "report/report.h"
#include "report/stored_runs.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Groups, JoinSeedsOfOneConfigAndKeepConfigsApart) {
  RunResult other = sample_result("other");
  std::get<AdamConfig>(other.config.optimizer).learning_rate = 0.1;
  const auto groups = group_runs(
      {stored(run_with("sample", 1, 8'000)), stored(other), stored(run_with("sample", 2, 9'000))});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].label, "sample");
  EXPECT_EQ(groups[0].summaries.at("accuracy").n, 2);
  EXPECT_DOUBLE_EQ(groups[0].summaries.at("accuracy").mean.value(), 0.85);
  EXPECT_NEAR(groups[0].summaries.at("accuracy").sd.value(), 0.0707106781, 1e-9);
  EXPECT_EQ(groups[1].label, "other");
}

TEST(Groups, OfOneNameAreInTheOrderOfTheNumbersThatSetThemApart) {
  std::vector<StoredRun> runs;
  for (const std::int64_t units : {16, 8}) {
    RunResult run = run_with("mlp", 1, 9'000 + units);
    run.config.model = MlpConfig{.hidden = {units}};
    runs.push_back(stored(run));
  }
  runs.insert(runs.begin() + 1, stored(run_with("first in between", 1, 9'000)));
  std::vector<std::string> labels;
  for (const RunGroup& group : group_runs(runs)) labels.push_back(group.label);
  EXPECT_THAT(labels,
              ElementsAre("mlp model.hidden=[8]", "first in between", "mlp model.hidden=[16]"));
}

RunResult on(const std::string& device, const std::string& name, std::uint64_t seed) {
  RunResult run = sample_result("sample", seed);
  if (device != "cpu") move_to_gpu(run, name);
  run.provenance->device = device;
  run.provenance->device_name = name;
  return run;
}

TEST(Groups, KeepARunThatWentOnOnAnotherDeviceApart) {
  RunResult moved = on("cuda:0", "H200", 3);
  moved.epochs[0].device = "cpu";
  const auto groups =
      group_runs({stored(on("cpu", "EPYC", 1)), stored(on("cuda:0", "H200", 2)), stored(moved)});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[2].label, "sample on CPU then CUDA (H200)");
  EXPECT_EQ(groups[2].summaries.at("seconds_per_epoch").n, 0);
  EXPECT_EQ(groups[0].summaries.at("seconds_per_epoch").n, 1);
  EXPECT_FALSE(seconds_per_epoch(moved).mean);
}

TEST(Groups, KeepTheRunsOfOneExperimentOnCpuAndOnCudaApart) {
  const auto groups = group_runs({stored(on("cpu", "EPYC", 1)), stored(on("cuda:0", "H200", 1)),
                                  stored(on("cpu", "Xeon", 2)), stored(on("cuda:1", "H200", 2)),
                                  stored(on("cuda:0", "L4", 3))});
  std::vector<std::string> labels;
  std::vector<std::int64_t> runs;
  for (const RunGroup& group : groups) {
    labels.push_back(group.label);
    runs.push_back(group.summaries.at("accuracy").n);
    EXPECT_EQ(group.config_hash, groups.front().config_hash);
  }
  EXPECT_THAT(labels, ElementsAre("sample on CPU", "sample on CUDA (H200)", "sample on CUDA (L4)"));
  EXPECT_THAT(runs, ElementsAre(2, 2, 1));
}

TEST(Groups, NameTheDeviceOnlyWhereAnExperimentHasSeveral) {
  RunResult other = on("cuda:0", "H200", 1);
  other.config.name = "other";
  const auto groups = group_runs({stored(on("cpu", "EPYC", 1)), stored(other)});
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].label, "sample");
  EXPECT_EQ(groups[1].label, "other");
}

TEST(Groups, PutARunThatDoesNotSayWhereItRanToTheOthersOfItsExperiment) {
  RunResult unknown = sample_result("sample", 2);
  unknown.status = RunStatus::failed;
  unknown.provenance.reset();
  for (const auto& runs : {std::vector{stored(unknown), stored(on("cuda:0", "H200", 1))},
                           std::vector{stored(on("cuda:0", "H200", 1)), stored(unknown)}}) {
    const auto groups = group_runs(runs);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].label, "sample");
    EXPECT_EQ(groups[0].device, "CUDA (H200)");
    EXPECT_EQ(groups[0].failed.size(), 1U);
  }
}

TEST(Groups, CountFailedRunsAndKeepThemOutOfTheMeans) {
  RunResult failed = sample_result("sample", 2);
  failed.status = RunStatus::diverged;
  failed.test.reset();
  const auto groups = group_runs({stored(sample_result()), stored(failed)});
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].summaries.at("accuracy").n, 1);
  EXPECT_EQ(groups[0].failed.size(), 1U);
}

TEST(Groups, CountAnInterruptedRunNeitherAsFailedNorInTheMeans) {
  RunResult interrupted = sample_result("sample", 2);
  interrupted.status = RunStatus::interrupted;
  const auto groups = group_runs({stored(interrupted)});
  EXPECT_EQ(groups.front().interrupted.size(), 1U);
  EXPECT_THAT(groups.front().failed, IsEmpty());
  EXPECT_EQ(groups.front().summaries.at("accuracy").n, 0);
  EXPECT_EQ(first_run(groups.front()).result.config.seed, 2U);
}

TEST(Groups, TakeTheFirstOfSeveralRunsOfASeed) {
  StoredRun copy = stored(run_with("sample", 1, 9'000));
  copy.folder = "copies/seed-1";
  const auto groups = group_runs(
      {stored(run_with("sample", 1, 8'000)), copy, stored(run_with("sample", 2, 8'200))});
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].summaries.at("accuracy").n, 2);
  EXPECT_DOUBLE_EQ(groups[0].summaries.at("accuracy").mean.value(), 0.81);
  ASSERT_EQ(groups[0].repeated.size(), 1U);
  EXPECT_EQ(groups[0].repeated[0].folder, "copies/seed-1");
}

TEST(Groups, TakeTheFirstOfSeveralRunsWithTheSameParametersWhateverTheirSeed) {
  std::vector<StoredRun> runs;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7}) {
    runs.push_back(stored(run_with("sample", 1, 8'000)));
    runs.back().result.config.seed = seed;
  }
  const auto groups = group_runs(runs);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].summaries.at("accuracy").n, 1);
  EXPECT_EQ(groups[0].repeated.size(), 6U);
  for (const StoredRun& run : groups[0].repeated) {
    EXPECT_EQ(counted_for(groups[0], run), groups[0].completed.data());
  }
}

TEST(Groups, CountASeedThatFailedFirstAndCompletedLaterAsBoth) {
  RunResult failed = sample_result("sample", 1);
  failed.status = RunStatus::failed;
  const auto groups = group_runs({stored(failed), stored(sample_result())});
  EXPECT_EQ(groups[0].completed.size(), 1U);
  EXPECT_EQ(groups[0].failed.size(), 1U);
  EXPECT_THAT(groups[0].repeated, IsEmpty());
}

TEST(Groups, LeaveOutWhatIsNotFinite) {
  RunResult infinite = sample_result("sample", 2);
  infinite.test->loss = std::numeric_limits<double>::infinity();
  const auto group = group_runs({stored(sample_result()), stored(infinite)}).front();
  EXPECT_EQ(group.completed.size(), 2U);
  EXPECT_EQ(group.summaries.at("loss").n, 1);
  EXPECT_EQ(group.summaries.at("accuracy").n, 2);
}

TEST(Groups, AverageTheSecondsOfAllEpochs) {
  EXPECT_EQ(seconds_per_epoch(sample_result()).mean, 1.5);
  RunResult none = sample_result();
  none.epochs.clear();
  EXPECT_FALSE(seconds_per_epoch(none).mean);
  EXPECT_EQ(group_runs({stored(none)}).front().summaries.at("seconds_per_epoch").n, 0);
}

TEST(Groups, CountAPartOfAnEpochAsTheWholeOneAtItsPace) {
  RunResult run = sample_result();  // epochs of 1 and 2 s
  const std::int64_t images = run.data->train.samples;
  run.config.training.batch_size = 1;
  run.config.training.steps = images + images / 4;
  EXPECT_EQ(seconds_per_epoch(run).mean, (1.0 + 4 * 2.0) / 2);
}

TEST(Groups, OfADeterministicModelHaveNoScatterButOfTheirTimes) {
  const RunGroup group = knn_group({9'600, 9'600, 9'600});
  EXPECT_TRUE(is_deterministic(group));
  const SampleSummary& accuracy = group.summaries.at("accuracy");
  EXPECT_TRUE(accuracy.is_deterministic);
  EXPECT_EQ(accuracy.n, 3);
  EXPECT_FALSE(accuracy.sd);
  EXPECT_FALSE(accuracy.ci95);
  EXPECT_DOUBLE_EQ(group.summaries.at("fit_seconds").sd.value(), 1);
}

TEST(PairedValues, HaveTheOneValueOfADeterministicModelAtEverySeedOfTheOther) {
  const Metric& accuracy = metric_of("accuracy");
  const ValuesBySeed knn = values_by_seed(knn_group({9'600}), accuracy);
  const ValuesBySeed mlp = values_by_seed(group_with("mlp", {9'700, 9'800, 9'900}), accuracy);
  EXPECT_EQ(paired_by_seed(knn, mlp).differences.size(), 3U);
  EXPECT_NEAR(paired_by_seed(knn, mlp).differences.back(), 0.03, 1e-12);
  EXPECT_NEAR(paired_by_seed(mlp, knn).differences.back(), -0.03, 1e-12);
  EXPECT_EQ(paired_by_seed(knn, knn).differences, std::vector{0.0});
  EXPECT_TRUE(paired_by_seed(knn, {}).differences.empty());
}

TEST(PairedValues, OfTimesArePairedBySeedAlone) {
  const Metric& time = metric_of("fit_seconds");
  EXPECT_FALSE(values_by_seed(knn_group({9'600}), time).is_at_every_seed);
}

/// An experiment with this learning rate and this accuracy on images held back, if any are.
StoredRun held_back_run(double learning_rate, std::optional<double> accuracy) {
  RunResult run = sample_result();
  std::get<AdamConfig>(run.config.optimizer).learning_rate = learning_rate;
  if (accuracy) {
    run.config.data.validation = 100;
    run.validation = run.test;
    run.validation->metrics.accuracy = accuracy;
  }
  return stored(run);
}

TEST(Ranking, PutsTheBestOnValidationFirstAndShowsItsTestAlone) {
  std::vector<RunGroup> groups =
      group_runs({held_back_run(0.1, 0.7), held_back_run(0.2, 0.9), held_back_run(0.3, 0.8)});
  ASSERT_TRUE(rank_by_validation(groups));
  std::vector<double> rates;
  std::vector<bool> shown;
  for (const RunGroup& group : groups) {
    rates.push_back(std::get<AdamConfig>(first_run(group).result.config.optimizer).learning_rate);
    shown.push_back(group.shows_test);
  }
  EXPECT_EQ(rates, (std::vector<double>{0.2, 0.3, 0.1}));
  EXPECT_EQ(shown, (std::vector<bool>{true, false, false}));
  const ReportTable means = means_table(groups);
  const auto column = static_cast<std::size_t>(
      std::find(means.keys.begin(), means.keys.end(), "accuracy") - means.keys.begin());
  EXPECT_NE(means.rows[0][column], "·");
  EXPECT_EQ(means.rows[1][column], "·");
  for (const std::vector<std::string>& row : ranges_table(groups).rows) {
    if (row[0] == "accuracy [%]") {
      EXPECT_EQ(row[1], groups[0].label);
    }
  }
}

TEST(Ranking, LeavesTheOrderWhereAnExperimentHasNoValidationOrThereIsOne) {
  std::vector<RunGroup> mixed = group_runs({held_back_run(0.1, 0.7), held_back_run(0.2, {})});
  EXPECT_FALSE(rank_by_validation(mixed));
  EXPECT_TRUE(mixed[1].shows_test);
  std::vector<RunGroup> alone = group_runs({held_back_run(0.1, 0.7)});
  EXPECT_FALSE(rank_by_validation(alone));
  EXPECT_TRUE(alone[0].shows_test);
}

TEST(Ranking, PutsExperimentsWithoutCompletedRunsLast) {
  RunResult failed = sample_result("failed");
  failed.config.data.validation = 100;
  failed.status = RunStatus::failed;
  std::vector<RunGroup> groups =
      group_runs({stored(failed), held_back_run(0.1, 0.7), held_back_run(0.2, 0.9)});
  ASSERT_TRUE(rank_by_validation(groups));
  EXPECT_TRUE(groups.back().completed.empty());
}

/// What the report of these says on the images held back.
std::vector<std::string> warnings_of_ranking(const std::vector<StoredRun>& runs,
                                             const ReportOptions& options = {}) {
  std::vector<std::string> warnings =
      make_report({.runs = runs, .unfinished = {}}, options).warnings;
  std::erase_if(warnings, [](const std::string& each) {
    return each.find("not ranked") == std::string::npos;
  });
  return warnings;
}

TEST(Ranking, ThatIsNotMadeSaysWhatKeepsItFromIt) {
  const std::string start = "not ranked by the images held back: ";
  StoredRun other = held_back_run(0.3, 0.9);
  EXPECT_THAT(warnings_of_ranking({held_back_run(0.1, 0.7), other}), testing::IsEmpty());
  EXPECT_THAT(warnings_of_ranking({held_back_run(0.1, 0.7), other, held_back_run(0.2, {})}),
              testing::ElementsAre(start + "only 2 of 3 experiments hold some back"));
  other.result.config.data.validation = 200;
  EXPECT_THAT(
      warnings_of_ranking({held_back_run(0.1, 0.7), other}),
      testing::ElementsAre(start + "the experiments hold back different numbers of images"));
  other = held_back_run(0.3, 0.9);
  other.result.data->train.sha256 = "another file";
  EXPECT_THAT(warnings_of_ranking({held_back_run(0.1, 0.7), other}),
              testing::ElementsAre(start + "they are of different training files"));
}

TEST(Ranking, ThatAnOptionRulesOutSaysWhichDoes) {
  const auto section = [](const std::vector<RunGroup>&, const EvaluationsOfRuns&) {
    return Section{.id = "paper", .title = "The paper"};
  };
  const ReportOptions paper{.further = {{.option = "--paper", .make = section}}};
  EXPECT_THAT(warnings_of_ranking({held_back_run(0.1, 0.7), held_back_run(0.2, 0.8)}, paper),
              testing::ElementsAre("not ranked by the images held back: --paper needs the test "
                                   "results of all"));
  EXPECT_THAT(warnings_of_ranking({held_back_run(0.1, {}), held_back_run(0.2, {})}, paper),
              testing::IsEmpty());
}

TEST(Ranking, IsNotMissedWhereTwoAreCompared) {
  const std::vector<RunGroup> groups =
      group_runs({held_back_run(0.1, 0.7), held_back_run(0.2, 0.8)});
  EXPECT_THAT(compare_groups(groups[0], groups[1]).warnings,
              testing::Not(testing::Contains(testing::HasSubstr("not ranked"))));
}

TEST(Ranking, IsWarnedOfWhereThereIsAGridWithoutValidation) {
  const auto warnings = [](const std::vector<StoredRun>& runs) {
    return report_warnings(group_runs(runs), {});
  };
  const char* const words = "the best of 3 experiments by their test results";
  EXPECT_THAT(warnings({held_back_run(0.1, {}), held_back_run(0.2, {}), held_back_run(0.3, {})}),
              testing::Contains(testing::HasSubstr(words)));
  for (const auto& runs :
       {std::vector{held_back_run(0.1, {}), held_back_run(0.2, {})},
        {held_back_run(0.1, 0.7), held_back_run(0.2, 0.8), held_back_run(0.3, 0.9)}}) {
    EXPECT_THAT(warnings(runs), testing::Not(testing::Contains(testing::HasSubstr("the best of"))));
  }
}

TEST(Labels, AddTheKeysThatSetNamesakesApart) {
  ExperimentConfig a = sample_result("mlp").config;
  ExperimentConfig b = a;
  std::get<AdamConfig>(b.optimizer).learning_rate = 0.01;
  ExperimentConfig c = a;
  c.name = "alone";
  c.training.epochs = 9;
  EXPECT_THAT(labels_of({a, b, c}), ElementsAre("mlp optimizer.learning_rate=0.001",
                                                "mlp optimizer.learning_rate=0.01", "alone"));
}

TEST(Labels, LeaveOutNullUnlessTheValueOfMostIsLeftOut) {
  const auto labels_with = [](const std::vector<std::optional<std::int64_t>>& steps) {
    std::vector<ExperimentConfig> experiments(steps.size(), sample_result("mlp").config);
    for (std::size_t i = 0; i < steps.size(); ++i) experiments[i].training.steps = steps[i];
    return labels_of(experiments);
  };
  EXPECT_THAT(labels_with({std::nullopt, 500}), ElementsAre("mlp", "mlp training.steps=500"));
  EXPECT_THAT(labels_with({500, 500, 500, std::nullopt}),
              ElementsAre("mlp", "mlp", "mlp", "mlp training.steps=null"));
}

TEST(Labels, OfDifferentModelsNameTheTypeAndNotEachModelsOwnKeys) {
  ExperimentConfig mlp = sample_result("net").config;
  ExperimentConfig cnn = mlp;
  cnn.model = CnnConfig{};
  EXPECT_THAT(labels_of({mlp, cnn}), ElementsAre("net model.type=mlp", "net model.type=cnn"));
}

TEST(Labels, LeaveOutWhatIsNotPartOfTheExperiment) {
  ExperimentConfig a = sample_result("mlp").config;
  ExperimentConfig b = a;
  b.seed = 9;
  b.threads = 1;
  b.device = "cpu";
  b.output = "elsewhere";
  EXPECT_THAT(differences_between(a, b), IsEmpty());
  b.data.train_limit = 100;
  EXPECT_THAT(differences_between(a, b), ElementsAre("data.train_limit null → 100"));
}

}  // namespace
}  // namespace mnist_bench
