#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "data/bands.h"
#include "native/engine.h"

namespace mnist_bench::native {
namespace {

ExperimentConfig config_for(std::vector<std::int64_t> hidden, std::int64_t epochs,
                            double dropout = 0.2) {
  ExperimentConfig config;
  config.name = "test";
  config.model = MlpConfig{.hidden = std::move(hidden), .dropout = dropout};
  config.training.epochs = epochs;
  return config;
}

/// A network with He-normal weights.
std::unique_ptr<Network> initialized(const ExperimentConfig& config, const ImageSet& set,
                                     std::int64_t threads = 1, std::int64_t classes = 10) {
  auto network = make_network(config, {.rows = set.rows, .columns = set.columns}, classes, threads);
  std::vector<NamedTensor> tensors = network->parameters().export_values();
  std::mt19937 generator(1);
  for (NamedTensor& tensor : tensors) {
    if (tensor.shape.size() == 1) continue;
    std::normal_distribution<float> normal(0,
                                           std::sqrt(2.0F / static_cast<float>(tensor.shape[1])));
    for (float& value : tensor.values) value = normal(generator);
  }
  network->parameters().import_values(tensors);
  return network;
}

std::vector<NamedTensor> trained(const ExperimentConfig& config, const ImageSet& set,
                                 std::int64_t threads = 1) {
  const auto network = initialized(config, set, threads);
  train(*network, Images(set), config, {});
  return network->parameters().export_values();
}

TEST(NativeTrain, LearnsWhatCanBeLearned) {
  for (const Normalization normalization : {Normalization::standardize, Normalization::unit}) {
    ExperimentConfig config = config_for({32, 16}, 12);
    config.optimizer.learning_rate = 0.01;
    config.data.normalization = normalization;
    const ImageSet set = bands(500);
    const Images images(set);
    const auto network = initialized(config, set);
    EXPECT_EQ(train(*network, images, config, {}).end, TrainEnd::completed);
    const Predictions predictions = predict(*network, images);
    EXPECT_LT(predictions.loss, 0.1);
    EXPECT_EQ(predictions.classes, std::vector<std::int64_t>(set.labels.begin(), set.labels.end()));
  }
}

TEST(NativeTrain, RepeatsToTheBitWithTheSameSeedOnly) {
  ExperimentConfig config = config_for({32}, 2);
  const ImageSet set = bands(200);
  const auto first = trained(config, set);
  EXPECT_EQ(trained(config, set), first);
  config.seed = 2;
  EXPECT_NE(trained(config, set), first);
}

/// Each run has some hundred barriers: a race shows as another result sooner or later.
TEST(NativeTrain, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ImageSet set = bands(300);
  for (const auto& hidden : std::vector<std::vector<std::int64_t>>{{33}, {64, 48}, {20, 70, 5}}) {
    const ExperimentConfig config = config_for(hidden, 2);
    const auto alone = trained(config, set);
    for (int run = 0; run < 20; ++run) EXPECT_EQ(trained(config, set, 2), alone);
    for (const std::int64_t threads : {3, 8, 17}) EXPECT_EQ(trained(config, set, threads), alone);
  }
}

TEST(NativeTrain, EvaluatingBetweenEpochsChangesNothing) {
  const ExperimentConfig config = config_for({32, 16}, 3);
  const ImageSet set = bands(200);
  const Images images(set);
  const auto network = initialized(config, set, 2);
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics&, const auto&) { predict(*network, images); };
  train(*network, images, config, callbacks);
  EXPECT_EQ(network->parameters().export_values(), trained(config, set));
}

TEST(NativeTrain, GoesOnFromAnyEpochToTheSameBits) {
  const ExperimentConfig config = config_for({32, 16}, 3);
  const ImageSet set = bands(200);
  const Images images(set);
  std::vector<TrainingState> states;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics&, const auto& state) {
    states.push_back(state());
  };
  const auto uninterrupted = initialized(config, set);
  train(*uninterrupted, images, config, callbacks);
  ASSERT_EQ(states.size(), 3U);
  EXPECT_EQ(states[1].epoch, 2);
  EXPECT_EQ(states[1].step, 2 * 4);
  for (const TrainingState& state : states) {
    const auto network = initialized(config, set);
    EXPECT_EQ(train(*network, images, config, {}, state).end, TrainEnd::completed);
    EXPECT_EQ(network->parameters().export_values(), uninterrupted->parameters().export_values())
        << "from epoch " << state.epoch;
  }
}

