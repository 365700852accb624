#include "report/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/report.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> warnings_of(const std::vector<StoredRun>& runs) {
  return report_warnings(group_runs(runs), {});
}

/// Two seeds of one experiment, the second changed.
template <typename Change>
std::vector<StoredRun> second_with(Change change) {
  std::vector<StoredRun> runs = runs_with("mlp", {9'800, 9'810});
  change(runs[1].result);
  return runs;
}

TEST(Warnings, AreNoneForRunsOfOneKind) {
  EXPECT_THAT(warnings_of(runs_with("mlp", {9'800, 9'810})), IsEmpty());
}

TEST(Warnings, NameUnfinishedFolders) {
  const auto warnings =
      report_warnings({}, {"runs/1", "runs/2", "runs/3", "runs/4", "runs/5", "runs/6"});
  EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("runs/1, runs/2"), HasSubstr("1 more"))));
}

TEST(Warnings, NameARepeatedSeedAndWhetherItIsACopy) {
  StoredRun copy = stored(run_with("mlp", 1, 9'800));
  copy.folder = "copy";
  std::vector<StoredRun> runs = runs_with("mlp", {9'800, 9'810});
  runs.push_back(copy);
  EXPECT_THAT(warnings_of(runs),
              ElementsAre(AllOf(HasSubstr("seed 1"), HasSubstr("runs/mlp/seed-1 counts"),
                                HasSubstr("copy does not"), HasSubstr("the same parameters"))));
  runs.back().result.parameters_sha256 = "other";
  EXPECT_THAT(warnings_of(runs), ElementsAre(HasSubstr("other parameters")));
}

TEST(Warnings, NameACopyWhoseSeedIsAnother) {
  StoredRun copy = stored(run_with("mlp", 1, 9'800));
  copy.folder = "copy";
  copy.result.config.seed = 7;
  std::vector<StoredRun> runs = runs_with("mlp", {9'800, 9'810});
  runs.push_back(copy);
  EXPECT_THAT(warnings_of(runs),
              ElementsAre(AllOf(HasSubstr("seeds 1 and 7 are one run"),
                                HasSubstr("runs/mlp/seed-1 counts"), HasSubstr("copy does not"))));
}

TEST(Warnings, TellTimesTakenSideBySide) {
  const auto warnings = warnings_of(second_with([](RunResult& r) { r.provenance->jobs = 2; }));
  EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("side by side"), HasSubstr("2 at once: mlp"))));
}

TEST(Warnings, TellWhatDiffersWithinAGroup) {
  EXPECT_THAT(
      warnings_of(second_with([](RunResult& r) { r.provenance->threads = 1; })),
      ElementsAre(
          "mlp: its runs differ in threads (1 thread, 2 threads); their times are not comparable"));
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance->cpu = "other"; })),
              ElementsAre(HasSubstr("differ in CPU (CPU, other)")));
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance->device_name = "other"; })),
              ElementsAre(HasSubstr("differ in device")));
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance->libtorch = "3"; })),
              ElementsAre(AllOf(HasSubstr("differ in LibTorch"), HasSubstr("metrics"))));
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance.reset(); })).front(),
              HasSubstr("unknown"));
}

