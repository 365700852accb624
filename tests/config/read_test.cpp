#include "config/read.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>

#include "base/temporary_folder.h"
#include "config/config_text.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kMinimalMlp = R"({"name": "m", "model": {"type": "mlp"}})";
constexpr std::string_view kMinimalCnn = R"({"name": "c", "model": {"type": "cnn"}})";

class ReadExperiment : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  std::string refusal(const std::filesystem::path& file) const {
    return refusal_of([&] { read_experiment(file); });
  }

  test::TemporaryFolder folder_;
};

TEST_F(ReadExperiment, ReadsAFile) {
  EXPECT_EQ(read_experiment(write("a.json", kMinimalMlp)), parse(kMinimalMlp));
}

TEST_F(ReadExperiment, AppliesOverridesToAFile) {
  EXPECT_EQ(read_experiment(write("a.json", kMinimalMlp), {"seed=3"}).seed, 3);
}

TEST_F(ReadExperiment, TakesAnAbsentNameFromTheFile) {
  EXPECT_EQ(read_experiment(write("my-mlp.v2.json", R"({"model": {"type": "mlp"}})")).name,
            "my-mlp.v2");
}

TEST_F(ReadExperiment, AsksForANameWhenTheFilesNameIsNotValid) {
  const auto file = write("my mlp.json", R"({"model": {"type": "mlp"}})");
  EXPECT_THAT(refusal(file),
              AllOf(StartsWith(file.string() + ": /name: missing"), HasSubstr("my mlp")));
}

TEST_F(ReadExperiment, NamesTheFileInErrors) {
  const auto file = write("a.json", config_with("training", R"("epochs": 0)"));
  EXPECT_EQ(refusal(file),
            file.string() + ": /training/epochs: found 0; allowed: integer 1 to 100000");
}

TEST_F(ReadExperiment, AcceptsOneMebibyteAndNotAByteMore) {
  const std::size_t limit = 1 << 20;
  std::string text(kMinimalMlp);
  text.resize(limit, ' ');
  EXPECT_NO_THROW(read_experiment(write("a.json", text)));
  EXPECT_THAT(refusal(write("b.json", text + " ")), HasSubstr("b.json"));
}

TEST_F(ReadExperiment, RefusesWhatIsNotAReadableFile) {
  EXPECT_THAT(refusal(folder_ / "missing.json"), HasSubstr("missing.json"));
  EXPECT_THAT(refusal(folder_.path()), HasSubstr(folder_.path().string()));
  EXPECT_THAT(refusal(write("empty.json", "")), HasSubstr("empty.json"));
}

TEST_F(ReadExperiment, AcceptsEveryShippedConfig) {
  const auto configs = std::filesystem::path(MNIST_BENCH_SOURCE) / "configs";
  for (const char* type : {"mlp", "cnn"}) {
    const ExperimentConfig config = read_experiment(configs / fmt::format("{}.json", type));
    // What the shipped files spell out is what the structs have anyway: the paper's values.
    ExperimentConfig paper = parse(type == std::string_view("mlp") ? kMinimalMlp : kMinimalCnn);
    paper.name = type;
    EXPECT_EQ(config, paper);
  }
  const ExperimentConfig smoke = read_experiment(configs / "smoke.json");
  EXPECT_EQ(smoke.data.train_limit, 2'000);
  EXPECT_EQ(smoke.data.test_limit, 1'000);
  EXPECT_EQ(smoke.training.epochs, 1);
  EXPECT_TRUE(std::holds_alternative<MlpConfig>(smoke.model));
}

TEST(ExperimentConfig, HasThePapersDefaults) {
  ExperimentConfig expected;
  expected.name = "m";
  expected.model = MlpConfig{};
  EXPECT_EQ(parse(kMinimalMlp), expected);
  expected.name = "c";
  expected.model = CnnConfig{};
  EXPECT_EQ(parse(kMinimalCnn), expected);
}

TEST(ExperimentConfig, ReadsEveryKeyOfAnMlp) {
  const ExperimentConfig config = parse(R"({
    "name": "x", "seed": 7, "device": "cuda:1", "threads": 4, "output": "/tmp/{seed}/{name}",
    "data": {"dataset": "fashion-mnist", "directory": "a b/ü", "normalization": "unit",
             "train_limit": 10, "test_limit": 20},
    "model": {"type": "mlp", "hidden": [3, 2, 1], "dropout": 0.5},
    "optimizer": {"type": "adam", "learning_rate": 0.01, "beta1": 0.8, "beta2": 0.99,
                  "epsilon": 1e-7, "weight_decay": 1e-4},
    "training": {"epochs": 2, "batch_size": 32, "engine": "libtorch"}})");
  EXPECT_EQ(config.name, "x");
  EXPECT_EQ(config.seed, 7);
  EXPECT_EQ(config.device, "cuda:1");
  EXPECT_EQ(config.threads, 4);
  EXPECT_EQ(config.output, "/tmp/{seed}/{name}");
  EXPECT_EQ(config.data, (DataConfig{"fashion-mnist", "a b/ü", Normalization::unit, {}, 10, 20}));
  EXPECT_EQ(std::get<MlpConfig>(config.model), (MlpConfig{{3, 2, 1}, 0.5}));
  EXPECT_EQ(std::get<AdamConfig>(config.optimizer), (AdamConfig{0.01, 0.8, 0.99, 1e-7, 1e-4}));
  EXPECT_EQ(config.training, (TrainingConfig{2, 32}));
}

TEST(ExperimentConfig, ReadsEveryKeyOfACnn) {
  const ExperimentConfig config = parse(
      R"({"name": "x", "model": {"dropout": 0.1, "dropout2d": 0.3, "hidden": 5, "conv2_channels": 6,
          "conv1_channels": 7, "type": "cnn"}})");
  EXPECT_EQ(std::get<CnnConfig>(config.model), (CnnConfig{7, 6, 5, 0.3, 0.1}));
}

