// What both engines' learners promise, over both of the paper's models and a residual one.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.h"
#include "base/random.h"
#include "data/bands.h"
#include "data/subset.h"
#include "libtorch/torch_networks.h"

namespace mnist_bench {
namespace {

struct Case {
  Engine engine;
  const char* model;
  friend std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << to_string(one.engine) << ", " << one.model;
  }
};

/// A learner with all that it needs, on `images` images that a network can learn.
class Subject {
 public:
  Subject(const ExperimentConfig& config, std::int64_t count) : Subject(config, bands(count)) {}
  Subject(const ExperimentConfig& config, ImageSet set) : config_(config), set_(std::move(set)) {
    const ImageShape shape{.rows = set_.rows, .columns = set_.columns};
    auto network = make_network(config.model, shape, 10);
    initialize(network, derive_seed(config.seed, "initialization"));
    if (config.training.engine == Engine::native) {
      images_ = std::make_unique<native::Images>(set_);
      auto learner = std::make_unique<native::NativeLearner>(
          native::make_network(config, shape, 10, /*threads=*/2), *images_, *images_, config_,
          /*validation=*/nullptr, augmented());
      learner->set_parameters(export_parameters(network));
      learner_ = std::move(learner);
    } else {
      tensors_ = to_tensors(set_, config.data.normalization, torch::kCPU);
      choose_memory_format(network);
      std::function<torch::Tensor(std::int64_t)> epoch_images;
      if (std::shared_ptr<AugmentedSet> epochs = augmented()) {
        epoch_images = [epochs, with = config.data.normalization](std::int64_t epoch) {
          return to_tensors(epochs->of(epoch), with, torch::kCPU).images;
        };
      }
      learner_ = std::make_unique<LibtorchLearner>(network, tensors_, tensors_, config_,
                                                   /*validation=*/nullptr, std::move(epoch_images));
    }
  }

  Learner& learner() { return *learner_; }
  [[nodiscard]] const ImageSet& set() const { return set_; }
  TrainEnd train(const TrainCallbacks& callbacks = {},
                 const std::optional<TrainingState>& start = std::nullopt) {
    return mnist_bench::train(*learner_, config_, callbacks, start).end;
  }
  [[nodiscard]] std::string hash() const {
    return parameters_sha256(stored_tensors(learner_->state()));
  }
  [[nodiscard]] std::vector<std::int64_t> labels() const {
    return {set_.labels.begin(), set_.labels.end()};
  }

 private:
  [[nodiscard]] std::unique_ptr<AugmentedSet> augmented() const {
    const AugmentationChain& chain = config_.training.augment;
    if (chain.empty()) return nullptr;
    return std::make_unique<AugmentedSet>(set_, all_indices(set_),
                                          prepare_augmentation(chain, set_.shape(), config_.seed),
                                          config_.training.epochs, /*threads=*/2);
  }

  ExperimentConfig config_;
  ImageSet set_;
  std::unique_ptr<native::Images> images_;
  ImageTensors tensors_;
  std::unique_ptr<Learner> learner_;
};

class Learners : public testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] static ExperimentConfig config(std::int64_t epochs, std::uint64_t seed = 1) {
    ExperimentConfig config;
    config.seed = seed;
    config.training.engine = GetParam().engine;
    config.training.epochs = epochs;
    if (std::string(GetParam().model) == "mlp") {
      config.model = MlpConfig{.hidden = {32, 16}, .dropout = 0.2};
    } else if (std::string(GetParam().model) == "cnn") {
      config.model = CnnConfig{.conv1_channels = 4,
                               .conv2_channels = 16,
                               .hidden = 32,
                               .dropout2d = 0.1,
                               .dropout = 0.1};
    } else {  // one with batch norm's buffers
      const Layer conv{{}, layer::Conv2d{.channels = 8, .kernel = 3, .padding = 1, .bias = false}};
      const Layer norm{{}, layer::BatchNorm2d{}};
      const Layer relu{{}, layer::Relu{}};
      config.model = LayersConfig{{conv,
                                   norm,
                                   relu,
                                   {{}, layer::Residual{.layers = {conv, norm, relu, conv, norm}}},
                                   relu,
                                   {{}, layer::MaxPool2d{}},
                                   {{}, layer::Flatten{}},
                                   {{}, layer::Linear{}}}};
    }
    return config;
  }
};

