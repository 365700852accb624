#include "train/train.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace mnist_bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

/// Trains nothing: records its calls. Image i costs i, and every even one is right.
class FakeLearner final : public Learner {
 public:
  explicit FakeLearner(std::int64_t images) : images_(images) {}

  [[nodiscard]] std::int64_t training_images() const override { return images_; }
  [[nodiscard]] std::string simd() const override { return "none"; }
  void restore(const TrainingState& state) override {
    calls.emplace_back("restore");
    epoch = state.epoch;
  }
  void prepare() override { calls.emplace_back("prepare"); }
  void begin_epoch(std::int64_t number, std::vector<std::int64_t> order) override {
    calls.push_back("epoch " + std::to_string(number));
    epoch = number;
    orders.push_back(std::move(order));
    sums_ = {};
    step_ = 0;
  }
  void step(std::int64_t first, std::int64_t count, PhaseClock* clock) override {
    ++step_;
    batches.push_back(count);
    if (clock != nullptr) clock->end_phase("all");
    for (std::int64_t i = first; i < first + count; ++i) {
      const std::int64_t image = orders.back().at(static_cast<std::size_t>(i));
      sums_.loss += static_cast<double>(image);
      sums_.correct += image % 2 == 0 ? 1 : 0;
    }
    if (step_ == nan_from) sums_.loss = NAN;
  }
  EpochSums sums() override {
    ++sums_asked;
    return sums_;
  }
  Predictions predict(Split /*split*/) override { return {}; }
  [[nodiscard]] TrainingState state() const override { return {.epoch = epoch}; }

  std::vector<std::string> calls;
  std::vector<std::vector<std::int64_t>> orders;
  std::vector<std::int64_t> batches;
  std::int64_t epoch = 0;
  std::int64_t nan_from = -1;  ///< the step of an epoch whose loss is NaN
  int sums_asked = 0;

 private:
  std::int64_t images_;
  std::int64_t step_ = 0;
  EpochSums sums_;
};

ExperimentConfig config_of(std::int64_t epochs, std::int64_t batch_size, std::uint64_t seed = 1) {
  ExperimentConfig config;
  config.seed = seed;
  config.training.epochs = epochs;
  config.training.batch_size = batch_size;
  return config;
}

TEST(Train, KeepsTheLastPartialBatchAndReportsEveryStep) {
  FakeLearner learner(200);
  std::vector<std::int64_t> steps;
  TrainCallbacks callbacks;
  callbacks.on_progress = [&](const TrainProgress& progress) {
    steps.push_back(progress.step);
    EXPECT_EQ(progress.steps, 4);
    EXPECT_GT(progress.images_per_second, 0.0);
  };
  const TrainOutcome outcome = train(learner, config_of(2, 64), callbacks);
  EXPECT_EQ(outcome.end, TrainEnd::completed);
  EXPECT_THAT(learner.batches, ElementsAre(64, 64, 64, 8, 64, 64, 64, 8));
  EXPECT_THAT(steps, ElementsAre(1, 2, 3, 4, 1, 2, 3, 4));
}

TEST(Train, GivesLossAndAccuracyOverTheImagesOfAnEpoch) {
  FakeLearner learner(70);
  std::vector<EpochStatistics> epochs;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics& epoch) { epochs.push_back(epoch); };
  train(learner, config_of(2, 64), callbacks);
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[1].epoch, 2);
  for (const EpochStatistics& epoch : epochs) {
    EXPECT_EQ(epoch.loss, 34.5);  // mean of 0 to 69, the partial batch by its images
    EXPECT_EQ(epoch.accuracy, 0.5);
    EXPECT_GT(epoch.seconds, 0.0);
    EXPECT_EQ(epoch.images_per_second, 70 / epoch.seconds);
  }
}

TEST(Train, EndsAfterTheStepsAskedForWithTheNumbersOfTheImagesSeen) {
  FakeLearner learner(200);
  std::vector<std::int64_t> left;
  EpochStatistics last;
  TrainCallbacks callbacks;
  callbacks.on_progress = [&](const TrainProgress& progress) {
    left.push_back(progress.steps_left);
    EXPECT_EQ(progress.steps, progress.epoch == 1 ? 4 : 2);
  };
  callbacks.on_epoch = [&](const EpochStatistics& epoch) { last = epoch; };
  ExperimentConfig config = config_of(9, 64);
  config.training.steps = 6;
  EXPECT_EQ(train(learner, config, callbacks).end, TrainEnd::completed);
  EXPECT_THAT(learner.batches, ElementsAre(64, 64, 64, 8, 64, 64));
  EXPECT_THAT(left, ElementsAre(5, 4, 3, 2, 1, 0));
  EXPECT_EQ(last.epoch, 2);
  EXPECT_EQ(last.images_per_second, 128 / last.seconds);
  double sum = 0;
  for (std::size_t i = 0; i < 128; ++i) sum += static_cast<double>(learner.orders[1][i]);
  EXPECT_EQ(last.loss, sum / 128);
}

