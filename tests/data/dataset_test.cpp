#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::gzip;
using test::images_file;
using test::labels_file;
using test::mnist;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ShippedMnist, IsReadAndIdentified) {
  EXPECT_EQ(mnist().identified, "mnist");
  EXPECT_EQ(checksum_status(mnist()), ChecksumStatus::known);
  EXPECT_EQ(mnist().classes, 10);
  EXPECT_EQ(mnist().train.size(), 60'000);
  EXPECT_EQ(mnist().test.size(), 10'000);
  EXPECT_EQ(mnist().train.rows, 28);
  EXPECT_EQ(mnist().train.columns, 28);
  EXPECT_EQ(mnist().train.pixels.size(), 47'040'000U);
}

TEST(ShippedMnist, HasItsPublishedClassSizesMeanAndStandardDeviation) {
  EXPECT_THAT(class_counts(mnist().test, 10),
              ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  EXPECT_THAT(class_counts(mnist().train, 10),
              ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  const PixelStatistics& statistics = mnist().train_pixels.statistics;
  EXPECT_NEAR(statistics.mean, 0.1307, 0.00005);
  EXPECT_NEAR(statistics.sd, 0.3081, 0.00005);
}

TEST(ShippedMnist, ReportsItsFourFiles) {
  const auto& files = mnist().files;
  EXPECT_EQ(files[0].path.filename(), "train-images-idx3-ubyte.gz");
  EXPECT_EQ(files[1].path.filename(), "train-labels-idx1-ubyte.gz");
  EXPECT_EQ(files[2].path.filename(), "t10k-images-idx3-ubyte.gz");
  EXPECT_EQ(files[3].path.filename(), "t10k-labels-idx1-ubyte.gz");
  EXPECT_EQ(files[0].raw_bytes, 47'040'016);
  EXPECT_EQ(files[3].raw_bytes, 10'008);
  EXPECT_EQ(files[3].sha256, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");
  for (const SourceFile& file : files) EXPECT_EQ(file.known_as, "mnist");
}

class LoadDataset : public test::DatasetFolder {};

TEST_F(LoadDataset, ReadsAnUnknownDataSet) {
  const Dataset dataset = load();
  EXPECT_FALSE(dataset.identified);
  EXPECT_EQ(checksum_status(dataset), ChecksumStatus::unknown);
  EXPECT_EQ(dataset.train.size(), 30);
  EXPECT_EQ(dataset.test.size(), 20);
  EXPECT_EQ(dataset.train.rows, 3);
  EXPECT_EQ(dataset.train.columns, 2);
}

TEST_F(LoadDataset, HashesTheRawImagesFileFollowedByTheRawLabelsFile) {
  EXPECT_EQ(load().train.sha256, sha256_hex(images_file(30) + labels_file(30)));
  test::write(folder_ / "t10k-images-idx3-ubyte", gzip(images_file(20)));
  EXPECT_EQ(load().test.sha256, sha256_hex(images_file(20) + labels_file(20)));
}

TEST_F(LoadDataset, TakesLabelsOfAnyIntegerTypeAndHashesThemAsInTheFile) {
  const std::string wide = test::wide_labels_file(30, 0x0c, 4);
  test::write(folder_ / "train-labels-idx1-ubyte", wide);
  const Dataset dataset = load();
  EXPECT_EQ(dataset.classes, 10);
  EXPECT_EQ(dataset.train.labels[13], 3);
  EXPECT_EQ(dataset.train.sha256, sha256_hex(images_file(30) + wide));
  EXPECT_EQ(dataset.files[1].sha256, sha256_hex(wide));
  EXPECT_EQ(dataset.files[1].raw_bytes, 128);
}

TEST_F(LoadDataset, TakesTheNumberOfClassesFromTheTrainingLabels) {
  test::write(folder_ / "train-labels-idx1-ubyte", labels_file(30, 26));
  EXPECT_EQ(load().classes, 26);
  test::write(folder_ / "train-labels-idx1-ubyte",
              test::labels_header(30) + std::string(30, '\xff'));
  EXPECT_EQ(load().classes, 256);
}

TEST_F(LoadDataset, SeesAtLeastTwoClasses) {
  test::write(folder_ / "train-labels-idx1-ubyte", labels_file(30, 1));
  test::write(folder_ / "t10k-labels-idx1-ubyte", labels_file(20, 2));
  EXPECT_EQ(load().classes, 2);
}

TEST_F(LoadDataset, RefusesATestLabelBeyondTheClasses) {
  test::write(folder_ / "t10k-labels-idx1-ubyte", labels_file(20, 11));
  EXPECT_THAT(error(), AllOf(HasSubstr("t10k-labels-idx1-ubyte: label 10 at index 10"),
                             HasSubstr("go up to 9")));
}

TEST_F(LoadDataset, RefusesTestImagesOfAnotherSize) {
  test::write(folder_ / "t10k-images-idx3-ubyte", images_file(20, 2, 3));
  EXPECT_THAT(error(), AllOf(HasSubstr("t10k-images-idx3-ubyte: images of 2 × 3"),
                             HasSubstr("train-images-idx3-ubyte have 3 × 2")));
}

TEST_F(LoadDataset, RefusesAnotherNumberOfImagesThanOfLabels) {
  test::write(folder_ / "t10k-labels-idx1-ubyte", labels_file(19));
  EXPECT_THAT(error(), HasSubstr("t10k-images-idx3-ubyte: 20 images, but 19 labels"));
}

TEST_F(LoadDataset, ReadsRawAndCompressedFilesSideBySide) {
  rename("train-images-idx3-ubyte", "x");
  test::write(folder_ / "train-images-idx3-ubyte.gz", gzip(images_file(30)));
  EXPECT_EQ(load().train.size(), 30);
}

TEST_F(LoadDataset, CallsAFolderMixedThatHoldsFilesOfMnistAmongOthers) {
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
    std::filesystem::remove(folder_ / name);
    const std::string compressed = std::string(name) + ".gz";
    std::filesystem::create_symlink(shipped_mnist() / compressed, folder_ / compressed);
  }
  test::write(folder_ / "t10k-images-idx3-ubyte", images_file(20, 28, 28));
  const Dataset dataset = load();
  EXPECT_EQ(checksum_status(dataset), ChecksumStatus::mixed);
  EXPECT_FALSE(dataset.identified);
  EXPECT_EQ(dataset.files[0].known_as, "mnist");
  EXPECT_FALSE(dataset.files[2].known_as);
}

TEST(Select, TakesImagesAndLabelsInTheGivenOrder) {
  ImageSet set;
  set.rows = 1;
  set.columns = 2;
  set.pixels = {0, 1, 10, 11, 20, 21};
  set.labels = {5, 6, 7};
  set.sha256 = "of the whole";
  const ImageSet chosen = select(set, {2, 0});
  EXPECT_THAT(chosen.pixels, ElementsAre(20, 21, 0, 1));
  EXPECT_THAT(chosen.labels, ElementsAre(7, 5));
  EXPECT_EQ(chosen.rows, 1);
  EXPECT_EQ(chosen.columns, 2);
  EXPECT_EQ(chosen.sha256, "of the whole");
  EXPECT_EQ(select(set, {}).size(), 0);
}

TEST(ClassCounts, ListClassesThatDoNotOccur) {
  ImageSet set;
  set.labels = {3, 1, 3};
  EXPECT_THAT(class_counts(set, 5), ElementsAre(0, 1, 0, 2, 0));
}

}  // namespace
}  // namespace mnist_bench
