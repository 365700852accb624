#include "config/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "config/keys.h"
#include "config/read.h"
#include "config/run_keys.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;

ExperimentConfig config(const std::vector<std::string>& overrides, const char* type = "mlp") {
  return parse_experiment(std::string(R"({"model": {"type": ")") + type + "\"}}", "sample.json",
                          overrides);
}

TEST(ConfigDifferences, AreNoneWhereTheHashIsTheSame) {
  const ExperimentConfig other = config({"threads=3", "output=elsewhere", "device=cpu"});
  EXPECT_EQ(config_hash(config({})), config_hash(other));
  EXPECT_TRUE(config_differences(config({}), other).empty());
}

TEST(ConfigDifferences, NameKeyAndBothValues) {
  EXPECT_EQ(differences_text(
                config_differences(config({}), config({"seed=2", "optimizer.learning_rate=0.01"}))),
            "seed: 1 → 2; optimizer.learning_rate: 0.001 → 0.01");
}

TEST(ConfigDifferences, OfTwoModelsListTheKeysOfEachAsAbsentInTheOther) {
  const std::string text = differences_text(config_differences(config({}), config({}, "cnn")));
  EXPECT_NE(text.find("model.type: \"mlp\" → \"cnn\""), std::string::npos) << text;
  EXPECT_NE(text.find("model.hidden: [256,128] → absent"), std::string::npos) << text;
  EXPECT_NE(text.find("model.conv1_channels: absent → 32"), std::string::npos) << text;
}

TEST(ConfigDifferences, BetweenExperimentsAreThoseOfTheKeysThatBothHave) {
  ExperimentConfig cnn = config({"seed=2", "training.epochs=3"}, "cnn");
  cnn.name = "another";
  EXPECT_THAT(differences_between(config({}), cnn),
              testing::ElementsAre("model.type mlp → cnn", "training.epochs 5 → 3"));
}

TEST(ConfigDifferences, NameTransformsByTheirSpec) {
  const ExperimentConfig plain = config({});
  ExperimentConfig permuted = plain;
  permuted.data.transform = parse_spec("permute_pixels", "test");
  EXPECT_EQ(differences_between(plain, permuted),
            std::vector<std::string>{"data.transform identity → permute_pixels"});
  EXPECT_EQ(labels_of({plain, permuted}).back(), plain.name + " data.transform=permute_pixels");
}

TEST(ConfigDifferences, NameAugmentationsLikeSpecs) {
  const ExperimentConfig plain = config({});
  const ExperimentConfig moved = config({R"(training.augment=[{"type":"affine","shift":2}])"});
  EXPECT_EQ(differences_between(plain, moved),
            std::vector<std::string>{"training.augment none → affine:shift=2"});
}

TEST(RunKeys, AreKeysOfTheConfig) {
  std::set<std::string> paths;
  for (const Key& key : experiment_keys()) paths.insert(key.path());
  for (const std::string_view key : kRunOnlyKeys) {
    EXPECT_TRUE(paths.contains(std::string(key))) << key;
    EXPECT_FALSE(defines_experiment(key)) << key;
  }
  for (const std::string_view key : kOwnKeysOfRun) {
    EXPECT_TRUE(paths.contains(std::string(key))) << key;
    EXPECT_FALSE(defines_experiment(key)) << key;
  }
  EXPECT_TRUE(defines_experiment("training.epochs"));
}

TEST(RunKeys, AreMissingInWhatTheExperimentIs) {
  const auto experiment = experiment_json(config({}));
  for (const char* key : {"seed", "output", "threads", "device"}) {
    EXPECT_FALSE(experiment.contains(key)) << key;
  }
  EXPECT_EQ(experiment.size() + 4, to_json(config({})).size());
}

TEST(Labels, LeaveOutWhatThreeQuartersOfTheNamesakesHave) {
  const auto labels = [](const std::vector<std::vector<std::string>>& overrides) {
    std::vector<ExperimentConfig> experiments;
    for (const auto& each : overrides) {
      experiments.push_back(config(each));
      experiments.back().name = "mlp";
    }
    return labels_of(experiments);
  };
  EXPECT_THAT(labels({{}, {"model.dropout=0"}, {"training.batch_size=128"}, {"training.epochs=1"}}),
              ElementsAre("mlp", "mlp model.dropout=0.0", "mlp training.batch_size=128",
                          "mlp training.epochs=1"));
  EXPECT_THAT(labels({{}, {"training.batch_size=128"}, {"model.dropout=0"}}),
              ElementsAre("mlp model.dropout=0.2 training.batch_size=64",
                          "mlp model.dropout=0.2 training.batch_size=128",
                          "mlp model.dropout=0.0 training.batch_size=64"));
}

TEST(KeyValues, AreOrderedByTheirNumbersThenByTextAndNullIsLast) {
  using Json = nlohmann::ordered_json;
  const std::vector<std::optional<Json>> ordered = {
      Json(2),           Json(10.5),           Json::array(),     Json::array({8}),
      Json::array({16}), Json::array({16, 8}), Json::array({32}), Json("adam"),
      Json("sgd"),       std::nullopt};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(is_before(ordered[i], ordered[j]), i < j) << i << " and " << j;
    }
  }
  EXPECT_FALSE(is_before(Json(), std::nullopt));
}

}  // namespace
}  // namespace mnist_bench
