#include "config/sweep.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "base/error.h"
#include "base/error_of.h"
#include "base/temporary_folder.h"
#include "config/write.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

class SweepTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  SweepConfig read(const std::string& text) { return read_sweep(write("sweep.json", text)); }
  std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      plan_sweep(read(text), overrides);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      return std::string(error.what()) + "\n" + error.remedy();
    }
    return "accepted";
  }
  void SetUp() override {
    write("mlp.json", R"({"model": {"type": "mlp"}})");
    write("cnn.json", R"({"model": {"type": "cnn"}})");
  }

  test::TemporaryFolder folder_;
};

TEST_F(SweepTest, IsEveryConfigWithEveryGridPointAndEverySeed) {
  const auto plan = plan_sweep(read(R"({
    "name": "tune", "configs": ["mlp.json", "cnn.json"], "seeds": [3, 1],
    "grid": {"optimizer.learning_rate": [0.001, 0.01]}, "output": "out/{name}"})"),
                               {"training.epochs=2"});
  ASSERT_EQ(plan.size(), 8U);
  EXPECT_EQ(plan[0].output, "out/tune/mlp/optimizer.learning_rate=0.001/seed-3");
  EXPECT_EQ(plan[1].seed, 1U);
  EXPECT_EQ(std::get<AdamConfig>(plan[2].optimizer).learning_rate, 0.01);
  EXPECT_EQ(plan[7].output, "out/tune/cnn/optimizer.learning_rate=0.01/seed-1");
  std::set<std::string> folders;
  for (const ExperimentConfig& config : plan) {
    EXPECT_EQ(config.training.epochs, 2);
    folders.insert(config.output);
  }
  EXPECT_EQ(folders.size(), 8U);
}

TEST_F(SweepTest, TakesItsNameFromTheFileAndSeedsAsARange) {
  const SweepConfig sweep = read(R"({"configs": ["mlp.json"], "seeds": {"from": 2, "to": 4}})");
  EXPECT_EQ(sweep.name, "sweep");
  EXPECT_EQ(sweep.output, "runs/sweep");
  EXPECT_THAT(sweep.seeds, ElementsAre(2, 3, 4));
  EXPECT_EQ(plan_sweep(sweep, {})[0].output, "runs/sweep/mlp/seed-2");
}

TEST_F(SweepTest, ShardsAreDisjointAndTogetherThePlan) {
  const auto plan =
      plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": {"from": 1, "to": 10}})"), {});
  std::multiset<std::uint64_t> seeds;
  for (const std::int64_t index : {1, 2, 3}) {
    for (const ExperimentConfig& config : shard_of(plan, index, 3)) seeds.insert(config.seed);
  }
  EXPECT_THAT(seeds, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(shard_of(plan, 2, 3).front().seed, 2U);
  EXPECT_TRUE(shard_of(plan, 11, 11).empty());
}

TEST_F(SweepTest, GridValuesOfAnyTypeMakeFolderNames) {
  const auto plan = plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": [1],
               "grid": {"model.hidden": [[512, 256]], "data.normalization": ["unit"]}})"),
                               {});
  EXPECT_EQ(plan[0].output, "runs/sweep/mlp/data.normalization=unit,model.hidden=_512,256_/seed-1");
  EXPECT_EQ(plan[0].data.normalization, Normalization::unit);
}

TEST_F(SweepTest, StringsKeepTheirWordsWithoutQuotes) {
  const auto plan = plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": [1],
               "grid": {"training.engine": ["libtorch", "native"], "data.directory": ["my/data"]}})"),
                               {});
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_THAT(plan[0].output, MatchesRegex("runs/sweep/mlp/data.directory=my_data_[0-9a-f]{8},"
                                           "training.engine=libtorch/seed-1"));
  EXPECT_THAT(plan[1].output, HasSubstr(",training.engine=native/seed-1"));
}

TEST_F(SweepTest, OtherSeedsReplaceTheFilesOwn) {
  const std::filesystem::path file =
      write("sweep.json", R"({"configs": ["mlp.json"], "seeds": [9]})");
  const auto seeds = [&](const std::string& text) {
    return read_sweep(file, std::nullopt, text).seeds;
  };
  using Seeds = std::vector<std::uint64_t>;
  EXPECT_EQ(seeds("3-5"), (Seeds{3, 4, 5}));
  EXPECT_EQ(seeds("5,1"), (Seeds{5, 1}));
  EXPECT_EQ(seeds("0"), (Seeds{0}));
  EXPECT_EQ(read_sweep(file).seeds, (Seeds{9}));
  EXPECT_EQ(test::error_of([&] { seeds("6-1"); })->remedy(), "did you mean 1-6?");
  for (const char* text : {"1-", "-1", "1-2-3", "1,,2", "a", "1 ,2", "1,", "1.5", "1e3", "+1",
                           "99999999999999999999"}) {
    EXPECT_THROW(seeds(text), Error) << text;
  }
  EXPECT_THROW(seeds("5-3"), Error);
  EXPECT_THROW(seeds("1,1"), Error);
}

