#include "experiment/data_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using ::testing::Each;

/// A folder with a data set of 40 training and 20 test images, 4 × 4.
class DataCacheTest : public ::testing::Test {
 protected:
  DataCacheTest() {
    test::write(folder_ / "train-images-idx3-ubyte", test::images_file(40, 4, 4));
    test::write(folder_ / "train-labels-idx1-ubyte", test::labels_file(40));
    test::write(folder_ / "t10k-images-idx3-ubyte", test::images_file(20, 4, 4));
    test::write(folder_ / "t10k-labels-idx1-ubyte", test::labels_file(20));
  }
  [[nodiscard]] DataConfig config() const {
    DataConfig config;
    config.directory = folder_.path().string();
    return config;
  }

  test::TemporaryFolder folder_;
  DataCache cache_;
};

TEST_F(DataCacheTest, ReadsNothingForARunOnTheSameData) {
  EXPECT_TRUE(cache_.load(config()));
  const NativeSets* sets = &cache_.native_sets();
  DataConfig same = config();
  same.normalization = Normalization::unit;
  EXPECT_FALSE(cache_.load(same));
  EXPECT_EQ(cache_.dataset().train.size(), 40);
  EXPECT_EQ(cache_.test_indices().size(), 20U);
  EXPECT_EQ(&cache_.native_sets(), sets);
}

TEST_F(DataCacheTest, OtherLimitsAreOtherData) {
  cache_.load(config());
  DataConfig limited = config();
  limited.train_limit = 30;
  EXPECT_TRUE(cache_.load(limited));
  EXPECT_EQ(cache_.dataset().train.size(), 30);
  limited.test_limit = 10;
  EXPECT_TRUE(cache_.load(limited));
  EXPECT_EQ(cache_.dataset().test.size(), 10);
  EXPECT_EQ(cache_.test_indices().size(), 10U);
  EXPECT_FALSE(cache_.load(limited));
  EXPECT_TRUE(cache_.load(config()));
  EXPECT_EQ(cache_.dataset().train.size(), 40);
  EXPECT_EQ(cache_.test_indices().size(), 20U);
}

TEST_F(DataCacheTest, AnotherFolderIsOtherDataEvenWithEqualFiles) {
  const test::TemporaryFolder copy;
  std::filesystem::copy(folder_.path(), copy.path());
  cache_.load(config());
  DataConfig other = config();
  other.directory = copy.path().string();
  EXPECT_TRUE(cache_.load(other));
}

TEST_F(DataCacheTest, AFileChangedInPlaceIsReadAgainEvenWithItsOldSizeAndTime) {
  const std::filesystem::path labels = folder_ / "train-labels-idx1-ubyte";
  const auto time = std::filesystem::last_write_time(labels);
  cache_.load(config());
  std::this_thread::sleep_for(std::chrono::milliseconds(30));  // the clock of file times ticks in 4
  test::write(labels, test::labels_header(40) + std::string(40, '\x09'));
  std::filesystem::last_write_time(labels, time);
  EXPECT_TRUE(cache_.load(config()));
  EXPECT_THAT(cache_.dataset().train.labels, Each(9));
}

TEST_F(DataCacheTest, ARawFileNextToTheCompressedOneIsNoticed) {
  const std::filesystem::path raw = folder_ / "train-labels-idx1-ubyte";
  std::filesystem::remove(raw);
  test::write(folder_ / "train-labels-idx1-ubyte.gz", test::gzip(test::labels_file(40)));
  EXPECT_TRUE(cache_.load(config()));
  EXPECT_FALSE(cache_.load(config()));
  test::write(raw, test::labels_file(40));
  EXPECT_TRUE(cache_.load(config()));
  test::write(raw, test::labels_header(40) + std::string(40, '\x09'));
  EXPECT_THROW(cache_.load(config()), Error);  // which of the two is meant?
}

TEST_F(DataCacheTest, AFailedLoadLeavesNothingToGoOnWith) {
  cache_.load(config());
  DataConfig too_many = config();
  too_many.train_limit = 41;
  for (int time = 0; time < 2; ++time) EXPECT_THROW(cache_.load(too_many), Error);
  EXPECT_TRUE(cache_.load(config()));
  std::filesystem::remove(folder_ / "t10k-labels-idx1-ubyte");
  EXPECT_THROW(cache_.load(config()), Error);
}

}  // namespace
}  // namespace mnist_bench
