#include "config/shipped_configs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_of.h"
#include "config/read.h"

namespace mnist_bench {
namespace {

const std::filesystem::path& configs() {
  static const auto folder =
      std::filesystem::canonical(std::filesystem::path(MNIST_BENCH_SOURCE) / "configs");
  return folder;
}

TEST(ShippedConfigs, AreTheConfigsButNotTheSweeps) {
  EXPECT_THAT(shipped_config_names(), testing::IsSupersetOf({"cnn", "mlp", "smoke"}));
  EXPECT_THAT(shipped_config_names(), testing::Not(testing::Contains("sweep")));
}

TEST(ShippedConfigs, GoByTheirNames) {
  EXPECT_EQ(find_config("mlp"), configs() / "mlp.json");
  EXPECT_EQ(read_experiment("mlp"), read_experiment(configs() / "mlp.json"));
}

TEST(ShippedConfigs, WhatMayBeAPathIsOne) {
  for (const char* word : {"", "-", "mlp.json", "./mlp", "configs/mlp", "/mlp", "."}) {
    EXPECT_EQ(find_config(word), word);
  }
}

TEST(ShippedConfigs, AFolderIsNoConfig) {
  const auto error = test::error_of([] { read_experiment(configs()); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), testing::HasSubstr("it is a folder"));
  EXPECT_THAT(error->remedy(), testing::HasSubstr("config.json"));
}

TEST(ShippedConfigs, AnUnknownNameGetsTheNearestOrAll) {
  const auto near = test::error_of([] { find_config("mpl"); });
  ASSERT_TRUE(near);
  EXPECT_EQ(near->code(), ExitCode::usage);
  EXPECT_THAT(near->what(), testing::HasSubstr("mpl"));
  EXPECT_EQ(near->remedy(), "did you mean 'mlp'?");
  const auto far = test::error_of([] { find_config("transformer"); });
  ASSERT_TRUE(far);
  EXPECT_THAT(far->remedy(), testing::HasSubstr("logistic, mlp, resnet20"));
}

}  // namespace
}  // namespace mnist_bench
