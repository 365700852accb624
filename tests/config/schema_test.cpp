#include "config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "config/keys.h"
#include "config/read.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;

/// The properties of the schema that describe the objects `section`: of its `type`-th type, where
/// it has several.
ordered_json properties(const std::string& section, std::size_t type = 0) {
  const ordered_json schema = config_schema();
  if (section.empty()) return schema["properties"];
  const ordered_json& of_section = schema["properties"][section];
  if (of_section.contains("oneOf")) return of_section["oneOf"][type]["properties"];
  return of_section["properties"];
}

// That validators other than the reader understand the schema as the reader does is shown in
// test_schema.py.
TEST(ConfigSchema, HasExactlyTheKeysOfAResolvedConfig) {
  // The first model with the first optimizer, and so on.
  std::size_t type = 0;
  for (const char* text : {R"({"model": {"type": "mlp"}, "optimizer": {"type": "adam"}})",
                           R"({"model": {"type": "cnn"}, "optimizer": {"type": "sgd"}})"}) {
    const ordered_json resolved = to_json(parse_experiment(text, "x.json"));
    EXPECT_EQ(properties("").size(), resolved.size() + 1) << "the one more is $schema";
    for (const auto& [name, value] : resolved.items()) {
      EXPECT_TRUE(properties("").contains(name)) << name;
      if (!value.is_object()) continue;
      EXPECT_EQ(properties(name, type).size(), value.size()) << name;
      for (const auto& [inner, unused] : value.items()) {
        EXPECT_TRUE(properties(name, type).contains(inner)) << inner;
      }
    }
    ++type;
  }
}

TEST(ConfigSchema, StatesRangesAndDefaults) {
  EXPECT_EQ(properties("training")["epochs"]["minimum"], 1);
  EXPECT_EQ(properties("training")["epochs"]["maximum"], 100'000);
  EXPECT_EQ(properties("training")["epochs"]["default"], 5);
  EXPECT_EQ(properties("optimizer")["learning_rate"]["exclusiveMinimum"], 0.0);
  EXPECT_EQ(properties("optimizer")["beta1"]["exclusiveMaximum"], 1.0);
  EXPECT_EQ(properties("optimizer", 1)["momentum"]["exclusiveMaximum"], 1.0);
  EXPECT_EQ(properties("optimizer", 1)["learning_rate"]["default"], 0.01);
  EXPECT_EQ(properties("")["threads"]["type"], ordered_json({"integer", "null"}));
  EXPECT_EQ(properties("data")["normalization"]["enum"],
            ordered_json({"standardize", "unit", "dataset", "none"}));
  EXPECT_EQ(properties("model", 0)["hidden"]["default"], ordered_json({256, 128}));
  EXPECT_EQ(properties("model", 1)["hidden"]["default"], 128);
  EXPECT_EQ(properties("model", 1)["type"]["enum"], ordered_json::array({"cnn"}));
}

TEST(ConfigKeys, AcceptTheirOwnDefaultsAndResetNothing) {
  for (const Key& key : experiment_keys()) {
    if (key.if_absent != IfAbsent::default_value) continue;
    EXPECT_TRUE(key.accepts(key.default_value())) << key.path();
    ExperimentConfig config;
    if (key.section == "model" && key.type == CnnConfig::kType) config.model = CnnConfig{};
    if (key.section == "optimizer" && key.type == SgdConfig::kType) config.optimizer = SgdConfig{};
    if (key.section == "model" && key.type == KnnConfig::kType) config.model = KnnConfig{};
    if (key.section == "model" && key.type == SvmConfig::kType) config.model = SvmConfig{};
    const ExperimentConfig before = config;
    key.set(config, key.default_value());
    EXPECT_EQ(config, before) << key.path();
  }
}

TEST(ConfigKeys, AllHaveAMeaning) {
  for (const Key& key : experiment_keys())
    EXPECT_THAT(key.meaning, ::testing::EndsWith(".")) << key.path();
}

TEST(ConfigReference, HasARowOfFourCellsForEveryKey) {
  const std::string all = config_reference_markdown();
  const std::string table = all.substr(0, all.find("\n\n") + 1);
  const auto rows = static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n'));
  EXPECT_EQ(rows, experiment_keys().size() + 2);
  EXPECT_EQ(std::count(table.begin(), table.end(), '|'), static_cast<std::ptrdiff_t>(5 * rows));
  EXPECT_THAT(table, HasSubstr("| `training.epochs` | integer 1 to 100000 | `5` |"));
  EXPECT_THAT(table,
              HasSubstr("| `model.hidden` (mlp) | list of 1 to 16 integers, each 1 to 65536 | "
                        "`[256,128]` |"));
  EXPECT_THAT(table, HasSubstr("| `threads` | integer 1 to 1024, or null | `null` |"));
  EXPECT_THAT(
      table,
      HasSubstr("| `model.type` | \"mlp\" or \"cnn\" or \"layers\" or \"knn\" or \"svm\" |"));
}

TEST(ConfigReference, NamesAKeyOfTwoOptimizersOnceAmongThoseOfNetworks) {
  const std::string all = config_reference_markdown();
  const std::size_t start = all.find("Only networks have");
  ASSERT_NE(start, std::string::npos);
  const std::string sentence = all.substr(start, all.find('\n', start) - start);
  const std::size_t first = sentence.find("`optimizer.learning_rate`");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(sentence.find("`optimizer.learning_rate`", first + 1), std::string::npos);
}

}  // namespace
}  // namespace mnist_bench
