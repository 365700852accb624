#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "config/config_text.h"
#include "config/read.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kMlp =
    R"({"name": "m", "model": {"type": "mlp"}, "data": {"train_limit": 5}})";

ExperimentConfig with(const std::vector<std::string>& overrides) {
  return parse_experiment(kMlp, "test.json", overrides);
}

std::string refusal(const std::vector<std::string>& overrides) {
  return config_refusal(kMlp, overrides);
}

TEST(Overrides, SetKeysOfEveryType) {
  const ExperimentConfig config =
      with({"seed=3", "optimizer.learning_rate=0.5", "training.epochs=1", "device=cpu",
            "data.normalization=unit", "model.hidden=[128,64]", "threads=2",
            "training.engine=libtorch"});
  EXPECT_EQ(config.seed, 3);
  EXPECT_EQ(std::get<AdamConfig>(config.optimizer).learning_rate, 0.5);
  EXPECT_EQ(config.training.epochs, 1);
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.data.normalization, Normalization::unit);
  EXPECT_EQ(std::get<MlpConfig>(config.model).hidden, (std::vector<std::int64_t>{128, 64}));
  EXPECT_EQ(config.threads, 2);
}

TEST(Overrides, ReplaceWhatTheFileSays) {
  EXPECT_EQ(with({}).data.train_limit, 5);
  EXPECT_EQ(with({"data.train_limit=6"}).data.train_limit, 6);
  EXPECT_EQ(with({"data.train_limit=null"}).data.train_limit, std::nullopt);
  EXPECT_EQ(
      parse_experiment(R"({"name": "m", "model": {"type": "mlp"}, "seed": -1})", "x", {"seed=1"})
          .seed,
      1);
}

TEST(Overrides, TakeTheTextOfAStringAsItIs) {
  EXPECT_EQ(with({"data.directory=/x y"}).data.directory, "/x y");
  EXPECT_EQ(with({"data.directory=a=b // c"}).data.directory, "a=b // c");
  EXPECT_EQ(with({"data.directory=3"}).data.directory, "3");
  EXPECT_EQ(with({"name=null"}).name, "null");
  EXPECT_EQ(with({"name=true"}).name, "true");
  EXPECT_EQ(with({"output=runs/{seed}"}).output, "runs/{seed}");
}

