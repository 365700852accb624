#include "experiment/trainable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_of.h"
#include "data/fixtures.h"
#include "experiment/sweep_plan.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ExperimentConfig config_of(std::vector<Layer> layers) {
  ExperimentConfig config;
  config.name = "own";
  config.model = LayersConfig{std::move(layers)};
  return config;
}

std::string refusal_of(const ExperimentConfig& config, const DataShape& data = {}) {
  try {
    require_trainable(config, data);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "";
}

const Layer kFlatten{{}, layer::Flatten{}};
const Layer kLinear{{}, layer::Linear{}};

TEST(RequireTrainable, RefusesWhatCannotExist) {
  EXPECT_EQ(refusal_of(config_of({kFlatten, kLinear})), "");
  EXPECT_THAT(refusal_of(config_of({kLinear})), StartsWith("layer fc1: linear needs a vector"));
  const ExperimentConfig ten = config_of({kFlatten, {{}, layer::Linear{10}}});
  EXPECT_EQ(refusal_of(ten), "");
  EXPECT_THAT(refusal_of(ten, {.classes = 26}), HasSubstr("26 classes"));
}

TEST(RequireTrainable, AsksTheEngineOfTheConfig) {
  ExperimentConfig config = config_of({kFlatten, {{}, layer::Tanh{}}, kLinear});
  config.training.engine = Engine::native;
  EXPECT_EQ(refusal_of(config), "");
  config.device = "cuda";
  EXPECT_THAT(refusal_of(config), HasSubstr("not on device 'cuda'"));
}

TEST(RequireTrainable, RefusesANetworkWithoutParameters) {
  const DataShape data{.image = {.rows = 2, .columns = 5}, .classes = 10, .train_images = 100};
  EXPECT_THAT(refusal_of(config_of({kFlatten}), data), HasSubstr("no parameters"));
  EXPECT_EQ(refusal_of(config_of({kFlatten, kLinear}), data), "");
}

TEST(RequireTrainable, CountsTheImagesThatAreLeftToTrainOn) {
  ExperimentConfig config = config_of({{{}, layer::Conv2d{.channels = 2, .kernel = 28}},
                                       {{}, layer::BatchNorm2d{}},
                                       kFlatten,
                                       kLinear});
  const auto refusal = [&] { return refusal_of(config, shape_of(config.data)); };
  EXPECT_EQ(refusal(), "");
  config.data.train_limit = 2 * config.training.batch_size + 1;
  EXPECT_THAT(refusal(), StartsWith("layer bn1: "));
  config.data.train_limit.reset();
  config.data.validation = 60'000 - 2 * config.training.batch_size - 1;
  EXPECT_THAT(refusal(), StartsWith("layer bn1: "));
}

TEST(RequireTrainable, RefusesMoreEpochsThanARecordHolds) {
  ExperimentConfig config = config_of({kFlatten, kLinear});
  config.training.batch_size = 100;
  config.training.steps = 200'000;
  EXPECT_EQ(refusal_of(config, {.train_images = 200}), "");
  config.training.steps = 200'001;
  EXPECT_THAT(refusal_of(config, {.train_images = 200}),
              StartsWith("training.steps is 200001: 100001 epochs of 200 images"));
}

/// 40 training and 20 test images of `side` × `side` pixels.
void write_data(const test::TemporaryFolder& folder, std::uint32_t side) {
  test::write(folder / "train-images-idx3-ubyte", test::images_file(40, side, side));
  test::write(folder / "train-labels-idx1-ubyte", test::labels_file(40));
  test::write(folder / "t10k-images-idx3-ubyte", test::images_file(20, side, side));
  test::write(folder / "t10k-labels-idx1-ubyte", test::labels_file(20));
}

TEST(RequireTrainable, OfASweepNamesTheRun) {
  test::TemporaryFolder folder;
  write_data(folder, 4);
  std::vector<ExperimentConfig> runs = {config_of({kFlatten, kLinear}),
                                        config_of({{{}, layer::Linear{}}})};
  for (ExperimentConfig& run : runs) run.data.directory = folder.path().string();
  runs[1].output = "runs/s/own/seed-1";
  DataCache data;
  const auto error = test::error_of([&] { require_trainable(runs, data); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), StartsWith("runs/s/own/seed-1: layer fc1: "));
  runs.pop_back();
  EXPECT_NO_THROW(require_trainable(runs, data));
  EXPECT_EQ(data.dataset().train.size(), 40);
}

TEST(RequireTrainable, OfASweepTakesTheImagesOfEachRunAsItTransformsThem) {
  test::TemporaryFolder folder;
  write_data(folder, 8);
  ExperimentConfig of_small = config_of({kFlatten, kLinear});
  of_small.data.transform = parse_spec("resize:rows=2,columns=2", "test");
  ExperimentConfig of_large =
      config_of({{{}, layer::Conv2d{.channels = 2, .kernel = 5}}, kFlatten, kLinear});
  ExperimentConfig too_large = of_large;
  too_large.data.transform = of_small.data.transform;
  too_large.output = "runs/s/too-large/seed-1";
  for (ExperimentConfig* run : {&of_small, &of_large, &too_large}) {
    run->data.directory = folder.path().string();
  }
  DataCache data;
  EXPECT_NO_THROW(require_trainable({of_small, of_large}, data));
  EXPECT_NO_THROW(require_trainable({of_large, of_small}, data));
  const auto error = test::error_of([&] { require_trainable({of_large, too_large}, data); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), StartsWith("runs/s/too-large/seed-1: layer conv1: a window of 5 × 5"));
}

}  // namespace
}  // namespace mnist_bench
