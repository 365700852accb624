#include "data/known_datasets.h"

#include <gtest/gtest.h>

namespace mnist_bench {
namespace {

constexpr const char* kFashionTestImages =
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b";

TEST(KnownDatasets, NameAFileByItsChecksum) {
  EXPECT_EQ(known_dataset(FileRole::test_images, kFashionTestImages), "fashion-mnist");
}

TEST(KnownDatasets, DoNotNameAFileInTheWrongRole) {
  EXPECT_FALSE(known_dataset(FileRole::train_images, kFashionTestImages));
}

TEST(KnownDatasets, DoNotNameAnythingElse) {
  EXPECT_FALSE(known_dataset(FileRole::test_images, ""));
}

}  // namespace
}  // namespace mnist_bench