TEST(Overrides, TakeAJsonStringInQuotes) {
  EXPECT_EQ(with({R"(name="abc")"}).name, "abc");
  EXPECT_EQ(with({R"(data.directory="\u0041\"")"}).data.directory, "A\"");
  EXPECT_EQ(with({R"(data.directory="null")"}).data.directory, "null");
  EXPECT_THAT(refusal({R"(data.directory="abc)"}),
              StartsWith(R"(data.directory="abc: line 1, column )"));
  EXPECT_THAT(refusal({R"(data.directory="a\u0000b")"}), HasSubstr("NUL in a string"));
}

TEST(Overrides, TakeNullForOptionalStrings) {
  EXPECT_EQ(with({"data.directory=null"}).data.directory, std::nullopt);
}

TEST(Overrides, ChangeTheTypeOfTheModel) {
  EXPECT_EQ(std::get<CnnConfig>(with({"model.type=cnn"}).model), CnnConfig{});
  EXPECT_EQ(
      std::get<CnnConfig>(with({"model.conv1_channels=8", "model.type=cnn"}).model).conv1_channels,
      8);
  EXPECT_EQ(
      config_refusal(R"({"name": "c", "model": {"type": "cnn", "dropout2d": 0.1}})",
                     {"model.type=mlp"}),
      "test.json: /model/dropout2d: belongs to model.type \"cnn\", but model.type is \"mlp\"; "
      "allowed: type, hidden, dropout, initialization");
  EXPECT_THAT(
      config_refusal(R"({"name": "c", "model": {"type": "cnn", "hidden": 5}})", {"model.type=mlp"}),
      HasSubstr("test.json: /model/hidden: found 5; allowed: list of 1 to 16"));
  EXPECT_THAT(
      refusal({"model.conv1_channels=8"}),
      StartsWith("model.conv1_channels=8: /model/conv1_channels: belongs to model.type \"cnn\""));
}

TEST(Overrides, SupplyWhatTheFileLacks) {
  EXPECT_TRUE(std::holds_alternative<CnnConfig>(
      parse_experiment("{}", "a.json", {"model.type=cnn"}).model));
}

TEST(Overrides, NameThemselvesInErrors) {
  EXPECT_EQ(refusal({"training.epochs=0"}),
            "training.epochs=0: /training/epochs: found 0; allowed: integer 1 to 100000");
  EXPECT_THAT(refusal({"data.dataset=kmnist"}), StartsWith("data.dataset=kmnist: /data/dataset:"));
  EXPECT_THAT(refusal({"name=../x"}), StartsWith("name=../x: /name: found \"../x\""));
}

TEST(Overrides, RejectValuesThatAreNotOfTheKeysType) {
  for (const char* value :
       {"", " ", "abc", "3.0", "1e3", "true", "\"3\"", "[1", "1e400", "NaN", "1 2", "{}"}) {
    const std::string text = std::string("training.epochs=") + value;
    EXPECT_THAT(refusal({text}), StartsWith(text + ": /training/epochs: found")) << value;
  }
  EXPECT_THAT(refusal({"training.epochs=null"}), HasSubstr("found null"));
  EXPECT_THAT(refusal({"optimizer.learning_rate="}), HasSubstr("found \"\"; allowed: number > 0"));
  EXPECT_THAT(refusal({"model.hidden=128,64"}), AllOf(HasSubstr("found \"128,64\"; allowed: list"),
                                                      HasSubstr("; write it as [256,128]")));
  EXPECT_THAT(refusal({"model.hidden=" + std::string(100'000, '[')}), HasSubstr("allowed: list"));
  EXPECT_THAT(refusal({"name="}), HasSubstr("/name: found \"\""));
}

TEST(Overrides, RejectUnknownKeysNamingTheNearest) {
  EXPECT_EQ(refusal({"training.epoch=1"}),
            "training.epoch=1: /training/epoch: unknown key; did you mean \"training.epochs\"?");
  EXPECT_THAT(refusal({"epochs=1"}), HasSubstr("did you mean \"training.epochs\"?"));
  EXPECT_THAT(refusal({"trainng.epochz=1"}), HasSubstr("did you mean \"training.epochs\"?"));
  EXPECT_THAT(refusal({"training.epochs.x=1"}), HasSubstr("unknown key"));
  EXPECT_THAT(refusal({"zzzzzzzz=1"}), HasSubstr("allowed: name, seed"));
  EXPECT_THAT(refusal({"=1"}), HasSubstr("unknown key"));
  EXPECT_THAT(refusal({".=1"}), HasSubstr("dot too many"));
  EXPECT_THAT(refusal({"$schema=x"}), HasSubstr("unknown key"));
}

TEST(Overrides, NameOnlyTheKeysOfTheChosenType) {
  EXPECT_EQ(refusal({"optimizer.xyz=1", "optimizer.type=sgd"}),
            "optimizer.xyz=1: /optimizer/xyz: unknown key; allowed: type, learning_rate, momentum, "
            "nesterov, weight_decay");
  EXPECT_THAT(refusal({"optimizer.xyz=1"}),
              HasSubstr("allowed: type, learning_rate, beta1, beta2, epsilon, weight_decay"));
  EXPECT_THAT(refusal({"optimizer.lr=1", "optimizer.type=sgd"}),
              HasSubstr("did you mean \"optimizer.learning_rate\"?"));
  EXPECT_THAT(refusal({"data.xyz=1", "model.type=knn"}), Not(HasSubstr("normalization")));
  EXPECT_THAT(refusal({"training.xyz=1", "model.type=knn"}),
              HasSubstr("allowed: name, seed, device, threads, data, model, output"));
  EXPECT_THAT(config_refusal(R"({"name": "m", "model": {"xyz": 1}})"),
              AllOf(HasSubstr("hidden"), HasSubstr("gamma")));
}

TEST(Overrides, SuggestAKeyThatBeginsAlike) {
  EXPECT_THAT(refusal({"data.validate=5"}), HasSubstr("did you mean \"data.validation\"?"));
  EXPECT_THAT(refusal({"training.augmentation=[]"}),
              HasSubstr("did you mean \"training.augment\"?"));
}

TEST(Overrides, SuggestTheNearestChoice) {
  EXPECT_EQ(refusal({"optimizer.type=SGD"}),
            "optimizer.type=SGD: /optimizer/type: found \"SGD\"; allowed: \"adam\" or \"sgd\"; did "
            "you mean \"sgd\"?");
  EXPECT_THAT(refusal({"model.type=KNN"}), HasSubstr("did you mean \"knn\"?"));
  EXPECT_THAT(refusal({"model.type=resnet"}), Not(HasSubstr("did you mean")));
}

TEST(Overrides, SayHowToWriteAWholeNumber) {
  EXPECT_EQ(refusal({"training.steps=1e3"}),
            "training.steps=1e3: /training/steps: found 1000.0; allowed: integer 1 to 1000000000, "
            "or null; write 1000");
  EXPECT_THAT(refusal({"model.hidden=[256.0,128]"}), HasSubstr("; write [256,128]"));
  for (const char* other : {"training.steps=1e10", "training.steps=1.5", "training.steps=1e300"}) {
    EXPECT_THAT(refusal({other}), Not(HasSubstr("write")));
  }
  EXPECT_THAT(refusal({R"(data.transform=[{"type": "resize", "rows": 14.0, "columns": 14}])"}),
              HasSubstr("; write 14"));
}

TEST(Overrides, RejectAWholeSectionNamingItsKeys) {
  EXPECT_THAT(refusal({"training={}"}),
              HasSubstr("allowed: training.epochs, training.steps, training.batch_size, "
                        "training.augment, training.engine, training.evaluate_every"));
}

TEST(Overrides, ExplainTheirForm) {
  EXPECT_THAT(refusal({"training.epochs"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refusal({""}), HasSubstr("KEY=VALUE"));
}

TEST(Overrides, RejectTheSameKeyTwice) {
  EXPECT_EQ(refusal({"seed=1", "seed=1"}), "seed=1: /seed: overridden twice");
}

TEST(Overrides, RejectBytesThatAreNotUtf8AndNul) {
  EXPECT_THAT(refusal({"data.directory=\xff"}), StartsWith("data.directory=\\xff:"));
  EXPECT_THAT(refusal({std::string("data.directory=a\0b", 18)}), HasSubstr("NUL"));
}

TEST(Overrides, LeaveTheFilesMistakesToBeReported) {
  EXPECT_THAT(config_refusal(R"({"data": 3})", {"data.train_limit=1"}),
              StartsWith("test.json: /data: found 3"));
  EXPECT_THAT(config_refusal(R"({"data": null})", {"data.train_limit=1"}),
              StartsWith("test.json: /data: found null"));
  EXPECT_THAT(config_refusal("[]", {"seed=1"}), StartsWith("test.json: top level: found []"));
}

}  // namespace
}  // namespace mnist_bench