TEST_P(Learners, LearnWhatCanBeLearned) {
  ExperimentConfig quick = config(24);
  std::get<AdamConfig>(quick.optimizer).learning_rate = 0.01;
  Subject subject(quick, 500);
  EXPECT_EQ(subject.train(), TrainEnd::completed);
  const Predictions predictions = subject.learner().predict(Split::test);
  EXPECT_LT(predictions.loss, 0.2);
  EXPECT_EQ(predictions.classes, subject.labels());
}

TEST_P(Learners, AreBitIdenticalOnlyWithTheSameSeed) {
  const auto hash = [](std::uint64_t seed) {
    Subject subject(config(2, seed), 200);
    subject.train();
    return subject.hash();
  };
  const std::string first = hash(1);
  at::manual_seed(99);  // what others draw from LibTorch's generator must not matter
  EXPECT_EQ(hash(1), first);
  EXPECT_NE(hash(2), first);
}

TEST_P(Learners, AreNotChangedByAnEvaluationBetweenEpochs) {
  Subject evaluated(config(3), 200);
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics&) { evaluated.learner().predict(Split::test); };
  evaluated.train(callbacks);
  Subject plain(config(3), 200);
  plain.train();
  EXPECT_EQ(evaluated.hash(), plain.hash());
}

TEST_P(Learners, ResumeFromAnyEpochToTheSameBits) {
  Subject whole(config(3), 200);
  std::vector<TrainingState> states;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics&) { states.push_back(whole.learner().state()); };
  whole.train(callbacks);
  ASSERT_EQ(states.size(), 3U);
  EXPECT_EQ(states[1].epoch, 2);
  EXPECT_EQ(states[1].step, 2 * 4);  // 64 + 64 + 64 + 8 images
  for (const TrainingState& state : states) {
    Subject rest(config(3), 200);
    EXPECT_EQ(rest.train({}, state), TrainEnd::completed);
    EXPECT_EQ(rest.hash(), whole.hash()) << "from epoch " << state.epoch;
  }
}

TEST_P(Learners, ResumeWithEachOptimizerToTheSameBits) {
  for (const OptimizerConfig& optimizer :
       {OptimizerConfig(SgdConfig{}), OptimizerConfig(SgdConfig{.momentum = 0.9}),
        OptimizerConfig(SgdConfig{.momentum = 0.9, .nesterov = true, .weight_decay = 1e-3})}) {
    ExperimentConfig with = config(2);
    with.optimizer = optimizer;
    Subject whole(with, 200);
    std::vector<TrainingState> states;
    TrainCallbacks callbacks;
    callbacks.on_epoch = [&](const EpochStatistics&) { states.push_back(whole.learner().state()); };
    whole.train(callbacks);
    Subject rest(with, 200);
    EXPECT_EQ(rest.train({}, states.front()), TrainEnd::completed);
    EXPECT_EQ(rest.hash(), whole.hash());
  }
}

TEST_P(Learners, EndAfterTheStepsAskedForAndResumeToThem) {
  ExperimentConfig steps = config(9);
  steps.training.steps = 6;  // an epoch is 4
  Subject whole(steps, 200);
  std::vector<TrainingState> states;
  std::vector<EpochStatistics> epochs;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics& epoch) {
    epochs.push_back(epoch);
    states.push_back(whole.learner().state());
  };
  EXPECT_EQ(whole.train(callbacks), TrainEnd::completed);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].step, 6);
  EXPECT_NEAR(epochs[1].images_per_second * epochs[1].seconds, 128, 1e-6);
  Subject rest(steps, 200);
  EXPECT_EQ(rest.train({}, states[0]), TrainEnd::completed);
  EXPECT_EQ(rest.hash(), whole.hash());
  // The first epoch is that of a training by epochs.
  Subject one(config(1), 200);
  one.train();
  EXPECT_EQ(one.hash(), parameters_sha256(stored_tensors(states[0])));
}

