#include "config/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace mnist_bench {
namespace {

std::vector<std::int64_t> images_by_epoch(const Schedule& schedule) {
  std::vector<std::int64_t> images;
  for (std::int64_t epoch = 1; epoch <= schedule.epochs(); ++epoch) {
    images.push_back(schedule.images_in(epoch));
  }
  return images;
}

std::vector<std::int64_t> evaluated_epochs(const TrainingConfig& training, std::int64_t images) {
  const Schedule schedule = schedule_of(training, images);
  std::vector<std::int64_t> epochs;
  for (std::int64_t epoch = 1; epoch <= schedule.epochs(); ++epoch) {
    if (schedule.evaluates_after(epoch)) epochs.push_back(epoch);
  }
  return epochs;
}

TEST(Schedule, OfEpochsTakesAllImagesInEach) {
  const Schedule schedule = schedule_of({.epochs = 2, .batch_size = 64}, 200);
  EXPECT_EQ(schedule.steps, 8);  // 64 + 64 + 64 + 8, twice
  EXPECT_EQ(images_by_epoch(schedule), (std::vector<std::int64_t>{200, 200}));
  EXPECT_EQ(schedule.steps_in(1), 4);
  EXPECT_EQ(schedule.steps_after(1), 4);
}

TEST(Schedule, OfStepsEndsWithinAnEpochOrWithIt) {
  const auto of = [](std::int64_t steps) {
    return images_by_epoch(schedule_of({.epochs = 9, .batch_size = 64, .steps = steps}, 200));
  };
  EXPECT_EQ(of(1), (std::vector<std::int64_t>{64}));
  EXPECT_EQ(of(3), (std::vector<std::int64_t>{192}));
  EXPECT_EQ(of(4), (std::vector<std::int64_t>{200}));
  EXPECT_EQ(of(5), (std::vector<std::int64_t>{200, 64}));
  EXPECT_EQ(of(8), (std::vector<std::int64_t>{200, 200}));
}

TEST(Schedule, TakesABatchThatIsLargerThanTheSet) {
  EXPECT_EQ(images_by_epoch(schedule_of({.epochs = 2, .batch_size = 1'000}, 7)),
            (std::vector<std::int64_t>{7, 7}));
}

TEST(Schedule, EvaluatesAfterEachNthEpochAndTheLast) {
  using Epochs = std::vector<std::int64_t>;
  EXPECT_EQ(evaluated_epochs({.epochs = 3}, 100), (Epochs{1, 2, 3}));
  EXPECT_EQ(evaluated_epochs({.epochs = 5, .evaluate_every = 2}, 100), (Epochs{2, 4, 5}));
  EXPECT_EQ(evaluated_epochs({.epochs = 5, .evaluate_every = 9}, 100), (Epochs{5}));
  EXPECT_EQ(evaluated_epochs({.batch_size = 10, .steps = 25, .evaluate_every = 2}, 100),
            (Epochs{2, 3}));
}

}  // namespace
}  // namespace mnist_bench
