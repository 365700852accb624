#include "config/difference.h"

#include <gtest/gtest.h>

#include "config/read.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

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

}  // namespace
}  // namespace mnist_bench