TEST_F(SweepTest, VaryKeysTogetherThatStandTogether) {
  const auto plan = plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": [1], "grid": {
               "model.hidden,model.dropout": [[[8], 0], [[16, 4], 0.5]], "training.epochs": [1, 2]}})"),
                               {});
  ASSERT_EQ(plan.size(), 4U);
  EXPECT_EQ(std::get<MlpConfig>(plan[3].model), (MlpConfig{{16, 4}, 0.5}));
  EXPECT_EQ(plan[3].training.epochs, 2);
  EXPECT_THAT(
      plan[0].output,
      ::testing::EndsWith("/mlp/model.hidden=_8_,model.dropout=0,training.epochs=1/seed-1"));
}

TEST_F(SweepTest, ValuesThatAreNotTheSameNeverShareAFolder) {
  // All of these are folders that data.directory may name.
  const auto plan = plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": [1], "grid": {
      "data.directory": [null, "null", "a/b", "a_b", "a b", "a,b", "a=b", "\"a\"", "a", "_a_",
                         "1", "[1]", "..", "../..", "é", "ê"]}})"),
                               {});
  ASSERT_EQ(plan.size(), 16U);
  std::set<std::string> folders;
  for (const ExperimentConfig& config : plan) {
    folders.insert(config.output);
    EXPECT_THAT(config.output,
                MatchesRegex("runs/sweep/mlp/data.directory=[A-Za-z0-9._-]+/seed-1"));
  }
  EXPECT_EQ(folders.size(), 16U);
  EXPECT_EQ(plan[0].output, "runs/sweep/mlp/data.directory=null/seed-1");
  EXPECT_EQ(plan[3].output, "runs/sweep/mlp/data.directory=a_b/seed-1");
}

TEST_F(SweepTest, AFolderDoesNotDependOnTheGridsOtherValues) {
  const auto folder = [&](const std::string& values) {
    return plan_sweep(read(R"({"configs": ["mlp.json"], "seeds": [1], "grid": {
        "data.directory": [)" +
                           values + "]}}"),
                      {})[0]
        .output;
  };
  EXPECT_EQ(folder(R"("a/b")"), folder(R"("a/b", "a_b")"));
}

TEST_F(SweepTest, ConfigsAreFoundRelativeToTheSweepFile) {
  write("below/sweep.json", R"({"configs": ["../mlp.json"], "seeds": [1]})");
  EXPECT_EQ(plan_sweep(read_sweep(folder_.path() / "below/sweep.json"), {}).size(), 1U);
}

TEST_F(SweepTest, RefusesMistakesNamingTheirLocation) {
  const std::string good = R"("configs": ["mlp.json"], "seeds": [1])";
  EXPECT_THAT(refusal("[]"), HasSubstr("allowed: an object"));
  EXPECT_THAT(refusal(R"({"seeds": [1]})"), HasSubstr("/configs: missing"));
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"]})"), HasSubstr("/seeds: missing"));
  EXPECT_THAT(refusal(R"({"configs": [], "seeds": [1]})"), HasSubstr("/configs"));
  EXPECT_THAT(refusal(R"({"configs": [1], "seeds": [1]})"), HasSubstr("/configs/0"));
  EXPECT_THAT(refusal("{" + good + R"(, "sed": [1]})"), HasSubstr("did you mean \"seeds\"?"));
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"], "seeds": [1, -1]})"), HasSubstr("/seeds/1"));
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"], "seeds": [1, 1]})"), HasSubstr("seed 1 twice"));
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"], "seeds": {"from": 3, "to": 1}})"),
              HasSubstr("/seeds/to"));
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"], "seeds": {"from": 0, "to": 9000000000}})"),
              HasSubstr("at most"));
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"seed": [1]}})"), HasSubstr("own key \"seeds\""));
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"training.epochs": 3}})"),
              HasSubstr("/grid/training.epochs"));
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"training.epochs,seed": [[3, 1]]}})"),
              HasSubstr("own key \"seeds\""));
  EXPECT_THAT(
      refusal("{" + good +
              R"(, "grid": {"training.epochs": [1], "model.dropout,training.epochs": [[0, 2]]}})"),
      HasSubstr("the key training.epochs twice"));
  for (const char* value : {"3", "[3]", "[3,0,1]", "{}"}) {
    EXPECT_THAT(refusal(fmt::format(R"({{{}, "grid": {{"training.epochs,model.dropout": [{}]}}}})",
                                    good, value)),
                HasSubstr(fmt::format("/grid/training.epochs,model.dropout/0: found {}; allowed: a "
                                      "list of 2 values, one for each key",
                                      value)));
  }
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"training.epochs": [3, 3]}})"),
              HasSubstr("the value 3 twice"));
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"training.epoch": [3]}})"),
              HasSubstr("did you mean \"training.epochs\"?"));
  EXPECT_THAT(refusal("{" + good + R"(, "grid": {"model.dropout2d": [0.1]}})"),
              HasSubstr("belongs to model.type \"cnn\""));
  EXPECT_THAT(refusal("{" + good + R"(, "output": "x-{seed}"})"), HasSubstr("{seed}"));
  EXPECT_THAT(refusal("{" + good + R"(, "name": "../x"})"), HasSubstr("/name"));
  EXPECT_THAT(refusal(R"({"configs": ["none.json"], "seeds": [1]})"), HasSubstr("none.json"));
}

