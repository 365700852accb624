#include "record/verify_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/run_files.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Runs that version 0.1.0 wrote.
const std::filesystem::path kKept = MNIST_BENCH_SOURCE "/tests/record/v0.1.0";
constexpr std::size_t kAll = std::size_t{1} << 20U;

class VerifyRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy(kKept, folder_, std::filesystem::copy_options::recursive);
  }
  [[nodiscard]] std::string bytes(const std::filesystem::path& file) const {
    return read_file(folder_ / file, kAll, ExitCode::io);
  }
  void write(const std::filesystem::path& file, const std::string& text) const {
    write_file_atomically(folder_ / file, text);
  }
  void change(const std::filesystem::path& file, const std::string& from, const std::string& to) {
    std::string text = bytes(file);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write(file, text.replace(at, from.size(), to));
  }
  [[nodiscard]] std::vector<std::string> faults(const std::filesystem::path& run) const {
    return verify_run(folder_ / run).faults;
  }

  test::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_ / "runs";
};

TEST_F(VerifyRunTest, FindsNoFaultInRunsOfTheFirstVersionHoweverTheyEnded) {
  std::vector<std::string> found;
  for (const RunCheck& check : verify_runs({folder_})) {
    EXPECT_THAT(check.faults, IsEmpty()) << check.folder;
    found.push_back(check.folder.lexically_relative(folder_).string() + " " + check.status);
  }
  EXPECT_THAT(found,
              ElementsAre("completed/cnn-libtorch completed", "completed/cnn-native completed",
                          "completed/mlp-libtorch completed", "completed/mlp-native completed",
                          "diverged diverged", "interrupted/cnn-native interrupted",
                          "interrupted/mlp-libtorch interrupted", "killed/cnn-libtorch unfinished",
                          "killed/mlp-native unfinished", "letters completed"));
}

TEST_F(VerifyRunTest, TakesARunWithoutItsCheckpointForWhole) {
  std::filesystem::remove(folder_ / "completed/mlp-native/checkpoint.safetensors");
  EXPECT_THAT(faults("completed/mlp-native"), IsEmpty());
}

TEST_F(VerifyRunTest, MissesEveryOtherFileOfACompletedRun) {
  for (const char* file : {"config.json", "epochs.jsonl", "predictions.csv", "model.safetensors"}) {
    const std::string kept = bytes(std::filesystem::path("completed/cnn-native") / file);
    std::filesystem::remove(folder_ / "completed/cnn-native" / file);
    EXPECT_THAT(faults("completed/cnn-native"), ElementsAre(std::string(file) + ": is missing"));
    write(std::filesystem::path("completed/cnn-native") / file, kept);
  }
}

TEST_F(VerifyRunTest, NoticesEveryFileThatWasCutShort) {
  for (const char* file : {"result.json", "config.json", "epochs.jsonl", "predictions.csv",
                           "model.safetensors", "checkpoint.safetensors"}) {
    const auto path = std::filesystem::path("completed/cnn-native") / file;
    const std::string kept = bytes(path);
    for (const std::size_t size : {std::size_t{0}, kept.size() / 2, kept.size() - 3}) {
      write(path, kept.substr(0, size));
      EXPECT_THAT(faults("completed/cnn-native"), Contains(StartsWith(file)))
          << file << ", " << size << " bytes";
    }
    write(path, kept);
  }
}

TEST_F(VerifyRunTest, NoticesFlippedBytesAmongTheParameters) {
  for (const char* file : {"model.safetensors", "checkpoint.safetensors"}) {
    const auto path = std::filesystem::path("completed/cnn-native") / file;
    const std::string kept = bytes(path);
    const std::size_t header = 8 + static_cast<unsigned char>(kept[0]) +
                               256 * static_cast<std::size_t>(static_cast<unsigned char>(kept[1]));
    for (std::size_t i = header; i < kept.size(); i += 31) {
      std::string damaged = kept;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      write(path, damaged);
      ASSERT_THAT(faults("completed/cnn-native"), ElementsAre(StartsWith(file))) << "byte " << i;
    }
    write(path, kept);
  }
}

TEST_F(VerifyRunTest, HoldsThePredictionsAgainstTheMatrix) {
  std::string text = bytes("letters/predictions.csv");
  const std::size_t line = text.find('\n') + 1;
  text.erase(line, text.find('\n', line) + 1 - line);
  write("letters/predictions.csv", text);
  EXPECT_THAT(faults("letters"), ElementsAre(AllOf(StartsWith("predictions.csv: "),
                                                   HasSubstr("confusion matrix counts"))));
}

