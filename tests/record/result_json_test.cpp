#include "record/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
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
  EXPECT_THAT(keys_of(json), ElementsAre("schema", "status", "error", "config", "config_hash",
                                         "provenance", "data", "model", "epochs", "test", "timing",
                                         "parameters_sha256", "predictions_sha256"));
  EXPECT_EQ(json["schema"], "mnist-bench.result/2");
  EXPECT_THAT(keys_of(json["provenance"]),
              ElementsAre("version", "git_revision", "git_dirty", "build_type", "compiler",
                          "libtorch", "device", "device_name", "cpu", "simd", "threads", "jobs",
                          "allocator", "started_at", "command", "resumed_after", "cuda", "cudnn",
                          "driver", "tf32", "mkl_cbwr", "omp_wait_policy", "gomp_spincount"));
  EXPECT_THAT(keys_of(json["epochs"][0]),
              ElementsAre("epoch", "engine", "device", "train_loss", "train_accuracy",
                          "train_seconds", "evaluate_seconds", "images_per_second", "test"));
  EXPECT_THAT(keys_of(json["test"]),
              ElementsAre("samples", "loss", "accuracy", "accuracy_ci95", "macro", "per_class",
                          "undefined", "confusion_matrix"));
  EXPECT_THAT(keys_of(json["timing"]),
              ElementsAre("load_seconds", "train_seconds", "evaluate_seconds", "total_seconds",
                          "peak_rss_bytes", "peak_device_bytes", "seconds_per_epoch"));
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

TEST(ResultJson, EndsInTheHashOfItsBytes) {
  std::string text = result_text(sample_result());
  const auto json = nlohmann::ordered_json::parse(text);
  EXPECT_EQ(keys_of(json).back(), "sha256");
  const std::string hash = json["sha256"];
  ASSERT_TRUE(text.ends_with("\"sha256\": \"" + hash + "\"\n}\n"));
  text.replace(text.rfind(hash), 64, std::string(64, '0'));
  EXPECT_EQ(sha256_hex(text), hash);
}

TEST(ResultJson, LosesNoRunForBytesThatAreNotUtf8) {
  RunResult result = sample_result();
  result.provenance->command = "mnist-bench run \xff.json";
  EXPECT_EQ(parse_result(result_text(result)).provenance->command,
            "mnist-bench run \xEF\xBF\xBD.json");
}

TEST(PredictionsCsv, HasAHeaderAndALineForEachImage) {
  EXPECT_EQ(predictions_csv({{.index = 3, .truth = 7, .predicted = 1, .probability = 0.5F}}),
            "index,true,predicted,probability\n3,7,1,0.5\n");
}

}  // namespace
}  // namespace mnist_bench