TEST_P(Learners, TrainEachEpochOnItsAugmentedImages) {
  ExperimentConfig augmented = config(3);
  augmented.training.augment =
      nlohmann::json::parse(R"([{"type": "affine", "shift": 3, "rotate": 20},
                                {"type": "gaussian_noise", "sigma": 0.3}])")
          .get<AugmentationChain>();
  Subject subject(augmented, 200);
  subject.train();

  // The same, one epoch at a time, each on a set of its own.
  const EpochMap map =
      prepare_augmentation(augmented.training.augment, subject.set().shape(), augmented.seed);
  std::optional<TrainingState> state;
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) {
    ImageSet set = subject.set();
    const std::size_t pixels = set.shape().pixels();
    for (std::size_t i = 0; i < set.labels.size(); ++i) {
      map(epoch, static_cast<std::int64_t>(i),
          std::span(subject.set().pixels).subspan(i * pixels, pixels),
          std::span(set.pixels).subspan(i * pixels, pixels));
    }
    Subject of_epoch(config(epoch), std::move(set));
    of_epoch.train({}, state);
    state = of_epoch.learner().state();
  }
  EXPECT_EQ(subject.hash(), parameters_sha256(stored_tensors(*state)));
  Subject plain(config(3), 200);
  plain.train();
  EXPECT_NE(subject.hash(), plain.hash());
}

TEST_P(Learners, RefuseTheStateOfAnotherNetwork) {
  TrainingState state;
  state.parameters = {{.name = "fc9.weight", .shape = {1}, .values = {0.0F}}};
  Subject subject(config(1), 200);
  EXPECT_THROW(subject.train({}, state), Error);
}

TEST_P(Learners, CountLossAndHitsOfTheImagesThatTheyTrainOn) {
  // Without dropout, and with steps too small to move a parameter, an epoch's sums are those of an
  // evaluation of all its images, the partial batch included.
  ExperimentConfig still = config(1);
  std::get<AdamConfig>(still.optimizer).learning_rate = 1e-30;
  if (auto* mlp = std::get_if<MlpConfig>(&still.model)) mlp->dropout = 0;
  if (auto* cnn = std::get_if<CnnConfig>(&still.model)) cnn->dropout = cnn->dropout2d = 0;
  if (std::holds_alternative<LayersConfig>(still.model)) GTEST_SKIP() << "batch norm moves";
  Subject subject(still, 70);
  EpochStatistics statistics;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics& epoch) { statistics = epoch; };
  subject.train(callbacks);
  const Predictions predictions = subject.learner().predict(Split::test);
  EXPECT_NEAR(statistics.loss, predictions.loss, 1e-5);
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < predictions.classes.size(); ++i) {
    hits += predictions.classes[i] == subject.labels()[i] ? 1 : 0;
  }
  EXPECT_EQ(statistics.accuracy, static_cast<double>(hits) / 70);
}

TEST_P(Learners, EndAsDivergedWhenTheLossIsNotFinite) {
  ExperimentConfig wild = config(5);
  std::get<AdamConfig>(wild.optimizer).learning_rate = 1e30;
  EXPECT_EQ(Subject(wild, 640).train(), TrainEnd::diverged);
}

INSTANTIATE_TEST_SUITE_P(Engines, Learners,
                         testing::Values(Case{Engine::libtorch, "mlp"},
                                         Case{Engine::libtorch, "cnn"},
                                         Case{Engine::libtorch, "residual"},
                                         Case{Engine::native, "mlp"}, Case{Engine::native, "cnn"},
                                         Case{Engine::native, "residual"}),
                         [](const auto& one) {
                           return std::string(to_string(one.param.engine)) + "_" + one.param.model;
                         });

}  // namespace
}  // namespace mnist_bench
