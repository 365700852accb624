#include "record/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/files.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

class RunFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "mnist_bench_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RunFolder open(Existing existing, const ExperimentConfig& config = sample_result().config) {
    return RunFolder(folder_, config, existing);
  }
  void write_run(RunStatus status) {
    RunFolder folder = open(Existing::replace);
    RunResult result = sample_result();
    result.status = status;
    folder.write_config(result.config);
    folder.write_result(result);
  }
  [[nodiscard]] std::string contents(const char* name) const {
    return read_file(folder_ / name, 1 << 20, ExitCode::io);
  }
  [[nodiscard]] bool exists(const char* name) const {
    return std::filesystem::exists(folder_ / name);
  }
  std::string refusal(Existing existing, const ExperimentConfig& config = sample_result().config) {
    try {
      open(existing, config);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(RunFolderTest, WritesEachEpochAsALineAtOnce) {
  RunFolder folder = open(Existing::refuse);
  folder.write_epoch(sample_result().epochs[0]);
  EXPECT_THAT(contents("epochs.jsonl"), testing::StartsWith("{\"epoch\":1,"));
  folder.write_epoch(sample_result().epochs[1]);
  std::istringstream lines(contents("epochs.jsonl"));
  int count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  EXPECT_EQ(count, 2);
}

TEST_F(RunFolderTest, RefusesToTouchARunUnlessTold) {
  write_run(RunStatus::completed);
  const std::string before = contents("result.json");
  EXPECT_THAT(refusal(Existing::refuse), HasSubstr(folder_.string() + " already holds a run"));
  EXPECT_EQ(contents("result.json"), before);
}

TEST_F(RunFolderTest, RefusesAnUnfinishedRunToo) {
  open(Existing::refuse).write_config(sample_result().config);
  EXPECT_THAT(refusal(Existing::refuse), HasSubstr("unfinished run"));
}

TEST_F(RunFolderTest, ReplaceDeletesTheRunsFilesAndNoOther) {
  write_run(RunStatus::completed);
  std::ofstream(folder_ / "notes.md") << "mine";
  open(Existing::replace);
  EXPECT_FALSE(exists("result.json"));
  EXPECT_EQ(contents("notes.md"), "mine");
}

TEST_F(RunFolderTest, ResumeAcceptsAFinishedRun) {
  for (const RunStatus status : {RunStatus::completed, RunStatus::diverged}) {
    write_run(status);
    const RunFolder folder = open(Existing::resume);
    ASSERT_TRUE(folder.finished().has_value());
    EXPECT_EQ(folder.finished()->status, status);
    EXPECT_TRUE(exists("result.json"));
  }
}

TEST_F(RunFolderTest, ResumeStartsAnUnfinishedRunAnew) {
  for (const RunStatus status : {RunStatus::interrupted, RunStatus::failed}) {
    write_run(status);
    EXPECT_FALSE(open(Existing::resume).finished().has_value());
    EXPECT_FALSE(exists("result.json"));
  }
}

TEST_F(RunFolderTest, ResumeRefusesARunOfAnotherConfigOrSeed) {
  write_run(RunStatus::completed);
  ExperimentConfig other_seed = sample_result().config;
  other_seed.seed = 2;
  EXPECT_THAT(refusal(Existing::resume, other_seed), HasSubstr("another config or seed"));
  ExperimentConfig other_rate = sample_result().config;
  other_rate.optimizer.learning_rate = 0.1;
  EXPECT_THAT(refusal(Existing::resume, other_rate), HasSubstr("another config or seed"));
  EXPECT_TRUE(exists("result.json"));
}

TEST_F(RunFolderTest, IsHeldByOneAtATime) {
  const RunFolder first = open(Existing::refuse);
  EXPECT_THAT(refusal(Existing::replace), HasSubstr("in use by another"));
}

TEST_F(RunFolderTest, RemovesWhatAKilledWriteLeftBehind) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / ".result.json.tmp-abc123") << "half";
  open(Existing::refuse);
  EXPECT_FALSE(exists(".result.json.tmp-abc123"));
}

}  // namespace
}  // namespace mnist_bench