TEST(Train, ShowsEachEpochEveryImageOnceInAnOrderOfItsOwn) {
  std::vector<std::int64_t> all(20);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  FakeLearner learner(20);
  train(learner, config_of(3, 7), {});
  ASSERT_EQ(learner.orders.size(), 3U);
  for (const auto& order : learner.orders) EXPECT_THAT(order, UnorderedElementsAreArray(all));
  EXPECT_NE(learner.orders[0], learner.orders[1]);
  EXPECT_NE(learner.orders[1], learner.orders[2]);

  FakeLearner again(20);
  train(again, config_of(2, 3), {});
  EXPECT_EQ(again.orders[0], learner.orders[0]) << "depends on more than seed and epoch";
  EXPECT_EQ(again.orders[1], learner.orders[1]);
  FakeLearner other(20);
  train(other, config_of(1, 7, /*seed=*/2), {});
  EXPECT_NE(other.orders[0], learner.orders[0]);
}

TEST(Train, AsksForTheLossEveryFiftyStepsAndAfterTheLast) {
  FakeLearner learner(120);
  std::vector<std::optional<double>> losses;
  TrainCallbacks callbacks;
  callbacks.on_progress = [&](const TrainProgress& progress) { losses.push_back(progress.loss); };
  train(learner, config_of(1, 1), callbacks);
  EXPECT_EQ(learner.sums_asked, 4);  // after steps 50, 100 and 120, and for the statistics
  EXPECT_FALSE(losses[48]);
  EXPECT_TRUE(losses[49]);
  EXPECT_EQ(losses[49], losses[98]);
  EXPECT_NE(losses[98], losses[99]);
}

TEST(Train, EndsAsDivergedAtTheNextCheckOfALossThatIsNotFinite) {
  for (const auto& [nan_from, noticed] :
       {std::pair<std::int64_t, std::int64_t>{3, 50}, {50, 50}, {51, 70}}) {
    FakeLearner learner(70);
    learner.nan_from = nan_from;
    bool any_epoch = false;
    TrainCallbacks callbacks;
    callbacks.on_epoch = [&](const EpochStatistics&) { any_epoch = true; };
    const TrainOutcome outcome = train(learner, config_of(5, 1), callbacks);
    EXPECT_EQ(outcome.end, TrainEnd::diverged);
    EXPECT_EQ(outcome.last.epoch, 1);
    EXPECT_EQ(outcome.last.step, noticed);
    EXPECT_TRUE(std::isnan(*outcome.last.loss));
    EXPECT_FALSE(any_epoch);
  }
}

TEST(Train, EndsAfterTheStepInWhichItIsTold) {
  FakeLearner learner(640);
  int asked = 0;
  TrainCallbacks callbacks;
  callbacks.should_stop = [&] { return ++asked == 3; };
  const TrainOutcome outcome = train(learner, config_of(5, 64), callbacks);
  EXPECT_EQ(outcome.end, TrainEnd::interrupted);
  EXPECT_EQ(outcome.last.step, 3);
  EXPECT_EQ(learner.batches.size(), 3U);
}

TEST(Train, EndsAfterAnEpochWhoseEvaluationWasInterrupted) {
  FakeLearner learner(10);
  bool told = false;
  TrainCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochStatistics&) { told = true; };
  callbacks.should_stop = [&] { return told; };
  const TrainOutcome outcome = train(learner, config_of(5, 5), callbacks);
  EXPECT_EQ(outcome.end, TrainEnd::interrupted);
  EXPECT_EQ(outcome.last.epoch, 1);
  EXPECT_EQ(learner.orders.size(), 1U);
}

TEST(Train, ResumesAfterTheEpochsOfItsState) {
  FakeLearner whole(20);
  train(whole, config_of(3, 7), {});
  FakeLearner rest(20);
  EXPECT_EQ(train(rest, config_of(3, 7), {}, TrainingState{.epoch = 1}).end, TrainEnd::completed);
  EXPECT_THAT(rest.calls, ElementsAre("restore", "prepare", "epoch 2", "epoch 3"));
  EXPECT_THAT(rest.orders, ElementsAre(whole.orders[1], whole.orders[2]));
}

TEST(Train, PreparesNothingWhereNothingIsLeftToTrain) {
  FakeLearner learner(20);
  const TrainOutcome outcome = train(learner, config_of(3, 7), {}, TrainingState{.epoch = 3});
  EXPECT_EQ(outcome.end, TrainEnd::completed);
  EXPECT_THAT(learner.calls, ElementsAre("restore"));
  EXPECT_THAT(learner.batches, IsEmpty());
}

TEST(Train, TellsTheClockOfEveryStep) {
  FakeLearner learner(20);
  PhaseClock clock;
  TrainCallbacks callbacks;
  callbacks.clock = &clock;
  train(learner, config_of(1, 7), callbacks);
  ASSERT_EQ(clock.phases().size(), 1U);
  EXPECT_EQ(clock.phases().front().name, "all");
}

}  // namespace
}  // namespace mnist_bench