TEST(ExperimentConfig, ReadsNullAsAbsent) {
  const ExperimentConfig config = parse(
      R"({"name": "m", "threads": null, "model": {"type": "mlp"},
          "data": {"directory": null, "train_limit": null, "test_limit": null}})");
  EXPECT_EQ(config, parse(kMinimalMlp));
}

TEST(ExperimentConfig, AcceptsCommentsAndTheSchemaOfEditors) {
  EXPECT_EQ(parse(R"(// comment
                     {"$schema": "x", "name": "m", /* ... */ "model": {"type": "mlp"}})"),
            parse(kMinimalMlp));
  EXPECT_THAT(config_refusal(config_with("", R"("$schema": 1)")), HasSubstr("/$schema: found 1"));
}

TEST(ExperimentConfig, RejectsATopLevelThatIsNotAnObject) {
  for (const char* text : {"[]", "3", "null", "\"x\""}) {
    EXPECT_THAT(config_refusal(text), StartsWith("test.json: top level: found"));
  }
}

TEST(ExperimentConfig, RejectsASectionThatIsNotAnObject) {
  for (const char* section : {"data", "optimizer", "training"}) {
    for (const char* value : {"null", "3", "[]", "\"x\""}) {
      EXPECT_THAT(config_refusal(config_with("", fmt::format(R"("{}": {})", section, value))),
                  HasSubstr(fmt::format("/{}: found {}; allowed: an object", section, value)));
    }
  }
  EXPECT_THAT(config_refusal(R"({"name": "m", "model": "mlp"})"),
              HasSubstr("/model: found \"mlp\""));
}

TEST(ExperimentConfig, RejectsUnknownKeyNamingItsPathAndTheNearest) {
  EXPECT_EQ(config_refusal(config_with("training", R"("epoch": 3)")),
            "test.json: /training/epoch: unknown key (found 3); did you mean \"training.epochs\"?");
  EXPECT_THAT(config_refusal(config_with("", R"("sed": 3)")), HasSubstr("did you mean \"seed\"?"));
  EXPECT_THAT(config_refusal(config_with("", R"("trainig": {})")),
              HasSubstr("did you mean \"training\"?"));
  EXPECT_THAT(config_refusal(config_with("model", R"("hiden": [1])")),
              HasSubstr("did you mean \"model.hidden\"?"));
}

TEST(ExperimentConfig, PointsFromAMisplacedKeyToItsPlace) {
  EXPECT_THAT(config_refusal(config_with("", R"("learning_rate": 0.1)")),
              HasSubstr("did you mean \"optimizer.learning_rate\"?"));
  EXPECT_THAT(config_refusal(config_with("", R"("data.train_limit": 5)")),
              AllOf(HasSubstr("/data.train_limit: unknown key")));
}

