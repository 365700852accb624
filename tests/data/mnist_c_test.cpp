#include "data/mnist_c.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::data_error;
using test::TemporaryFolder;
using test::write;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

/// A file of values of this type and shape, as "2, 3".
std::string npy(const std::string& type, const std::string& shape, const std::string& values) {
  std::string file("\x93NUMPY\x01\x00\x76\x00", 10);
  file += "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  file.resize(127, ' ');
  return file + '\n' + values;
}

/// MNIST-C of 2 × 3 pixels: three images and labels 1, 0, 2 for each corruption.
class MnistC : public ::testing::Test {
 protected:
  MnistC() {
    for (const char* name : {"zigzag", "fog", "dotted_line"}) {
      fs::create_directory(folder_ / name);
      write(folder_ / name / "test_images.npy", npy("|u1", "3, 2, 3, 1", "abcdefghijklmnopqr"));
      write(folder_ / name / "test_labels.npy",
            npy("<i8", "3,", std::string("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 24)));
    }
  }
  void images(const std::string& bytes) const { write(folder_ / "fog/test_images.npy", bytes); }
  void labels(const std::string& bytes) const { write(folder_ / "fog/test_labels.npy", bytes); }
  [[nodiscard]] ImageSet read() const { return read_mnist_c(folder_.path(), "fog", 10); }
  [[nodiscard]] std::string error() const {
    return data_error([&] { (void)read(); });
  }

  TemporaryFolder folder_;
};

TEST_F(MnistC, ListsItsCorruptionsByName) {
  write(folder_ / "README.md", "");
  fs::create_directory(folder_ / "leftovers");
  write(folder_ / "leftovers/train_images.npy", "");
  EXPECT_THAT(mnist_c_corruptions(folder_.path()), ElementsAre("dotted_line", "fog", "zigzag"));
  // One that lacks a file is not left out unnoticed.
  fs::remove(folder_ / "fog/test_images.npy");
  EXPECT_THAT(mnist_c_corruptions(folder_.path()), ElementsAre("dotted_line", "fog", "zigzag"));
  EXPECT_THAT(error(), HasSubstr("fog/test_images.npy: No such file"));
}

TEST_F(MnistC, RefusesAFolderWithoutAnySayingWhatItHolds) {
  EXPECT_EQ(data_error([&] { mnist_c_corruptions(folder_ / "fog"); }),
            "no MNIST-C in " + (folder_ / "fog").string() +
                ": no folder in it holds test_images.npy; it holds test_images.npy and "
                "test_labels.npy");
  EXPECT_THAT(data_error([&] { mnist_c_corruptions(folder_ / "none"); }),
              HasSubstr("cannot read " + (folder_ / "none").string()));
}

TEST_F(MnistC, RefusesNamesThatAreNoPartOfAFileName) {
  fs::rename(folder_ / "fog", folder_ / "fo~g");
  EXPECT_THAT(data_error([&] { mnist_c_corruptions(folder_.path()); }),
              HasSubstr("'fo~g' is no name of a corruption"));
  for (const std::string name : {"", "..", "../fog", "a/b", "a b", "ä"}) {
    EXPECT_THAT(data_error([&] { read_mnist_c(folder_.path(), name, 10); }),
                HasSubstr("is no name of a corruption"));
  }
  EXPECT_THAT(data_error([&] { read_mnist_c(folder_.path(), std::string(65, 'a'), 10); }),
              HasSubstr("is no name of a corruption"));
}

TEST_F(MnistC, IsReadWithTheHashOfItsPixelsAndLabels) {
  const ImageSet set = read();
  EXPECT_EQ(set.rows, 2);
  EXPECT_EQ(set.columns, 3);
  EXPECT_EQ(std::string(set.pixels.begin(), set.pixels.end()), "abcdefghijklmnopqr");
  EXPECT_THAT(set.labels, ElementsAre(1, 0, 2));
  EXPECT_EQ(set.sha256, sha256_hex(std::string("abcdefghijklmnopqr\1\0\2", 21)));
}

TEST_F(MnistC, IsReadWithoutAChannelAndWithLabelsOfAnyType) {
  const ImageSet before = read();
  images(npy("|u1", "3, 2, 3", "abcdefghijklmnopqr"));
  labels(npy("|u1", "3,", std::string("\1\0\2", 3)));
  const ImageSet after = read();
  EXPECT_EQ(after.pixels, before.pixels);
  EXPECT_EQ(after.labels, before.labels);
  EXPECT_EQ(after.sha256, before.sha256);
}

TEST_F(MnistC, OfNumPyIsReadAsItWasSaved) {
  // Made by tests/data/numpy/make_arrays.py.
  const fs::path folder = MNIST_BENCH_SOURCE "/tests/data/numpy/mnist_c";
  EXPECT_THAT(mnist_c_corruptions(folder), ElementsAre("fog"));
  const ImageSet set = read_mnist_c(folder, "fog", 10);
  EXPECT_EQ(set.rows, 28);
  EXPECT_EQ(set.columns, 28);
  ASSERT_EQ(set.pixels.size(), 784U);
  for (std::size_t i = 0; i < set.pixels.size(); ++i) ASSERT_EQ(set.pixels[i], i % 251);
  EXPECT_THAT(set.labels, ElementsAre(7));
}

TEST_F(MnistC, RefusesOtherShapes) {
  const auto path = (folder_ / "fog/test_images.npy").string();
  images(npy("|u1", "3, 2, 3, 2", std::string(36, 'a')));
  EXPECT_EQ(error(),
            "cannot read " + path +
                ": its shape is (3, 2, 3, 2); images have the shape (n, rows, columns, 1)");
  images(npy("|u1", "18,", std::string(18, 'a')));
  EXPECT_THAT(error(), HasSubstr("its shape is (18)"));
  images(npy("|u1", "3, 0, 3", ""));
  EXPECT_THAT(error(), HasSubstr("images of 0 × 3 pixels; a side has 1 … 65536"));
  images(npy("|u1", "3, 1, 65537", std::string(3 * 65537, 'a')));
  EXPECT_THAT(error(), HasSubstr("images of 1 × 65537 pixels"));
  images(npy("|u1", "0, 2, 3", ""));
  EXPECT_THAT(error(), HasSubstr("it holds no images"));
  labels(npy("|u1", "3, 1", "\1\1\1"));
  EXPECT_THAT(error(), HasSubstr("its shape is (3, 1); labels have the shape (n,)"));
}

TEST_F(MnistC, RefusesImagesAndLabelsOfDifferentNumber) {
  labels(npy("|u1", "2,", "\1\1"));
  EXPECT_EQ(error(), "cannot read " + (folder_ / "fog/test_images.npy").string() +
                         ": 3 images, but 2 labels in " +
                         (folder_ / "fog/test_labels.npy").string());
}

TEST_F(MnistC, RefusesLabelsOfAClassThatIsNot) {
  labels(npy("|u1", "3,", "\1\1\x0a"));
  EXPECT_EQ(error(), "cannot read " + (folder_ / "fog/test_labels.npy").string() +
                         ": value 10 at index 2 (byte 130); 0 … 9 are allowed");
}

TEST_F(MnistC, DoesNotBlockOnAPipe) {
  fs::remove(folder_ / "fog/test_images.npy");
  ASSERT_EQ(::mkfifo((folder_ / "fog/test_images.npy").c_str(), 0600), 0);
  EXPECT_THROW((void)read(), Error);
  fs::remove(folder_ / "fog/test_labels.npy");
  EXPECT_THROW((void)read(), Error);
}

}  // namespace
}  // namespace mnist_bench
