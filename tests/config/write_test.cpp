#include "config/write.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "base/sha256.h"
#include "config/config_text.h"
#include "config/read.h"

namespace mnist_bench {
namespace {

using nlohmann::ordered_json;

constexpr const char* kResolvedCnn = R"({
  "name": "cnn",
  "seed": 1,
  "device": "auto",
  "threads": null,
  "data": { "dataset": "mnist", "directory": null, "normalization": "standardize", "transform": [],
            "train_limit": null, "test_limit": null, "validation": null, "class_names": null },
  "model": { "type": "cnn", "conv1_channels": 32, "conv2_channels": 64, "hidden": 128,
             "dropout2d": 0.25, "dropout": 0.5, "initialization": "he" },
  "optimizer": { "type": "adam", "learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999,
                 "epsilon": 1e-8, "weight_decay": 0.0 },
  "training": { "epochs": 5, "steps": null, "batch_size": 64, "augment": [], "engine": "libtorch",
                "evaluate_every": 1 },
  "output": "runs/{name}/seed-{seed}"
})";

ExperimentConfig parse_cnn(const std::string& text) { return parse_experiment(text, "cnn.json"); }

/// Every field differs from its default.
ExperimentConfig unusual() {
  ExperimentConfig config;
  config.name = "unusual";
  config.seed = std::numeric_limits<std::int64_t>::max();
  config.device = "cuda:3";
  config.threads = 7;
  config.data = {"kmnist",
                 "a \"b\"/ü",
                 Normalization::unit,
                 parse_spec("rotate:degrees=1e-5+permute_pixels:seed=9223372036854775807", "test"),
                 11,
                 12,
                 13,
                 ClassNames{"T-shirt/top", "Ü"}};
  config.initialization = Initialization::xavier;
  config.model = MlpConfig{{5, 4, 3}, 0.1 + 0.2};
  config.optimizer = AdamConfig{1.0 / 3.0, 0.1, 0.2, 5e-324, 1e300};
  config.training = {9, 17, {}, Engine::native, std::nullopt, 3};
  config.output = "/tmp/{seed}";
  return config;
}

TEST(ResolvedConfig, HasEveryKeyInTheDesignsOrder) {
  EXPECT_EQ(to_json(parse_cnn(R"({"model": {"type": "cnn"}})")).dump(2),
            ordered_json::parse(kResolvedCnn).dump(2));
}

TEST(ResolvedConfig, HasTheMlpsKeysForAnMlp) {
  EXPECT_EQ(to_json(parse_cnn(R"({"model": {"type": "mlp"}})"))["model"].dump(),
            R"({"type":"mlp","hidden":[256,128],"dropout":0.2,"initialization":"he"})");
}

TEST(ResolvedConfig, ReadsBackAsTheSameConfig) {
  ExperimentConfig cnn = unusual();
  cnn.model = CnnConfig{1, 2, 3, 0.75, 1.0 / 7.0};
  ExperimentConfig sgd = unusual();
  sgd.optimizer = SgdConfig{1.0 / 3.0, 0.9, true, 0.1};
  sgd.training.epochs = TrainingConfig{}.epochs;
  sgd.training.steps = 7;
  for (const ExperimentConfig& config :
       {unusual(), cnn, sgd, parse_cnn(R"({"model": {"type": "cnn"}})")}) {
    EXPECT_EQ(parse_experiment(to_json(config).dump(), "x"), config);
    EXPECT_EQ(parse_experiment(to_json(config).dump(2), "x"), config);
  }
}

TEST(ConfigHash, IsThatOfTheSortedCompactJson) {
  EXPECT_EQ(
      config_hash(parse_cnn(R"({"model": {"type": "cnn"}})")),
      sha256_hex(R"({"data":{"dataset":"mnist","directory":null,"normalization":"standardize",)"
                 R"("test_limit":null,"train_limit":null},"model":{"conv1_channels":32,)"
                 R"("conv2_channels":64,"dropout":0.5,"dropout2d":0.25,"hidden":128,"type":"cnn"},)"
                 R"("name":"cnn","optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,)"
                 R"("learning_rate":0.001,"type":"adam","weight_decay":0.0},)"
                 R"("training":{"batch_size":64,"engine":"libtorch","epochs":5}})"));
}

TEST(ConfigHash, IgnoresWhatDoesNotDefineTheExperiment) {
  ExperimentConfig other = unusual();
  other.seed = 2;
  other.output = "elsewhere";
  other.threads.reset();
  other.device = "cpu";
  other.data.class_names.reset();
  EXPECT_EQ(config_hash(other), config_hash(unusual()));
}