TEST(ExperimentConfig, ListsTheKeysWhenNoneIsNear) {
  EXPECT_THAT(config_refusal(config_with("training", R"("zzzzzz": 3)")),
              HasSubstr("allowed: epochs, steps, batch_size, augment, engine, evaluate_every"));
  EXPECT_THAT(config_refusal(config_with("", R"("zzzzzz": 3)")),
              HasSubstr("allowed: name, seed, device"));
}

TEST(ExperimentConfig, RejectsDuplicateKeys) {
  EXPECT_THAT(config_refusal(config_with("training", R"("epochs": 3, "epochs": 3)")),
              HasSubstr("test.json: /training/epochs: duplicate key"));
}

TEST(ExperimentConfig, RequiresTheTypeOfTheModel) {
  for (const char* text : {"{}", R"({"model": {}})", R"({"model": {"hidden": 3}})"}) {
    EXPECT_THAT(config_refusal(text),
                HasSubstr(R"(test.json: /model/type: missing; allowed: "mlp" or "cnn")"));
  }
  for (const char* value : {"null", "1", "\"MLP\"", "\"\"", "[\"mlp\"]"}) {
    EXPECT_THAT(config_refusal(fmt::format(R"({{"model": {{"type": {}}}}})", value)),
                HasSubstr(fmt::format("/model/type: found {}", value)));
  }
}

TEST(ExperimentConfig, RejectsKeysOfTheOtherModel) {
  for (const char* key : {"conv1_channels", "conv2_channels", "dropout2d"}) {
    EXPECT_EQ(config_refusal(config_with("model", fmt::format(R"("{}": 1)", key), "mlp")),
              fmt::format("test.json: /model/{}: belongs to model.type \"cnn\", but model.type is "
                          "\"mlp\"; allowed: type, hidden, dropout, "
                          "initialization",
                          key));
  }
  EXPECT_THAT(config_refusal(config_with("model", R"("hidden": 128)", "layers")),
              HasSubstr(R"(belongs to model.type "mlp" or "cnn", but model.type is "layers")"));
  EXPECT_THAT(config_refusal(config_with("model", R"("hidden": 128)", "mlp")),
              HasSubstr("list of 1 to 16"));
  EXPECT_THAT(config_refusal(config_with("model", R"("hidden": [128])", "cnn")),
              HasSubstr("integer 1 to 65536 (model.type is \"cnn\")"));
}

TEST(ExperimentConfig, ReadsTheSettingsOfSgd) {
  const auto sgd = [](const char* keys) {
    const std::string optimizer = fmt::format(R"("type": "sgd"{})", keys);
    return std::get<SgdConfig>(parse(config_with("optimizer", optimizer)).optimizer);
  };
  EXPECT_EQ(sgd(""), (SgdConfig{0.01, 0.0, false, 0.0}));
  EXPECT_EQ(sgd(R"(, "learning_rate": 0.1, "momentum": 0.9, "nesterov": true, "weight_decay": 5)"),
            (SgdConfig{0.1, 0.9, true, 5.0}));
}

TEST(ExperimentConfig, RejectsNesterovsMomentumWithoutAMomentum) {
  EXPECT_THAT(config_refusal(config_with("optimizer", R"("type": "sgd", "nesterov": true)")),
              HasSubstr("/optimizer/nesterov: found true, but optimizer.momentum is 0; set a "
                        "momentum, such as 0.9"));
}

TEST(ExperimentConfig, RejectsTheSettingsOfTheOtherOptimizerByName) {
  EXPECT_THAT(config_refusal(config_with("optimizer", R"("type": "sgd", "beta1": 0.9)")),
              HasSubstr("/optimizer/beta1: belongs to optimizer.type \"adam\", but "
                        "optimizer.type is \"sgd\"; allowed: type, learning_rate, momentum, "
                        "nesterov, weight_decay"));
  EXPECT_THAT(config_refusal(config_with("optimizer", R"("momentum": 0.9)")),
              HasSubstr("/optimizer/momentum: belongs to optimizer.type \"sgd\""));
}

