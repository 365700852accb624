#include "data/subset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "data/dataset.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::mnist;
using ::testing::IsEmpty;

std::vector<std::uint8_t> labels_with(const std::vector<std::int64_t>& class_sizes) {
  std::vector<std::uint8_t> labels;
  for (std::size_t label = 0; label < class_sizes.size(); ++label) {
    labels.insert(labels.end(), static_cast<std::size_t>(class_sizes[label]),
                  static_cast<std::uint8_t>(label));
  }
  return labels;
}

/// By how many images a class strays at most from its share, over all prefixes from `first` on.
double largest_deviation(const std::vector<std::uint8_t>& labels, std::size_t first = 0) {
  std::vector<double> total(256, 0.0);
  for (const std::uint8_t label : labels) total[label] += 1.0;
  std::vector<double> taken(256, 0.0);
  double largest = 0.0;
  std::size_t length = 0;
  for (const std::int64_t index : stratified_order(labels)) {
    taken[labels[static_cast<std::size_t>(index)]] += 1.0;
    if (++length < first) continue;
    const double share = static_cast<double>(length) / static_cast<double>(labels.size());
    for (std::size_t c = 0; c < total.size(); ++c) {
      largest = std::max(largest, std::abs(taken[c] - share * total[c]));
    }
  }
  return largest;
}

std::set<std::uint8_t> first_labels(const std::vector<std::uint8_t>& labels, std::size_t count) {
  std::set<std::uint8_t> seen;
  const auto order = stratified_order(labels);
  for (std::size_t i = 0; i < count; ++i) seen.insert(labels[static_cast<std::size_t>(order[i])]);
  return seen;
}