TEST(NativeTrain, RefusesTheStateOfAnotherNetwork) {
  const ExperimentConfig config = config_for({32}, 1);
  const ImageSet set = bands(200);
  TrainingState state;
  state.parameters = {{.name = "fc9.weight", .shape = {1}, .values = {0.0F}}};
  const auto network = initialized(config, set);
  EXPECT_THROW(train(*network, Images(set), config, {}, state), Error);
}

TEST(NativeTrain, KeepsTheLastPartialBatchAndReportsEveryStep) {
  const ExperimentConfig config = config_for({8}, 2);
  const ImageSet set = bands(200);
  std::vector<std::int64_t> steps;
  std::vector<EpochStatistics> epochs;
  TrainCallbacks callbacks;
  callbacks.on_progress = [&](const TrainProgress& p) {
    steps.push_back(p.step);
    EXPECT_EQ(p.steps, 4);
  };
  callbacks.on_epoch = [&](const EpochStatistics& e, const auto&) { epochs.push_back(e); };
  const auto network = initialized(config, set);
  train(*network, Images(set), config, callbacks);  // 64 + 64 + 64 + 8
  EXPECT_THAT(steps, testing::ElementsAre(1, 2, 3, 4, 1, 2, 3, 4));
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[1].epoch, 2);
  EXPECT_GT(epochs[1].seconds, 0.0);
  EXPECT_LT(epochs[1].loss, epochs[0].loss);
}

TEST(NativeTrain, MeanLossWeighsThePartialBatchByItsImages) {
  // A learning rate so small that the parameters do not move: the mean over the batches must be
  // the mean over the images.
  ExperimentConfig config = config_for({8}, 1, 0.0);
  config.optimizer.learning_rate = 1e-30;
  const ImageSet set = bands(70);
  const Images images(set);
  const auto network = initialized(config, set);
  double loss = 0;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics& e, const auto&) { loss = e.loss; };
  train(*network, images, config, callbacks);
  EXPECT_NEAR(loss, predict(*network, images).loss, 1e-5);
}

TEST(NativeTrain, EndsAfterTheStepInWhichItIsTold) {
  const ExperimentConfig config = config_for({8}, 5);
  const ImageSet set = bands(640);
  int asked = 0;
  TrainCallbacks callbacks;
  callbacks.should_stop = [&] { return ++asked == 3; };
  const auto network = initialized(config, set);
  const TrainOutcome outcome = train(*network, Images(set), config, callbacks);
  EXPECT_EQ(outcome.end, TrainEnd::interrupted);
  EXPECT_EQ(outcome.last.step, 3);
}

TEST(NativeTrain, EndsAsDivergedWhenTheLossIsNotFinite) {
  ExperimentConfig config = config_for({8}, 5);
  config.optimizer.learning_rate = 1e30;
  const ImageSet set = bands(640);
  const auto network = initialized(config, set);
  const TrainOutcome outcome = train(*network, Images(set), config, {});
  EXPECT_EQ(outcome.end, TrainEnd::diverged);
  EXPECT_EQ(outcome.last.epoch, 1);
}

TEST(NativeEngine, RefusesADeviceThatIsNotTheCpuAndSaysWhatToDo) {
  ExperimentConfig config = config_for({8}, 1);
  config.device = "cuda:1";
  try {
    check_supported(config);
    FAIL() << "cuda:1 was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("cuda:1"));
    EXPECT_THAT(error.remedy(), testing::HasSubstr("training.engine=libtorch"));
  }
}

}  // namespace
}  // namespace mnist_bench::native