TEST(ExperimentConfig, AllowsTwoOptimizersAndTwoEngines) {
  EXPECT_THAT(config_refusal(config_with("optimizer", R"("type": "lion")")),
              HasSubstr(R"(/optimizer/type: found "lion"; allowed: "adam" or "sgd")"));
  EXPECT_THAT(config_refusal(config_with("model", R"("initialization": "zero")")),
              HasSubstr(R"(found "zero"; allowed: "he" or "pytorch" or "xavier")"));
  EXPECT_THAT(config_refusal(config_with("training", R"("engine": "tpu")")),
              HasSubstr(R"(/training/engine: found "tpu"; allowed: "libtorch" or "native")"));
  EXPECT_THAT(
      config_refusal(config_with("data", R"("normalization": "mean")")),
      HasSubstr(R"(found "mean"; allowed: "standardize" or "unit" or "dataset" or "none")"));
}

TEST(ExperimentConfig, NamesWhatIsWrongWithATransform) {
  const auto refusal_with = [](const char* list) {
    return config_refusal(config_with("data", fmt::format(R"("transform": {})", list)));
  };
  EXPECT_THAT(refusal_with(R"([{"type": "rotate", "degrees": 15}, {"type": "rotat"}])"),
              HasSubstr("/data/transform/1/type: found \"rotat\"; did you mean \"rotate\"?"));
  EXPECT_THAT(refusal_with(R"([{"type": "rotate", "degree": 15}])"),
              HasSubstr("/data/transform/0/degree: unknown key"));
  EXPECT_THAT(refusal_with(R"([{"type": "rotate"}])"),
              HasSubstr("/data/transform/0/degrees: missing"));
  EXPECT_THAT(refusal_with(R"([{"type": "rotate", "degrees": 361}])"),
              HasSubstr("/data/transform/0/degrees: found 361; allowed: number ≥ -360 and ≤ 360"));
  EXPECT_THAT(refusal_with(R"("transpose")"),
              HasSubstr(R"(write it as [{"type": "rotate", "degrees": 15}])"));
}

TEST(ExperimentConfig, NamesWhatIsWrongWithAnAugmentation) {
  const auto refusal_with = [](const char* list) {
    return config_refusal(config_with("training", fmt::format(R"("augment": {})", list)));
  };
  EXPECT_THAT(refusal_with(R"([{"type": "affine"}, {"type": "afine"}])"),
              HasSubstr("/training/augment/1/type: found \"afine\"; did you mean \"affine\"?"));
  EXPECT_THAT(refusal_with(R"("affine")"),
              HasSubstr("allowed: list of at most 16 augmentations; write it as "
                        R"([{"type": "affine", "shift": 2}])"));
  EXPECT_THAT(refusal_with("null"), HasSubstr("/training/augment: found null"));
}

TEST(ExperimentConfig, ReadsTheKeysOfKnnAndSvm) {
  const auto knn = std::get<KnnConfig>(
      parse(config_with("model", R"("k": 7, "weights": "distance")", "knn")).model);
  EXPECT_EQ(knn, (KnnConfig{.k = 7, .weights = VoteWeights::distance}));
  const auto svm = std::get<SvmConfig>(
      parse(config_with("model", R"("kernel": "rbf", "C": 2, "gamma": 0.5)", "svm")).model);
  EXPECT_EQ(svm, (SvmConfig{.kernel = SvmKernel::rbf, .C = 2, .gamma = 0.5}));
}

TEST(ExperimentConfig, RefusesWhatOnlyNetworksHaveWhateverItsPlaceInTheFile) {
  for (const auto& [section, member] :
       std::vector<std::pair<std::string, std::string>>{{"training", R"("epochs": 3)"},
                                                        {"optimizer", R"("type": "adam")"},
                                                        {"data", R"("normalization": "unit")"}}) {
    EXPECT_THAT(config_refusal(config_with(section, member, "knn")),
                HasSubstr(R"(belongs to networks, but model.type is "knn"; leave it out)"));
  }
}

TEST(ExperimentConfig, KnowsNoGammaOfTheLinearKernel) {
  const std::string linear = R"("kernel": "linear", "gamma": )";
  EXPECT_NO_THROW(parse(config_with("model", linear + "null", "svm")));
  EXPECT_THAT(config_refusal(config_with("model", linear + "0.1", "svm")),
              HasSubstr("the linear kernel has no γ"));
}

TEST(ExperimentConfig, KeepsMessagesShort) {
  const std::string long_text(500'000, 'x');
  EXPECT_LT(config_refusal(config_with("", fmt::format(R"("seed": "{}")", long_text))).size(), 400);
  EXPECT_LT(config_refusal(config_with("", fmt::format(R"("{}": 1)", long_text))).size(), 600);
}

}  // namespace
}  // namespace mnist_bench