TEST_F(VerifyRunTest, HoldsTheConfigAgainstTheRecords) {
  change("letters/config.json", "\"epochs\": 1", "\"epochs\": 2");
  EXPECT_THAT(faults("letters"),
              Contains(AllOf(StartsWith("config.json: "), HasSubstr("training.epochs: 2 → 1"))));
  EXPECT_THAT(faults("letters"),
              Contains(AllOf(StartsWith("checkpoint.safetensors: "), HasSubstr("another config"))));
  change("diverged/config.json", "\"threads\": 1", "\"threads\": 2");
  EXPECT_THAT(faults("diverged"), ElementsAre(HasSubstr("threads")));
  change("killed/mlp-native/config.json", "\"seed\": 1", "\"seed\": 2");
  EXPECT_THAT(faults("killed/mlp-native"), ElementsAre(StartsWith("checkpoint.safetensors: ")));
}

TEST_F(VerifyRunTest, HoldsTheEpochsAgainstTheRecord) {
  const std::string kept = bytes("completed/mlp-native/epochs.jsonl");
  change("completed/mlp-native/epochs.jsonl", "\"train_loss\":2", "\"train_loss\":1");
  EXPECT_THAT(faults("completed/mlp-native"),
              ElementsAre("epochs.jsonl: line 1 differs from epochs[0] in checkpoint.safetensors"));
  std::filesystem::remove(folder_ / "completed/mlp-native/checkpoint.safetensors");
  EXPECT_THAT(faults("completed/mlp-native"),
              ElementsAre("epochs.jsonl: line 1 differs from epochs[0] in result.json"));
  write("completed/mlp-native/epochs.jsonl", kept.substr(0, kept.find('\n') + 1));
  EXPECT_THAT(faults("completed/mlp-native"),
              ElementsAre("epochs.jsonl: has 1 epochs, but result.json 2"));
  write("completed/mlp-native/epochs.jsonl", kept + kept);
  EXPECT_THAT(faults("completed/mlp-native"), ElementsAre("epochs.jsonl: line 3 is of epoch 1"));
}

TEST_F(VerifyRunTest, MissesConfigAndRecordOfWhatElseIsARun) {
  for (const char* file : {"result.json", "config.json"}) {
    std::filesystem::remove(folder_ / "killed/mlp-native" / file);
  }
  const std::vector<RunCheck> checks = verify_runs({folder_ / "killed/mlp-native"});
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_THAT(checks[0].faults, ElementsAre("config.json: is missing", "result.json: is missing"));
}

TEST_F(VerifyRunTest, NoticesFilesOfAnotherRun) {
  for (const char* file : {"result.json", "model.safetensors", "predictions.csv", "epochs.jsonl",
                           "config.json", "checkpoint.safetensors"}) {
    const auto path = std::filesystem::path("completed/mlp-native") / file;
    const std::string kept = bytes(path);
    write(path, bytes(std::filesystem::path("completed/mlp-libtorch") / file));
    EXPECT_THAT(faults("completed/mlp-native"), testing::Not(IsEmpty())) << file;
    write(path, kept);
  }
}

TEST_F(VerifyRunTest, AnUnfinishedRunMayHaveLostItsRaceWithTheDisk) {
  // Killed between epochs.jsonl and the checkpoint, or resumed and killed.
  const std::string epochs = bytes("interrupted/mlp-libtorch/epochs.jsonl");
  std::string third = epochs.substr(epochs.find('\n') + 1);
  third.replace(third.find("\"epoch\":2"), 9, "\"epoch\":3");
  write("interrupted/mlp-libtorch/epochs.jsonl", epochs + third);
  EXPECT_THAT(faults("interrupted/mlp-libtorch"), IsEmpty());
  std::filesystem::remove(folder_ / "killed/cnn-libtorch/checkpoint.safetensors");
  EXPECT_THAT(faults("killed/cnn-libtorch"), IsEmpty());
}

