#include "record/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files.h"
#include "base/temporary_folder.h"
#include "config/write.h"
#include "record/read_result.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

const std::vector<NamedTensor> kStoredTensors = {
    {.name = "fc1.weight", .shape = {1, 2}, .values = {1.0F, 2.0F}}};

/// As a log of ours begins.
constexpr const char* kLogLine = "2026-01-31T12:00:00.000Z info    started\n";

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
  /// Leaves the checkpoint of the first epoch, and the config of the run.
  void write_checkpoint(const ExperimentConfig& config) {
    std::filesystem::create_directories(folder_);
    if (!exists("config.json")) {
      write_file_atomically(folder_ / "config.json", to_json(sample_result().config).dump());
    }
    write_file_atomically(
        folder_ / "checkpoint.safetensors",
        checkpoint_bytes(
            {.config_hash = config_hash(config),
             .seed = config.seed,
             .engine = "libtorch",
             .data_sha256 = "aa",
             .state = {.epoch = 1,
                       .step = 4,
                       .parameters = kStoredTensors,
                       .buffers = {},
                       .optimizer = {{"exp_avg", kStoredTensors}, {"exp_avg_sq", kStoredTensors}}},
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
  folder.write_epochs(std::vector{sample_result().epochs[0]});
  EXPECT_THAT(contents("epochs.jsonl"), testing::StartsWith("{\"epoch\":1,"));
  folder.write_epochs(std::vector{sample_result().epochs[1]});
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

/// The log stays the same file.
TEST_F(RunFolderTest, FilesThatTakeTheOldOnesPlacesGetTheirPermissions) {
  const auto permissions = [&] {
    return std::pair(permissions_of(folder_ / "config.json"),
                     permissions_of(folder_ / "result.json"));
  };
  for (const auto& [existing, status] : {std::pair(Existing::replace, RunStatus::completed),
                                         std::pair(Existing::resume, RunStatus::interrupted)}) {
    write_run(status);
    std::filesystem::permissions(folder_ / "config.json",
                                 static_cast<std::filesystem::perms>(0600));
    std::filesystem::permissions(folder_ / "result.json",
                                 static_cast<std::filesystem::perms>(0666));
    RunFolder folder = open(existing);
    EXPECT_FALSE(exists("result.json"));
    folder.write_config(sample_result().config);
    folder.write_result(sample_result());
    EXPECT_EQ(permissions(), std::pair(std::optional<mode_t>(0600), std::optional<mode_t>(0666)));
  }
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
  std::get<AdamConfig>(other_rate.optimizer).learning_rate = 0.1;
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
  folder.write_epochs(std::vector{sample_result().epochs[1]});
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
    std::ofstream(folder_ / "log.txt") << kLogLine;
    EXPECT_TRUE(run_state(folder_, config).in_use);
  }
  EXPECT_TRUE(run_state(folder_, config).started);
  EXPECT_FALSE(run_state(folder_, config).in_use);
  EXPECT_FALSE(run_state(folder_, config).final());
  write_run(RunStatus::diverged);
  EXPECT_TRUE(run_state(folder_, config).final());
  ExperimentConfig other = config;
  other.seed = 9;
  EXPECT_THROW(run_state(folder_, other), Error);
}

TEST_F(RunFolderTest, AFailureIsRecordedForARunThatCouldNot) {
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  record_failure(config, "killed by signal 9", "");
  EXPECT_EQ(read_result(folder_).status, RunStatus::failed);
  EXPECT_EQ(read_result(folder_).error, "killed by signal 9");
  EXPECT_FALSE(read_result(folder_).provenance.has_value());
}

TEST_F(RunFolderTest, AFailureNeverReplacesAFinalResult) {
  write_run(RunStatus::completed);
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  record_failure(config, "too late", result_bytes(folder_));
  EXPECT_EQ(read_result(folder_).status, RunStatus::completed);
}

TEST_F(RunFolderTest, AFailureReplacesTheRecordFromBeforeTheRunAndNoLaterOne) {
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  write_run(RunStatus::interrupted);
  const std::string before = result_bytes(folder_);
  record_failure(config, "killed by signal 9", before);
  EXPECT_EQ(read_result(folder_).status, RunStatus::failed);
  EXPECT_EQ(read_result(folder_).epochs.size(),
            sample_result_of(RunStatus::interrupted).epochs.size());
  write_run(RunStatus::interrupted);  // by another process, meanwhile
  record_failure(config, "too late", "");
  EXPECT_EQ(read_result(folder_).status, RunStatus::interrupted);
}

TEST_F(RunFolderTest, AFailureLeavesAFolderInUseAndOthersFilesAlone) {
  ExperimentConfig config = sample_result().config;
  config.output = folder_.string();
  {
    const RunFolder other = open(Existing::refuse);
    EXPECT_THROW(record_failure(config, "too late", ""), Error);
    EXPECT_FALSE(exists("result.json"));
  }
  std::ofstream(folder_ / "log.txt") << "a log of somebody's";
  EXPECT_THROW(record_failure(config, "too late", ""), Error);
  EXPECT_FALSE(exists("result.json"));
}

TEST_F(RunFolderTest, AFinishedRunIsAcceptedWhileAnotherProcessHoldsItsFolder) {
  write_run(RunStatus::completed);
  const FolderLock lock(folder_, "log.txt");
  EXPECT_TRUE(open(Existing::resume).finished().has_value());
  EXPECT_TRUE(finished_run(folder_, sample_result().config).has_value());
  ExperimentConfig other = sample_result().config;
  other.seed = 9;
  EXPECT_THAT(refusal(Existing::resume, other), HasSubstr("another config or seed"));
  EXPECT_THAT(refusal(Existing::replace), HasSubstr("in use by another"));
}

TEST_F(RunFolderTest, AnUnfinishedRunIsNotFinished) {
  EXPECT_FALSE(finished_run(folder_, sample_result().config).has_value());
  write_run(RunStatus::interrupted);
  EXPECT_FALSE(finished_run(folder_, sample_result().config).has_value());
}

/// Files that carry names of ours: each is refused whatever the flag, and left as it is.
TEST_F(RunFolderTest, RefusesFilesThatNoRunHasLeft) {
  std::filesystem::create_directories(folder_);
  const auto expect_refused = [&](const char* name, const std::string& text) {
    for (const Existing existing : {Existing::refuse, Existing::resume, Existing::replace}) {
      EXPECT_THAT(refusal(existing), HasSubstr(std::string("its ") + name + " was not written by"));
      EXPECT_EQ(contents(name), text);
    }
    ExperimentConfig config = sample_result().config;
    EXPECT_THROW(run_state(folder_, config), Error);
    config.output = folder_.string();
    EXPECT_THROW(record_failure(config, "killed", ""), Error);
    EXPECT_EQ(exists("log.txt"), name == std::string_view("log.txt"));
    std::filesystem::remove(folder_ / name);
  };
  for (const char* name : {"config.json", "epochs.jsonl", "predictions.csv", "model.safetensors",
                           "checkpoint.safetensors", "result.json", "log.txt"}) {
    std::ofstream(folder_ / name) << "{\"mine\": 1}";
    expect_refused(name, "{\"mine\": 1}");
  }
  // A config of ours says nothing of a log that is none.
  write_file_atomically(folder_ / "config.json", to_json(sample_result().config).dump());
  for (const char* log : {"2026-01-31 my notes", "2026-01-31T12:00:00.123Z info: server started"}) {
    std::ofstream(folder_ / "log.txt") << log;
    expect_refused("log.txt", log);
  }
}

TEST_F(RunFolderTest, FollowsNoLinkInPlaceOfItsLog) {
  std::filesystem::create_directories(folder_);
  std::ofstream(temporary_ / "theirs") << kLogLine;
  std::filesystem::create_symlink("../theirs", folder_ / "log.txt");
  for (const Existing existing : {Existing::refuse, Existing::resume, Existing::replace}) {
    EXPECT_THAT(refusal(existing), HasSubstr("symbolic link"));
  }
  EXPECT_EQ(read_file(temporary_ / "theirs", 100, ExitCode::io), kLogLine);
}

/// What a kill may leave: the log of a start that came no further, or of a --force.
TEST_F(RunFolderTest, TakesWhatAKilledRunLeaves) {
  const auto expect_taken = [&] {
    for (const Existing existing : {Existing::resume, Existing::replace}) {
      EXPECT_EQ(refusal(existing), "");
    }
  };
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "log.txt") << "";
  EXPECT_EQ(refusal(Existing::refuse), "");
  EXPECT_FALSE(run_state(folder_, sample_result().config).started);
  for (const char* log : {kLogLine, "2026-01-3"}) {
    std::ofstream(folder_ / "log.txt") << log;
    std::ofstream(folder_ / "epochs.jsonl") << "{}";
    expect_taken();
  }
  std::ofstream(folder_ / "log.txt") << kLogLine;
  std::ofstream(folder_ / "config.json") << "{ damaged";
  EXPECT_EQ(refusal(Existing::replace), "");
}

TEST_F(RunFolderTest, IsHeldByOneAtATime) {
  const RunFolder first = open(Existing::refuse);
  EXPECT_THAT(refusal(Existing::replace), HasSubstr("in use by another"));
}

TEST_F(RunFolderTest, RemovesWhatAKilledWriteLeftBehind) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / ".result.json.tmp-abc123") << "half";
  std::ofstream(folder_ / ".notes.tmp-abc123") << "another program's";
  open(Existing::refuse);
  EXPECT_FALSE(exists(".result.json.tmp-abc123"));
  EXPECT_TRUE(exists(".notes.tmp-abc123"));
}

}  // namespace
}  // namespace mnist_bench
