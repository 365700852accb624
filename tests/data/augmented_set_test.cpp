#include "data/augmented_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "data/bands.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kImages = 300;  // several blocks, the last one partial
constexpr std::uint64_t kSeed = 5;

/// Of images in the reverse order of their file.
std::vector<std::int64_t> reversed_indices() {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = kImages; i > 0; --i) indices.push_back(i - 1);
  return indices;
}

EpochMap affine_map_of(const ImageSet& set) {
  const auto chain = nlohmann::json::parse(R"([{"type": "affine", "shift": 3, "rotate": 30}])");
  return prepare_augmentation(chain.get<AugmentationChain>(), set.shape(), kSeed);
}

std::vector<std::uint8_t> one_by_one(const ImageSet& set, std::int64_t epoch) {
  const EpochMap map = affine_map_of(set);
  const std::vector<std::int64_t> indices = reversed_indices();
  const std::size_t pixels = set.shape().pixels();
  std::vector<std::uint8_t> out(set.pixels.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    map(epoch, indices[i], std::span(set.pixels).subspan(i * pixels, pixels),
        std::span(out).subspan(i * pixels, pixels));
  }
  return out;
}

TEST(AugmentedSet, GivesEachEpochItsImagesForAnyNumberOfThreads) {
  const ImageSet set = bands(kImages);
  for (const std::int64_t threads : {1, 2, 5}) {
    AugmentedSet augmented(set, reversed_indices(), affine_map_of(set), /*last_epoch=*/9, threads);
    for (const std::int64_t epoch : {1, 2, 3, 7, 8, 2, 9, 10}) {
      const ImageSet& of_epoch = augmented.of(epoch);
      EXPECT_EQ(of_epoch.pixels, one_by_one(set, epoch)) << epoch;
      EXPECT_EQ(of_epoch.labels, set.labels);
      EXPECT_EQ(of_epoch.shape(), set.shape());
    }
  }
  EXPECT_EQ(set.pixels, bands(kImages).pixels);
}

TEST(AugmentedSet, MakesTheNextEpochWhileOneIsInUseAndNoneAfterTheLast) {
  const ImageSet set = bands(kImages);
  std::atomic<std::int64_t> latest{0};
  std::atomic<std::int64_t> made{0};
  const EpochMap map = [&](std::int64_t epoch, std::int64_t, std::span<const std::uint8_t>,
                           std::span<std::uint8_t>) {
    latest = epoch;
    ++made;
    made.notify_all();
  };
  {
    AugmentedSet augmented(set, reversed_indices(), map, /*last_epoch=*/2, /*threads=*/1);
    augmented.of(1);
    for (std::int64_t now = made; now < 2 * kImages; now = made) made.wait(now);
    EXPECT_EQ(latest, 2);
    augmented.of(2);
  }
  EXPECT_EQ(made, 2 * kImages);
}

TEST(AugmentedSet, ReportsWhatGoesWrongInItsThread) {
  const ImageSet set = bands(kImages);
  const EpochMap map = [&](std::int64_t epoch, std::int64_t index, std::span<const std::uint8_t>,
                           std::span<std::uint8_t>) {
    if (epoch == 2 && index == 7) throw std::runtime_error("no memory");
  };
  for (const std::int64_t threads : {1, 3}) {
    AugmentedSet augmented(set, reversed_indices(), map, /*last_epoch=*/3, threads);
    augmented.of(1);
    EXPECT_THROW(augmented.of(2), std::runtime_error);
  }
}

}  // namespace
}  // namespace mnist_bench