TEST(StratifiedOrder, IsAPermutation) {
  auto order = stratified_order(mnist().test.labels);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> expected(10'000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(StratifiedOrder, KeepsMnistsProportionsWithinOneImageInEveryPrefix) {
  EXPECT_LT(largest_deviation(mnist().train.labels), 1.0);
  EXPECT_LT(largest_deviation(mnist().test.labels), 1.0);
}

TEST(StratifiedOrder, ShowsEveryClassFirst) {
  EXPECT_EQ(first_labels(mnist().train.labels, 10).size(), 10U);
  EXPECT_EQ(first_labels(labels_with({1000, 1, 30, 2}), 4).size(), 4U);
}

TEST(StratifiedOrder, ShowsOnlyClassesThatOccur) {
  EXPECT_EQ(first_labels(labels_with({0, 5, 0, 7}), 2), (std::set<std::uint8_t>{1, 3}));
}

TEST(StratifiedOrder, MakesUpForTheFirstRoundWhereClassesAreUnequal) {
  // The first 4 images are one of each class; the 950 of 1000 have caught up 80 images later.
  const auto labels = labels_with({950, 10, 20, 20});
  EXPECT_GT(largest_deviation(labels), 2.0);
  EXPECT_LT(largest_deviation(labels, 80), 1.0);
  // Half of all images in one class, the rest spread over 49.
  std::vector<std::int64_t> sizes(50, 10);
  sizes[7] = 490;
  EXPECT_LT(largest_deviation(labels_with(sizes), 110), 1.0);
}

TEST(StratifiedOrder, KeepsProportionsForAnyMildlyUnequalClasses) {
  for (std::int64_t classes = 2; classes <= 26; ++classes) {
    std::vector<std::int64_t> sizes;
    for (std::int64_t c = 0; c < classes; ++c) sizes.push_back(100 + (c * 37) % 80);
    EXPECT_LT(largest_deviation(labels_with(sizes)), 1.0) << classes << " classes";
  }
}

TEST(StratifiedOrder, DependsOnTheLabelsAlone) {
  const auto labels = labels_with({30, 20, 10});
  EXPECT_EQ(stratified_order(labels), stratified_order(labels));
}

TEST(StratifiedOrder, ShufflesWithinAClass) {
  const auto labels = labels_with({1000});
  const auto order = stratified_order(labels);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  // The mean index of the first tenth is near the middle, within 4 standard errors of 28.9 · √0.9.
  const double mean = std::accumulate(order.begin(), order.begin() + 100, 0.0) / 100.0;
  EXPECT_NEAR(mean, 499.5, 4.0 * 28.9);
}

TEST(StratifiedOrder, OfNothingIsEmptyAndOfOneIsThatOne) {
  EXPECT_THAT(stratified_order({}), IsEmpty());
  EXPECT_EQ(stratified_order({9}), std::vector<std::int64_t>{0});
}

/// Classes' shares of these images, in images.
std::vector<double> class_shares(const std::vector<std::uint8_t>& labels,
                                 const std::vector<std::int64_t>& indices) {
  std::vector<double> shares(10, 0.0);
  for (const std::int64_t index : indices) shares[labels[static_cast<std::size_t>(index)]] += 1.0;
  return shares;
}

DataConfig config_of(std::optional<std::int64_t> limit, std::optional<std::int64_t> validation) {
  DataConfig config;
  config.train_limit = limit;
  config.validation = validation;
  return config;
}

TEST(TrainingSplit, HoldsBackImagesInTheClassesProportionsWithinOne) {
  const std::vector<std::uint8_t>& labels = mnist().train.labels;
  const TrainingSplit all = training_split(labels, {});
  const std::vector<double> of_all = class_shares(labels, all.train);
  for (const std::int64_t size : {1, 77, 5'000, 59'999}) {
    const TrainingSplit split = training_split(labels, config_of({}, size));
    ASSERT_EQ(std::ssize(split.validation), size);
    const std::vector<double> shares = class_shares(labels, split.validation);
    for (std::size_t k = 0; k < 10; ++k) {
      EXPECT_NEAR(shares[k], of_all[k] * static_cast<double>(size) / 60'000, 1.0) << size;
    }
  }
}

TEST(TrainingSplit, LeavesEveryImageToOneOfTheTwoInTheFilesOrder) {
  const std::vector<std::uint8_t>& labels = mnist().train.labels;
  const TrainingSplit split = training_split(labels, config_of({}, 5'000));
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  std::vector<std::int64_t> both = split.train;
  both.insert(both.end(), split.validation.begin(), split.validation.end());
  std::sort(both.begin(), both.end());
  EXPECT_EQ(both, training_split(labels, {}).train);
}

TEST(TrainingSplit, HoldsBackTheSameImagesWhateverTheLimit) {
  const std::vector<std::uint8_t>& labels = mnist().train.labels;
  const auto split = [&](std::optional<std::int64_t> limit, std::optional<std::int64_t> held_back) {
    return training_split(labels, config_of(limit, held_back));
  };
  EXPECT_EQ(split(100, 5'000).validation, split({}, 5'000).validation);
  EXPECT_EQ(split(55'000, 5'000).validation, split({}, 5'000).validation);
  EXPECT_EQ(split(100, 5'000).train, split(100, {}).train);
}

TEST(TrainingSplit, RefusesMoreImagesThanThereAre) {
  const std::vector<std::uint8_t> labels = labels_with({10, 10});
  EXPECT_EQ(training_split(labels, config_of({}, 19)).train.size(), 1U);
  EXPECT_EQ(training_split(labels, config_of(12, 8)).train.size(), 12U);
  EXPECT_EQ(training_split(labels, config_of(20, {})).train.size(), 20U);
  const auto refusal = [&](const DataConfig& config) {
    try {
      training_split(labels, config);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), config.validation ? ExitCode::usage : ExitCode::data);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal(config_of({}, 20)),
            "data.validation is 20 of 20 training images; none is left to train on");
  EXPECT_EQ(refusal(config_of(12, 9)),
            "data.train_limit is 12 and data.validation 9, but there are only 20 training images");
  EXPECT_EQ(refusal(config_of(21, {})), "data.train_limit is 21, but there are only 20 images");
}

}  // namespace
}  // namespace mnist_bench
