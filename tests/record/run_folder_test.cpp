#include "record/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/files.h"
#include "base/temporary_folder.h"
#include "config/write.h"
#include "record/read_result.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

class RunFolderTest : public testing::Test {
 protected:
  RunFolder open(Existing existing, const ExperimentConfig& config = sample_result().config) {
    return RunFolder(folder_, config, existing);
  }
  void write_run(RunStatus status) {
    RunFolder folder = open(Existing::replace);
    const RunResult result = sample_result_of(status);
    folder.write_config(result.config);
    folder.write_result(result);
  }
  /// Leaves the checkpoint of the first epoch.
  void write_checkpoint(const ExperimentConfig& config) {
    std::filesystem::create_directories(folder_);
    write_file_atomically(folder_ / "checkpoint.safetensors",
                          checkpoint_bytes({.config_hash = config_hash(config),
                                            .seed = config.seed,
                                            .engine = "libtorch",
                                            .data_sha256 = "aa",
                                            .state = {.epoch = 1, .step = 4},
                                            .epochs = {sample_result().epochs[0]}}));
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

  test::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_ / "run";
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

TEST_F(RunFolderTest, ResumeGoesOnFromTheCheckpointAndKeepsEverything) {
  write_run(RunStatus::interrupted);
  write_checkpoint(sample_result().config);
  RunFolder folder = open(Existing::resume);
  ASSERT_TRUE(folder.checkpoint().has_value());
  EXPECT_EQ(folder.checkpoint()->epochs.size(), 1U);
  EXPECT_TRUE(exists("result.json"));
  folder.write_epoch(sample_result().epochs[1]);
  const std::string epochs = contents("epochs.jsonl");
  EXPECT_EQ(std::count(epochs.begin(), epochs.end(), '\n'), 2);
}

TEST_F(RunFolderTest, ResumeRefusesADamagedCheckpointByNameAndLeavesItAlone) {
  write_checkpoint(sample_result().config);
  std::ofstream(folder_ / "checkpoint.safetensors", std::ios::app) << "x";
  const std::string before = contents("checkpoint.safetensors");
  EXPECT_THAT(refusal(Existing::resume), HasSubstr((folder_ / "checkpoint.safetensors").string()));
  EXPECT_EQ(contents("checkpoint.safetensors"), before);
}

TEST_F(RunFolderTest, ResumeRefusesTheCheckpointOfAnotherConfig) {
  ExperimentConfig other = sample_result().config;
  other.training.batch_size = 32;
  write_checkpoint(other);
  EXPECT_THAT(refusal(Existing::resume), HasSubstr("another config or seed"));
}

TEST_F(RunFolderTest, StateTellsWhatIsThere) {
  const ExperimentConfig config = sample_result().config;
  EXPECT_FALSE(run_state(folder_, config).started);
  {
    const RunFolder folder = open(Existing::refuse);
    std::ofstream(folder_ / "log.txt") << "started";
    EXPECT_TRUE(run_state(folder_, config).in_use);
  }
  EXPECT_TRUE(run_state(folder_, config).started);
  EXPECT_FALSE(run_state(folder_, config).in_use);
  EXPECT_FALSE(run_state(folder_, config).final());
  std::filesystem::remove(folder_ / "log.txt");
  write_run(RunStatus::diverged);
  EXPECT_TRUE(run_state(folder_, config).final());
  ExperimentConfig other = config;
  other.seed = 9;
  EXPECT_THROW(run_state(folder_, other), Error);
}

TEST_F(RunFolderTest, AFailureIsRecordedForARunThatCouldNot) {
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  record_failure(config, "killed by signal 9");
  EXPECT_EQ(read_result(folder_).status, RunStatus::failed);
  EXPECT_EQ(read_result(folder_).error, "killed by signal 9");
  EXPECT_FALSE(read_result(folder_).provenance.has_value());
}

TEST_F(RunFolderTest, AFailureNeverReplacesAFinalResult) {
  write_run(RunStatus::completed);
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  record_failure(config, "too late");
  EXPECT_EQ(read_result(folder_).status, RunStatus::completed);
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