TEST(ConfigHash, ChangesWithEverythingElse) {
  const std::string hash = config_hash(unusual());
  const auto changed = [&](auto change) {
    ExperimentConfig config = unusual();
    change(config);
    return config_hash(config) != hash;
  };
  EXPECT_TRUE(changed([](auto& c) { c.name = "x"; }));
  EXPECT_TRUE(changed([](auto& c) { c.data.train_limit = 1; }));
  EXPECT_TRUE(changed([](auto& c) { c.data.normalization = Normalization::dataset; }));
  EXPECT_TRUE(changed([](auto& c) { c.model = CnnConfig{}; }));
  EXPECT_TRUE(changed([](auto& c) { std::get<AdamConfig>(c.optimizer).beta1 = 0.5; }));
  EXPECT_TRUE(changed([](auto& c) { c.training.batch_size = 1; }));
}

TEST(ConfigHash, OfAConfigIsThatOfVersion010WithTheDefaultsOfYoungerKeys) {
  const std::string plain = config_hash(parse_cnn(R"({"model": {"type": "cnn"}})"));
  const auto hash_with = [](const char* key) {
    return config_hash(parse_experiment(R"({"model": {"type": "cnn"}})", "cnn.json", {key}));
  };
  for (const char* key : {"model.initialization=he", "data.validation=null", "training.steps=null",
                          "training.evaluate_every=1"}) {
    EXPECT_EQ(hash_with(key), plain) << key;
  }
  for (const char* key : {"model.initialization=pytorch", "data.validation=5", "training.steps=5",
                          "training.evaluate_every=2", "optimizer.type=sgd"}) {
    EXPECT_NE(hash_with(key), plain) << key;
  }
}

TEST(ConfigHash, DoesNotCountEpochsThatStepsReplace) {
  const auto with = [](std::vector<std::string> overrides) {
    return parse_experiment(R"({"model": {"type": "cnn"}})", "cnn.json", overrides);
  };
  const ExperimentConfig steps = with({"training.steps=500"});
  EXPECT_EQ(config_hash(steps), config_hash(with({"training.steps=500", "training.epochs=9"})));
  EXPECT_FALSE(to_json(steps)["training"].contains("epochs"));
  EXPECT_EQ(to_json(steps)["training"]["steps"], 500);
}

TEST(ConfigHash, OfAConfigWithoutTransformIsThatOfVersion010) {
  const ExperimentConfig plain = parse_cnn(R"({"model": {"type": "cnn"}})");
  EXPECT_FALSE(experiment_json(plain)["data"].contains("transform"));
  EXPECT_EQ(config_hash(plain),
            config_hash(parse_cnn(R"({"model": {"type": "cnn"}, "data": {"transform": []}})")));
  EXPECT_TRUE(to_json(plain)["data"].contains("transform"));
  const ExperimentConfig transposed =
      parse_cnn(R"({"model": {"type": "cnn"}, "data": {"transform": [{"type": "transpose"}]}})");
  EXPECT_NE(config_hash(plain), config_hash(transposed));
}

TEST(ConfigHash, CountsEachSettingOfATransform) {
  const auto hash_with = [](const char* transform) {
    return config_hash(parse_cnn(fmt::format(
        R"({{"model": {{"type": "cnn"}}, "data": {{"transform": [{}]}}}})", transform)));
  };
  EXPECT_EQ(hash_with(R"({"type": "permute_pixels"})"),
            hash_with(R"({"seed": 0, "type": "permute_pixels"})"));
  EXPECT_NE(hash_with(R"({"type": "permute_pixels"})"),
            hash_with(R"({"type": "permute_pixels", "seed": 1})"));
}

TEST(ConfigHash, DoesNotDependOnHowAValueIsWritten) {
  EXPECT_EQ(config_hash(parse_cnn(R"({"model": {"type": "cnn", "dropout": 0}})")),
            config_hash(parse_cnn(R"({"model": {"dropout": -0.0, "type": "cnn"}})")));
}

TEST(ConfigHash, OfKnnHasNothingOfTheEngine) {
  ExperimentConfig config = parse(config_with("model", R"("k": 1)", "knn"));
  const std::string hash = config_hash(config);
  EXPECT_FALSE(to_json(config).contains("training"));
  EXPECT_FALSE(to_json(config).contains("optimizer"));
  config.training.engine = Engine::native;
  config.data.normalization = Normalization::unit;
  EXPECT_EQ(config_hash(config), hash);
}

TEST(OutputFolder, FillsInNameAndSeed) {
  ExperimentConfig config;
  config.name = "cnn";
  config.seed = 3;
  EXPECT_EQ(output_folder(config), "runs/cnn/seed-3");
  config.output = "/{seed}/{name}{name}/{seed}";
  EXPECT_EQ(output_folder(config), "/3/cnncnn/3");
  config.output = "fixed";
  EXPECT_EQ(output_folder(config), "fixed");
}

}  // namespace
}  // namespace mnist_bench
