// The order in which training sees its images, read from what each step changes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kOrdered = 6;
constexpr std::int64_t kPixels = kOrdered;  // 1 row

/// Image i has its only bright pixel at i: of the first layer's weights its gradient is 0 but in
/// column i.
ImageSet one_hot_images() {
  ImageSet set{.rows = 1, .columns = kPixels, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::int64_t i = 0; i < kOrdered; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 2));
    for (std::int64_t p = 0; p < kPixels; ++p) {
      set.pixels.push_back(i == p ? std::uint8_t{255} : std::uint8_t{0});
    }
  }
  return set;
}

/// A step sees one image, and without momentum (β₁ = 0) changes the weights of its pixel alone.
ExperimentConfig one_step_per_image(Engine engine, std::uint64_t seed) {
  ExperimentConfig config;
  config.seed = seed;
  config.model = MlpConfig{.hidden = {16}, .dropout = 0};
  config.data.normalization = Normalization::unit;
  std::get<AdamConfig>(config.optimizer).beta1 = 0;
  config.training.epochs = 2;
  config.training.batch_size = 1;
  config.training.engine = engine;
  return config;
}

/// The first layer's weights [16, kPixels] after `steps` steps of training.
std::vector<float> weights_after(std::int64_t steps, const ExperimentConfig& config) {
  const ImageSet set = one_hot_images();
  const ImageShape shape{.rows = set.rows, .columns = set.columns};
  auto network = make_network(config.model, shape, 2);
  initialize(network, derive_seed(config.seed, "initialization"));
  if (steps == 0) return export_parameters(network).front().values;
  std::int64_t done = 0;
  TrainCallbacks callbacks;
  callbacks.on_progress = [&](const TrainProgress&) { ++done; };
  callbacks.should_stop = [&] { return done >= steps; };
  if (config.training.engine == Engine::native) {
    const native::Images images(set);
    native::NativeLearner twin(native::make_network(config, shape, 2, /*threads=*/1), images,
                               images, config);
    twin.set_parameters(export_parameters(network));
    train(twin, config, callbacks);
    return twin.state().parameters.front().values;
  }
  train(network, to_tensors(set, config.data.normalization, torch::kCPU), config, callbacks);
  return export_parameters(network).front().values;
}

/// The one image that step `step` (from 1) saw, −1 where that cannot be determined.
std::int64_t image_of_step(std::int64_t step, const ExperimentConfig& config) {
  const std::vector<float> before = weights_after(step - 1, config);
  const std::vector<float> after = weights_after(step, config);
  std::int64_t image = -1;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    const std::int64_t column = static_cast<std::int64_t>(i) % kPixels;
    if (image >= 0 && image != column) return -1;
    image = column;
  }
  return image;
}

/// The orders of both epochs.
std::vector<std::vector<std::int64_t>> orders_of(const ExperimentConfig& config) {
  std::vector<std::vector<std::int64_t>> orders(2);
  for (std::int64_t step = 1; step <= 2 * kOrdered; ++step) {
    orders.at(step <= kOrdered ? 0 : 1).push_back(image_of_step(step, config));
  }
  return orders;
}

TEST(TrainingOrder, DependsOnSeedAndEpochAlone) {
  const auto first = orders_of(one_step_per_image(Engine::libtorch, 1));
  for (const auto& order : first) {
    EXPECT_THAT(order, testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5));
  }
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(orders_of(one_step_per_image(Engine::native, 1)), first);

  ExperimentConfig other = one_step_per_image(Engine::libtorch, 1);
  other.model = MlpConfig{.hidden = {32}, .dropout = 0.1};
  std::get<AdamConfig>(other.optimizer).learning_rate = 0.1;
  other.training.epochs = 3;
  EXPECT_EQ(orders_of(other), first);

  for (const Engine engine : {Engine::libtorch, Engine::native}) {
    EXPECT_NE(orders_of(one_step_per_image(engine, 2))[0], first[0]);
  }
}

}  // namespace
}  // namespace mnist_bench