TEST(Warnings, TellWhatDiffersBetweenGroups) {
  RunResult other = run_with("cnn", 1, 9'900);
  other.provenance->threads = 4;
  EXPECT_THAT(
      warnings_of({stored(run_with("mlp", 1, 9'800)), stored(other)}),
      ElementsAre("the groups differ in threads (2 threads: mlp; 4 threads: cnn); do not compare "
                  "their times"));
}

/// An experiment for each of these numbers of threads.
std::vector<StoredRun> runs_with_threads(const std::vector<std::int64_t>& threads) {
  std::vector<StoredRun> runs;
  for (const std::int64_t count : threads) {
    RunResult run = run_with("net" + std::to_string(runs.size()), 1, 9'800);
    run.provenance->threads = count;
    runs.push_back(stored(run));
  }
  return runs;
}

TEST(Warnings, TellEachValueThatGroupsHaveOnceWithTheirNumberTheMostFrequentFirst) {
  EXPECT_THAT(warnings_of(runs_with_threads({4, 1, 1, 1, 1, 1, 1, 4})),
              ElementsAre("the groups differ in threads (1 thread: 6 groups, such as net1; 4 "
                          "threads: net0 and net7); do not compare their times"));
}

TEST(Warnings, TellTimesTakenSideBySideOnceForAllGroups) {
  std::vector<StoredRun> runs = runs_with_threads({1, 1, 1, 1});
  for (std::size_t i = 0; i < 3; ++i) runs[i].result.provenance->jobs = 2;
  EXPECT_THAT(warnings_of(runs),
              ElementsAre(HasSubstr("side by side (2 at once: 3 groups, such as net0)")));
}

TEST(Warnings, CountTheValuesThatTheyDoNotName) {
  EXPECT_THAT(warnings_of(runs_with_threads({1, 2, 3, 4, 5, 6, 7, 7})),
              ElementsAre("the groups differ in threads (7 threads: net6 and net7; 1 thread: net0; "
                          "2 threads: net1; 3 threads: net2; 4 threads: net3; and 2 other values); "
                          "do not compare their times"));
}

TEST(Warnings, TellThatGroupsRanOnDifferentDevices) {
  EXPECT_THAT(
      warnings_of(second_with([](RunResult& r) { move_to_gpu(r, "GPU"); })),
      ElementsAre("the groups differ in device (cpu (CPU): mlp on CPU; cuda:0 (GPU): mlp on "
                  "CUDA (GPU)); do not compare their times"));
}

TEST(Warnings, TellThatRunsWentOnOnAnotherDevice) {
  std::vector<StoredRun> runs = runs_with("mlp", {9'800});
  move_to_gpu(runs[0].result, "GPU");
  runs[0].result.epochs[0].device = "cpu";
  EXPECT_THAT(
      warnings_of(runs),
      testing::Contains(AllOf(HasSubstr("were resumed on another device (CPU then CUDA (GPU))"),
                              HasSubstr("no seconds per epoch"))));
}

TEST(Warnings, TellThatTestSetsDiffer) {
  RunResult other = run_with("cnn", 1, 9'900);
  other.data->test.sha256 = "zz";
  EXPECT_THAT(warnings_of({stored(run_with("mlp", 1, 9'800)), stored(other)}),
              ElementsAre(AllOf(HasSubstr("differ in the test set"),
                                HasSubstr("do not compare their metrics"))));
}

TEST(Warnings, TellBuildsThatShouldNotBeMeasured) {
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance->git_dirty = true; })),
              ElementsAre(HasSubstr("1 run from a build with uncommitted changes")));
  std::vector<StoredRun> runs = runs_with("mlp", {9'800, 9'810});
  for (StoredRun& run : runs) run.result.provenance->build_type = "Debug";
  EXPECT_THAT(warnings_of(runs), ElementsAre(HasSubstr("2 runs from a debug build")));
}

TEST(Warnings, TellResumedRunsAndValuesThatAreMissing) {
  EXPECT_THAT(warnings_of(second_with([](RunResult& r) { r.provenance->resumed_after = {1}; })),
              ElementsAre(HasSubstr("resumed from a checkpoint")));
  EXPECT_THAT(warnings_of(second_with(
                  [](RunResult& r) { r.test->loss = std::numeric_limits<double>::quiet_NaN(); })),
              ElementsAre("mlp: loss has no finite value for seed 2; its n is 1"));
}

TEST(Warnings, NameAnInterruptedRunAndHowToGoOnWithIt) {
  RunResult interrupted = sample_result("mlp", 3);
  interrupted.status = RunStatus::interrupted;
  interrupted.error = "interrupted in epoch 2 of 5";
  EXPECT_THAT(
      warnings_of({stored(interrupted)}),
      ElementsAre("mlp seed 3: interrupted in epoch 2 of 5, left out; run --resume continues it "
                  "(runs/mlp/seed-3)"));
  EXPECT_THAT(failed_lines(group_runs({stored(interrupted)})), IsEmpty());
}

TEST(Warnings, SayThatAnInterruptedRunWithoutEpochsStartsAgain) {
  RunResult interrupted = sample_result("svm", 3);
  interrupted.status = RunStatus::interrupted;
  for (const ModelConfig& model : {ModelConfig(SvmConfig{}), ModelConfig(KnnConfig{})}) {
    interrupted.config.model = model;
    EXPECT_THAT(warnings_of({stored(interrupted)}),
                ElementsAre(HasSubstr("run --resume starts it again (runs/svm/seed-3)")));
  }
}

TEST(FailedLines, NameSeedStatusErrorAndFolder) {
  RunResult failed = sample_result("mlp", 3);
  failed.status = RunStatus::diverged;
  failed.error = "the loss is not finite";
  failed.test.reset();
  EXPECT_THAT(failed_lines(group_runs({stored(failed)})),
              ElementsAre("mlp seed 3: diverged: the loss is not finite (runs/mlp/seed-3)"));
}

}  // namespace
}  // namespace mnist_bench
