#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "data/bands.h"
#include "native/native_networks.h"

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
  const Images images(set);
  NativeLearner learner(initialized(config, set, threads), images, images, config);
  train(learner, config, {});
  return learner.state().parameters;
}

TEST(NativeLearner, LearnsWhatCanBeLearned) {
  for (const Normalization normalization : {Normalization::standardize, Normalization::unit}) {
    ExperimentConfig config = config_for({32, 16}, 12);
    std::get<AdamConfig>(config.optimizer).learning_rate = 0.01;
    config.data.normalization = normalization;
    const ImageSet set = bands(500);
    const Images images(set);
    NativeLearner learner(initialized(config, set), images, images, config);
    EXPECT_EQ(train(learner, config, {}).end, TrainEnd::completed);
    const Predictions predictions = learner.predict(Split::test);
    EXPECT_LT(predictions.loss, 0.1);
    EXPECT_EQ(predictions.classes, std::vector<std::int64_t>(set.labels.begin(), set.labels.end()));
  }
}

/// Each run has some hundred barriers: a race shows as another result sooner or later.
TEST(NativeLearner, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ImageSet set = bands(300);
  for (const auto& hidden : std::vector<std::vector<std::int64_t>>{{33}, {64, 48}, {20, 70, 5}}) {
    const ExperimentConfig config = config_for(hidden, 2);
    const auto alone = trained(config, set);
    for (int run = 0; run < 20; ++run) EXPECT_EQ(trained(config, set, 2), alone);
    for (const std::int64_t threads : {3, 8, 17}) EXPECT_EQ(trained(config, set, threads), alone);
  }
}

TEST(NativeLearner, GivesTheSameBitsOnAnyNumberOfThreadsWithoutReluAndWithAnyDropout) {
  const ImageSet set = bands(300);
  const Layer flatten{{}, layer::Flatten{}};
  const Layer dropout{{}, layer::Dropout{0.3}};
  const Layer linear{{}, layer::Linear{33}};
  const Layer relu{{}, layer::Relu{}};
  const Layer last{{}, layer::Linear{}};
  for (const auto& layers : std::vector<std::vector<Layer>>{
           {flatten, last},
           {flatten, dropout, last},
           {flatten, linear, dropout, linear, relu, dropout, linear, last},
           {flatten, dropout, linear, relu, last}}) {
    ExperimentConfig config = config_for({}, 2);
    config.model = LayersConfig{layers};
    const auto alone = trained(config, set);
    for (const std::int64_t threads : {2, 3, 8}) EXPECT_EQ(trained(config, set, threads), alone);
  }
}

TEST(NativeLearner, RefusesADeviceThatIsNotTheCpuAndSaysWhatToDo) {
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
