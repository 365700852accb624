#include "record/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/temporary_folder.h"
#include "record/read_result.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

std::vector<std::string> keys_of(const nlohmann::ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(ResultJson, HasTheKeysOfTheContractInTheirOrder) {
  using testing::ElementsAre;
  const auto json = to_json(sample_result());
  EXPECT_THAT(keys_of(json),
              ElementsAre("schema", "status", "error", "config", "config_hash", "provenance",
                          "data", "model", "epochs", "test", "timing", "parameters_sha256"));
  EXPECT_EQ(json["schema"], "mnist-bench.result/1");
  EXPECT_THAT(keys_of(json["provenance"]),
              ElementsAre("version", "git_revision", "git_dirty", "build_type", "compiler",
                          "libtorch", "device", "device_name", "cpu", "simd", "threads", "jobs",
                          "allocator", "started_at", "command", "resumed_after"));
  EXPECT_THAT(keys_of(json["epochs"][0]),
              ElementsAre("epoch", "engine", "train_loss", "train_accuracy", "train_seconds",
                          "evaluate_seconds", "images_per_second", "test"));
  EXPECT_THAT(keys_of(json["test"]),
              ElementsAre("samples", "loss", "accuracy", "accuracy_ci95", "macro", "per_class",
                          "undefined", "confusion_matrix"));
  EXPECT_THAT(keys_of(json["timing"]),
              ElementsAre("load_seconds", "train_seconds", "evaluate_seconds", "total_seconds",
                          "peak_rss_bytes", "seconds_per_epoch"));
}

TEST(ResultJson, SecondsPerEpochCarryMeanSdAndN) {
  RunResult result = sample_result();
  const auto two = to_json(result)["timing"]["seconds_per_epoch"];
  EXPECT_DOUBLE_EQ(two["mean"].get<double>(), 1.5);
  EXPECT_DOUBLE_EQ(two["sd"].get<double>(), std::sqrt(0.5));
  EXPECT_EQ(two["n"], 2);
  result.epochs.resize(1);
  EXPECT_TRUE(to_json(result)["timing"]["seconds_per_epoch"]["sd"].is_null());
  result.epochs.clear();
  EXPECT_TRUE(to_json(result)["timing"]["seconds_per_epoch"]["mean"].is_null());
}

TEST(ResultJson, WritesNullForWhatIsAbsentOrNotFinite) {
  RunResult result = sample_result();
  result.provenance->git_revision.reset();
  result.epochs[0].train_loss = std::numeric_limits<double>::quiet_NaN();
  result.epochs[1].train_loss = std::numeric_limits<double>::infinity();
  result.parameters_sha256.reset();
  result.test.reset();
  const auto json = to_json(result);
  EXPECT_TRUE(json["provenance"]["git_revision"].is_null());
  EXPECT_TRUE(json["epochs"][0]["train_loss"].is_null());
  EXPECT_TRUE(json["epochs"][1]["train_loss"].is_null());
  EXPECT_TRUE(json["parameters_sha256"].is_null());
  EXPECT_TRUE(json["test"].is_null());
  EXPECT_EQ(json.dump().find("NaN"), std::string::npos);
}

TEST(ResultJson, ReadBackAndWrittenAgainIsTheSame) {
  const test::TemporaryFolder folder;
  RunResult diverged = sample_result();
  diverged.status = RunStatus::diverged;
  diverged.error = "because";
  diverged.test.reset();
  diverged.epochs.pop_back();
  for (const RunResult& result : {sample_result(), diverged}) {
    const auto json = to_json(result);
    write_file_atomically(folder / "result.json", json.dump());
    EXPECT_EQ(to_json(read_result(folder.path())), json);
  }
}

TEST(ReadResult, NamesTheFileAndWhatIsWrongWithIt) {
  const test::TemporaryFolder folder;
  auto no_timing = to_json(sample_result());
  no_timing.erase("timing");
  auto other_schema = to_json(sample_result());
  other_schema["schema"] = "mnist-bench.result/99";
  auto ragged = to_json(sample_result());
  ragged["test"]["confusion_matrix"]["counts"] = {{1, 2}, {3}};
  const std::pair<std::string, std::string> cases[] = {{"{", "it is not JSON at byte 2"},
                                                       {"[]", "array"},
                                                       {no_timing.dump(), "timing"},
                                                       {other_schema.dump(), "result/99"},
                                                       {ragged.dump(), "square"}};
  for (const auto& [text, cause] : cases) {
    write_file_atomically(folder / "result.json", text);
    try {
      read_result(folder.path());
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      EXPECT_THAT(error.what(), testing::HasSubstr((folder / "result.json").string()));
      EXPECT_THAT(error.what(), testing::HasSubstr(cause));
    }
  }
}

TEST(PredictionsCsv, HasAHeaderAndALineForEachImage) {
  EXPECT_EQ(predictions_csv({{.index = 3, .truth = 7, .predicted = 1, .probability = 0.5F}}),
            "index,true,predicted,probability\n3,7,1,0.5\n");
}

}  // namespace
}  // namespace mnist_bench