// A header of its own, not only the values, is what the file is read by.
TEST_F(VerifyRunTest, NoticesFlippedBytesInTheHeaderOfAModelWithoutItsCheckpoint) {
  std::filesystem::remove(folder_ / "completed/mlp-native/checkpoint.safetensors");
  const auto path = std::filesystem::path("completed/mlp-native/model.safetensors");
  const std::string kept = bytes(path);
  const std::size_t header = 8 + static_cast<unsigned char>(kept[0]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(kept[1]));
  for (std::size_t i = 0; i < header; ++i) {
    std::string damaged = kept;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    write(path, damaged);
    ASSERT_THAT(faults("completed/mlp-native"), ElementsAre(StartsWith("model.safetensors")))
        << "byte " << i << ": " << kept.substr(i, 10);
  }
}

TEST_F(VerifyRunTest, NoticesTensorsOfAnotherShapeOrName) {
  for (const char* run : {"completed/mlp-native", "completed/cnn-libtorch"}) {
    std::filesystem::remove(folder_ / run / "checkpoint.safetensors");
    const auto file = std::filesystem::path(run) / "model.safetensors";
    const Safetensors kept = read_model(folder_ / run);
    for (std::size_t i = 0; i < kept.tensors.size(); ++i) {
      std::vector<NamedTensor> tensors = kept.tensors;
      std::reverse(tensors[i].shape.begin(), tensors[i].shape.end());
      if (tensors[i].shape == kept.tensors[i].shape) tensors[i].shape.push_back(1);
      write(file, model_bytes(tensors, kept.metadata.at("parameters_sha256")));
      EXPECT_THAT(faults(run), ElementsAre(HasSubstr("where the layers of result.json have")));
      tensors = kept.tensors;
      tensors[i].name += "s";
      write(file, model_bytes(tensors, kept.metadata.at("parameters_sha256")));
      EXPECT_THAT(faults(run), ElementsAre(HasSubstr("where the layers of result.json have")));
    }
  }
}

// As it is while another process replaces the run.
TEST_F(VerifyRunTest, LooksAgainAtARunThatIsInUse) {
  const auto file = std::filesystem::path("completed/mlp-native/epochs.jsonl");
  const std::string kept = bytes(file);
  std::filesystem::remove(folder_ / file);
  std::optional<FolderLock> lock(std::in_place, folder_ / "completed/mlp-native", kLogFile);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    write(file, kept);
    lock.reset();
  });
  const std::vector<RunCheck> checks = verify_runs({folder_ / "completed/mlp-native"});
  other.join();
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_THAT(checks[0].faults, IsEmpty());
}

TEST_F(VerifyRunTest, HoldsThePredictionsAgainstTheirHash) {
  const std::filesystem::path run = "completed/mlp-native";
  RunResult result = read_result(folder_ / run);
  for (EpochRecord& epoch : result.epochs) epoch.device = "cpu";
  for (const char* role : {"train_images", "train_labels", "test_images", "test_labels"}) {
    result.data->files.push_back({.role = role, .path = "/", .sha256 = std::string(64, '0')});
  }
  result.predictions_sha256 = sha256_hex(bytes(run / "predictions.csv"));
  write(run / "result.json", result_text(result));
  std::filesystem::remove(folder_ / run / "epochs.jsonl");  // which names no device
  std::filesystem::remove(folder_ / run / "checkpoint.safetensors");
  EXPECT_THAT(faults(run), ElementsAre("epochs.jsonl: is missing"));
  change(run / "predictions.csv", "0.", "0.1");
  EXPECT_THAT(faults(run),
              Contains("predictions.csv: its bytes do not match the predictions_sha256 of "
                       "result.json"));
}

TEST_F(VerifyRunTest, CallsARecordThatCannotBeUsedUnreadable) {
  write("letters/result.json", std::string(52'500, '['));
  const RunCheck check = verify_run(folder_ / "letters");
  EXPECT_EQ(check.status, "unreadable");
  EXPECT_THAT(check.faults,
              ElementsAre(AllOf(StartsWith("result.json"), HasSubstr("nested deeper than 64"))));
}

TEST(KeptRuns, AreReadAsTheyWereMeant) {
  const RunResult letters = read_result(kKept / "letters");
  EXPECT_EQ(letters.test->confusion.size(), 5U);
  const Checkpoint checkpoint = read_checkpoint(kKept / "killed/cnn-libtorch");
  EXPECT_EQ(checkpoint.state.epoch, 2);
  EXPECT_EQ(checkpoint.epochs[1].engine, "libtorch");
  EXPECT_TRUE(is_of(checkpoint, read_config(kKept / "killed/cnn-libtorch")));
  EXPECT_THAT(read_runs({kKept}).unreadable, IsEmpty());
}

}  // namespace
}  // namespace mnist_bench