/// A list of the first `count` numbers from 1.
std::string numbers(int count) {
  std::string list = "[1";
  for (int i = 2; i <= count; ++i) list += "," + std::to_string(i);
  return list + "]";
}

TEST_F(SweepTest, HasAtMostAHundredThousandRuns) {
  const auto with = [](const std::string& seeds, const std::string& grid) {
    return R"({"configs": ["mlp.json"], "seeds": )" + seeds + R"(, "grid": {)" + grid + "}}";
  };
  EXPECT_EQ(plan_sweep(read(with(R"({"from": 1, "to": 100000})", "")), {}).size(), 100'000U);
  EXPECT_EQ(plan_sweep(read(with(numbers(100'000), "")), {}).size(), 100'000U);
  EXPECT_THAT(refusal(with(numbers(100'001), "")), HasSubstr("more than 100000 runs"));
  const std::string epochs = R"("training.epochs": )";
  EXPECT_THAT(refusal(with("[1, 2, 3]", epochs + numbers(33'334))), HasSubstr("seeds: 3"));
}

TEST_F(SweepTest, CountsRunsBeforeItMakesThem) {
  // 3.6 kB for 32 million, and 2^72, which no integer holds.
  std::string grid;
  for (const char* key : {"optimizer.learning_rate", "optimizer.epsilon", "optimizer.weight_decay",
                          "training.epochs", "training.batch_size"}) {
    grid += (grid.empty() ? "" : ", ") + ("\"" + std::string(key) + "\": ") + numbers(32);
  }
  const std::string start = R"({"configs": ["mlp.json"], "seeds": [1], "grid": {)";
  EXPECT_THAT(refusal(start + grid + "}}"), HasSubstr("training.epochs: 32"));
  std::string many;
  for (const char* key : {"optimizer.learning_rate", "optimizer.epsilon", "optimizer.weight_decay",
                          "training.epochs", "training.batch_size", "data.train_limit",
                          "data.test_limit", "model.hidden", "optimizer.beta1"}) {
    many += (many.empty() ? "" : ", ") + ("\"" + std::string(key) + "\": ") + numbers(256);
  }
  EXPECT_THAT(refusal(start + many + "}}"), HasSubstr("more than 100000 runs"));
}

TEST_F(SweepTest, RefusesAGridOfMoreKeysThanThereAre) {
  std::string grid;
  for (int i = 0; i < 50'000; ++i) {
    grid += (i == 0 ? "\"k" : ", \"k") + std::to_string(i) + "\": [1]";
  }
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json"], "seeds": [1], "grid": {)" + grid + "}}"),
              HasSubstr("50000 keys"));
}

TEST_F(SweepTest, WarnsOnceOfEachModelThatNoSeedChanges) {
  write("knn.json", R"({"model": {"type": "knn"}})");
  const std::string configs =
      R"({"configs": ["mlp.json", {"config": "knn.json", "grid": {"model.k": [1, 3]}}], )";
  EXPECT_THAT(seed_warnings(plan_sweep(read(configs + R"("seeds": [1, 2, 3]})"), {})),
              ElementsAre(HasSubstr("knn: a seed changes nothing with model.type \"knn\"")));
  EXPECT_THAT(seed_warnings(plan_sweep(read(configs + R"("seeds": [1]})"), {})), IsEmpty());
}

TEST_F(SweepTest, RefusesTwoConfigsOfOneName) {
  write("other.json", R"({"name": "mlp", "model": {"type": "mlp", "dropout": 0.5}})");
  EXPECT_THAT(refusal(R"({"configs": ["mlp.json", "other.json"], "seeds": [1]})"),
              HasSubstr("would both write to"));
}

TEST_F(SweepTest, RefusesOverridesOfWhatItSetsItself) {
  const std::string sweep =
      R"({"configs": ["mlp.json"], "seeds": [1], "grid": {"training.epochs": [1, 2]}})";
  EXPECT_THAT(refusal(sweep, {"seed=3"}), HasSubstr("change \"seeds\" in the sweep file"));
  EXPECT_THAT(refusal(sweep, {"output=x"}), HasSubstr("use --output DIR"));
  EXPECT_THAT(refusal(sweep, {"training.epochs=3"}), HasSubstr("in the sweep's grid"));
}

}  // namespace
}  // namespace mnist_bench
