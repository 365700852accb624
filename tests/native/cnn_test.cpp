#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "data/bands.h"
#include "native/native_networks.h"

namespace mnist_bench::native {
namespace {

constexpr ImageShape kShape{.rows = 12, .columns = 16};
constexpr std::int64_t kClasses = 5;

ExperimentConfig config_for(const CnnConfig& model, std::int64_t epochs) {
  ExperimentConfig config;
  config.model = model;
  config.training.epochs = epochs;
  return config;
}

CnnConfig small_model() { return {.conv1_channels = 5, .conv2_channels = 20, .hidden = 18}; }

/// He-normal weights, biases 0.
void fill_normal(std::vector<NamedTensor>& tensors, unsigned seed) {
  std::mt19937 random(seed);
  for (NamedTensor& tensor : tensors) {
    const std::size_t inputs = tensor.values.size() / static_cast<std::size_t>(tensor.shape[0]);
    std::normal_distribution<float> normal(0, std::sqrt(2.0F / static_cast<float>(inputs)));
    for (float& value : tensor.values) value = tensor.shape.size() == 1 ? 0.0F : normal(random);
  }
}

std::unique_ptr<Network> initialized(const ExperimentConfig& config, std::int64_t threads = 1,
                                     ImageShape shape = kShape) {
  auto network = make_network(config, shape, kClasses, threads);
  std::vector<NamedTensor> tensors = network->parameters().export_values();
  fill_normal(tensors, 1);
  network->parameters().import_values(tensors);
  return network;
}

std::vector<NamedTensor> trained(const ExperimentConfig& config, const ImageSet& set,
                                 std::int64_t threads, ImageShape shape = kShape) {
  const Images images(set);
  NativeLearner learner(initialized(config, threads, shape), images, images, config);
  train(learner, config, {});
  return learner.state().parameters;
}

TEST(NativeCnn, LearnsWhatCanBeLearned) {
  const ImageSet set = bands(500, kShape, kClasses);
  const Images images(set);
  for (const Normalization normalization : {Normalization::standardize, Normalization::unit}) {
    ExperimentConfig config = config_for(small_model(), 20);
    std::get<AdamConfig>(config.optimizer).learning_rate = 0.01;
    config.data.normalization = normalization;
    NativeLearner learner(initialized(config), images, images, config);
    EXPECT_EQ(train(learner, config, {}).end, TrainEnd::completed);
    const Predictions predictions = learner.predict(Split::test);
    EXPECT_LT(predictions.loss, 0.1);
    EXPECT_EQ(predictions.classes, std::vector<std::int64_t>(set.labels.begin(), set.labels.end()));
  }
}

TEST(NativeCnn, GivesTheSameBitsOnAnyNumberOfThreadsForOddImages) {
  for (const ImageShape shape :
       {ImageShape{.rows = 7, .columns = 14}, {.rows = 15, .columns = 5}}) {
    const ImageSet set = bands(100, shape, kClasses);
    const auto alone = trained(config_for(small_model(), 1), set, 1, shape);
    for (const std::int64_t threads : {2, 3}) {
      EXPECT_EQ(trained(config_for(small_model(), 1), set, threads, shape), alone);
    }
  }
}

/// Each run has some hundred barriers: a race shows as another result sooner or later.
TEST(NativeCnn, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ImageSet set = bands(300, kShape, kClasses);
  for (const std::int64_t batch_size : {64, 7, 300}) {
    ExperimentConfig config = config_for(small_model(), 2);
    config.training.batch_size = batch_size;
    const auto alone = trained(config, set, 1);
    for (int run = 0; run < 10; ++run) ASSERT_EQ(trained(config, set, 2), alone) << "run " << run;
    for (const std::int64_t threads : {3, 8, 17}) {
      EXPECT_EQ(trained(config, set, threads), alone) << threads << " threads";
    }
  }
}

TEST(NativeCnn, PredictsTheSameWhateverElseIsEvaluated) {
  const ImageSet set = bands(300, kShape, kClasses);
  const Images images(set);
  const auto network = initialized(config_for(small_model(), 1), 2);
  const std::vector<float> all = network->logits(images, 0, 300);
  const std::vector<float> some = network->logits(images, 150, 7);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + 150 * kClasses));
}

TEST(NativeCnn, ExportsWhatItImported) {
  const auto network = make_network(config_for(small_model(), 1), kShape, kClasses, 1);
  TrainingState state = network->parameters().export_state(3, 12, optimizer_tensors(AdamConfig{}));
  ASSERT_EQ(state.parameters.size(), 8U);
  EXPECT_EQ(state.parameters[2].name, "conv2.weight");
  EXPECT_THAT(state.parameters[2].shape, testing::ElementsAre(20, 5, 3, 3));
  EXPECT_EQ(state.parameters[4].name, "fc1.weight");
  EXPECT_THAT(state.parameters[4].shape, testing::ElementsAre(18, 20 * 3 * 4));
  fill_normal(state.parameters, 1);
  fill_normal(state.optimizer.at("exp_avg"), 2);
  fill_normal(state.optimizer.at("exp_avg_sq"), 3);
  network->parameters().import_state(state, optimizer_tensors(AdamConfig{}));
  const TrainingState exported =
      network->parameters().export_state(3, 12, optimizer_tensors(AdamConfig{}));
  EXPECT_EQ(exported.parameters, state.parameters);
  EXPECT_EQ(exported.optimizer, state.optimizer);
}

}  // namespace
}  // namespace mnist_bench::native
