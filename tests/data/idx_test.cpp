#include "data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sha256.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::big_endian;
using test::gzip;
using test::images_file;
using test::images_header;
using test::labels_file;
using test::labels_header;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class IdxReader : public ::testing::Test {
 protected:
  [[nodiscard]] IdxFile labels(std::string_view bytes) const {
    return read_idx_labels(test::write(folder_ / "labels", bytes));
  }
  /// An images file beside `count` labels.
  [[nodiscard]] IdxFile images(std::string_view bytes, std::uint32_t count = 5) const {
    IdxFile announced;
    announced.path = folder_ / "labels";
    announced.dimensions = {count};
    return read_idx_images(test::write(folder_ / "images", bytes), announced);
  }
  [[nodiscard]] std::string labels_error(std::string_view bytes) const {
    return test::data_error([&] { (void)labels(bytes); });
  }
  [[nodiscard]] std::string images_error(std::string_view bytes, std::uint32_t count = 5) const {
    return test::data_error([&] { (void)images(bytes, count); });
  }
  [[nodiscard]] std::string error_at(const std::filesystem::path& path) const {
    return test::data_error([&] { (void)read_idx_labels(path); });
  }

  test::TemporaryFolder folder_;
};

TEST_F(IdxReader, ReadsRawLabels) {
  const IdxFile file = labels(labels_file(5, 3));
  EXPECT_THAT(file.dimensions, ElementsAre(5));
  EXPECT_THAT(file.values, ElementsAre(0, 1, 2, 0, 1));
  EXPECT_EQ(file.hash.hex(), sha256_hex(labels_file(5, 3)));
  EXPECT_EQ(file.raw_bytes(), 13);
}

TEST_F(IdxReader, ReadsRawImages) {
  const IdxFile file = images(images_file(5, 3, 2));
  EXPECT_THAT(file.dimensions, ElementsAre(5, 3, 2));
  ASSERT_EQ(file.values.size(), 30U);
  EXPECT_EQ(file.values[29], 29);
  EXPECT_EQ(file.hash.hex(), sha256_hex(images_file(5, 3, 2)));
}

TEST_F(IdxReader, ReadsAnImageOfOnePixel) {
  EXPECT_THAT(images(images_header(1, 1, 1) + "x", 1).values, ElementsAre('x'));
}

TEST_F(IdxReader, ReadsTheLongestSideAllowed) {
  EXPECT_EQ(images(images_file(1, 65536, 1), 1).values.size(), 65536U);
  EXPECT_EQ(images(images_file(1, 1, 65536), 1).values.size(), 65536U);
}

TEST_F(IdxReader, KnowsGzipByItsFirstBytesAndNotByItsName) {
  const IdxFile file = images(gzip(images_file(5)));  // the name has no .gz
  EXPECT_EQ(file.hash.hex(), sha256_hex(images_file(5)));
  const auto raw = test::write(folder_ / "labels.gz", labels_file(4));
  EXPECT_EQ(read_idx_labels(raw).values.size(), 4U);
}

TEST_F(IdxReader, ReadsSeveralGzipMembersAsOneFile) {
  const std::string bytes = images_file(5);
  const IdxFile file = images(gzip(bytes.substr(0, 7)) + gzip("") + gzip(bytes.substr(7, 20)) +
                              gzip(bytes.substr(27)));
  EXPECT_EQ(file.hash.hex(), sha256_hex(bytes));
}

TEST_F(IdxReader, ReadsMoreThanOneBlockAtATime) {
  const std::string bytes = images_file(3000, 28, 28);  // 2.35 MB
  EXPECT_EQ(images(bytes, 3000).hash.hex(), sha256_hex(bytes));
  EXPECT_EQ(images(gzip(bytes), 3000).hash.hex(), sha256_hex(bytes));
}

TEST_F(IdxReader, RefusesAWrongMagicNumberNamingIt) {
  EXPECT_THAT(labels_error("hello, world"),
              AllOf(HasSubstr("labels:"), HasSubstr("0x68656c6c"), HasSubstr("0x00000801")));
  EXPECT_THAT(images_error(big_endian(0xd03) + std::string(100, 'x')),
              AllOf(HasSubstr("images:"), HasSubstr("0x00000d03"), HasSubstr("0x00000803")));
}

TEST_F(IdxReader, SaysWhenLabelsAndImagesAreSwapped) {
  EXPECT_THAT(labels_error(images_file(5)), HasSubstr("this is an images file"));
  EXPECT_THAT(images_error(labels_file(5)), HasSubstr("this is a labels file"));
}

TEST_F(IdxReader, RefusesNothingToRead) {
  EXPECT_THAT(labels_error(labels_header(0)), HasSubstr("nothing to read: 0 labels"));
  EXPECT_THAT(images_error(images_header(0, 28, 28), 0), HasSubstr("nothing to read: 0 × 28 × 28"));
  EXPECT_THAT(images_error(images_header(5, 0, 28)), HasSubstr("nothing to read: 5 × 0 × 28"));
  EXPECT_THAT(images_error(images_header(5, 28, 0)), HasSubstr("nothing to read: 5 × 28 × 0"));
}

TEST_F(IdxReader, RefusesASideThatIsTooLong) {
  EXPECT_THAT(images_error(images_header(5, 65537, 1)), HasSubstr("at most 65536 pixels"));
  EXPECT_THAT(images_error(images_header(5, 1, 65537)), HasSubstr("at most 65536 pixels"));
}

TEST_F(IdxReader, RefusesDimensionsWhoseProductOverflows) {
  EXPECT_THAT(images_error(images_header(0xffffffffU, 0xffffffffU, 0xffffffffU), 0xffffffffU),
              HasSubstr("4294967295 × 4294967295 × 4294967295"));
  // 2^32 · 2^32 would be 0 in 64 bits, and 65536^3 exceeds 32.
  EXPECT_THAT(images_error(images_header(65536, 65536, 65536), 65536),
              HasSubstr("at most 1073741824 bytes"));
}

TEST_F(IdxReader, RefusesMoreThanOneGibibyteAndAllowsThatMuch) {
  EXPECT_THAT(labels_error(labels_header((1U << 30U) + 1)), HasSubstr("at most 1073741824 bytes"));
  EXPECT_THAT(labels_error(labels_header(1U << 30U)), HasSubstr("truncated"));
}

TEST_F(IdxReader, RefusesATruncatedHeader) {
  for (const std::size_t size : {1U, 3U, 4U, 15U}) {
    const std::string bytes = images_file(5).substr(0, size);
    EXPECT_THAT(images_error(bytes), HasSubstr("truncated")) << size;
    EXPECT_THAT(images_error(gzip(bytes)), HasSubstr("truncated")) << size;
  }
  EXPECT_THAT(labels_error(labels_file(5).substr(0, 7)), HasSubstr("truncated: 7 bytes"));
}

TEST_F(IdxReader, RefusesMissingValues) {
  const std::string bytes = images_file(5);
  const std::string truncated = bytes.substr(0, bytes.size() - 1);
  for (const std::string& each : {truncated, gzip(truncated)}) {
    EXPECT_THAT(images_error(each),
                AllOf(HasSubstr("images: truncated: 29 bytes"), HasSubstr("announces 30")));
  }
}

TEST_F(IdxReader, RefusesTrailingBytes) {
  EXPECT_THAT(images_error(images_file(5) + "x"), HasSubstr("images: trailing bytes"));
  EXPECT_THAT(images_error(gzip(images_file(5) + "x")), HasSubstr("images: trailing bytes"));
  EXPECT_THAT(images_error(gzip(images_file(5)) + gzip("x")), HasSubstr("images: trailing bytes"));
}

TEST_F(IdxReader, RefusesBytesAfterTheGzipStream) {
  EXPECT_THAT(images_error(gzip(images_file(5)) + "x"), HasSubstr("other bytes follow"));
  EXPECT_THAT(images_error(gzip(images_file(5)) + std::string(512, '\0')),
              HasSubstr("other bytes follow"));
  EXPECT_THAT(images_error(gzip(images_file(5)) + "\x1fxx"), HasSubstr("gzip stream is damaged"));
}

TEST_F(IdxReader, RefusesATruncatedGzipStreamWhereverItEnds) {
  const std::string whole = gzip(images_file(5));
  for (std::size_t size = 2; size < whole.size(); ++size) {  // a part of the trailer counts, too
    EXPECT_THAT(images_error(whole.substr(0, size)), HasSubstr("gzip stream is truncated")) << size;
  }
}

TEST_F(IdxReader, RefusesAGzipStreamWithAWrongChecksum) {
  std::string bytes = gzip(images_file(5));
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);  // CRC-32
  EXPECT_THAT(images_error(bytes), HasSubstr("gzip stream is damaged (incorrect data check)"));
  bytes = gzip(images_file(5));
  bytes[bytes.size() - 4] = static_cast<char>(bytes[bytes.size() - 4] ^ 1);  // length
  EXPECT_THAT(images_error(bytes), HasSubstr("gzip stream is damaged (incorrect length check)"));
}

TEST_F(IdxReader, NoticesAnyBitThatFlipsInAGzipStream) {
  const std::string whole = gzip(images_file(5));
  const std::size_t padded = whole.size() - 9;  // deflate's last byte ends in bits without meaning
  for (std::size_t byte = 10; byte < whole.size(); ++byte) {  // the first 10 hold time and system
    if (byte == padded) continue;
    std::string bytes = whole;
    bytes[byte] = static_cast<char>(bytes[byte] ^ 0x10);
    EXPECT_FALSE(images_error(bytes).empty()) << byte;
  }
}

TEST_F(IdxReader, RefusesAnotherNumberOfImagesThanOfLabels) {
  EXPECT_THAT(images_error(images_file(5), 4),
              AllOf(HasSubstr("images: 5 images, but 4 labels in"), HasSubstr("/labels")));
  EXPECT_THAT(images_error(gzip(images_file(5)), 6), HasSubstr("5 images, but 6 labels"));
}

TEST_F(IdxReader, RefusesAMissingFile) {
  EXPECT_THAT(error_at(folder_ / "nowhere"),
              AllOf(HasSubstr("nowhere"), HasSubstr("No such file or directory")));
}

TEST_F(IdxReader, RefusesAnEmptyFile) {
  EXPECT_THAT(labels_error(""), HasSubstr("labels: it is empty"));
  EXPECT_THAT(labels_error(gzip("")), HasSubstr("truncated: 0 bytes"));
}

TEST_F(IdxReader, RefusesAFolder) { EXPECT_THAT(error_at(folder_.path()), HasSubstr("a folder")); }

TEST_F(IdxReader, RefusesAFifoWithoutWaitingForAWriter) {
  const auto path = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(error_at(path), HasSubstr("a special file"));
}

TEST_F(IdxReader, RefusesADevice) {
  EXPECT_THAT(error_at("/dev/zero"), HasSubstr("/dev/zero: it is a special file"));
}

TEST_F(IdxReader, ReadsThroughASymbolicLink) {
  const auto target = test::write(folder_ / "target", labels_file(4));
  std::filesystem::create_symlink(target, folder_ / "link");
  EXPECT_EQ(read_idx_labels(folder_ / "link").values.size(), 4U);
}

}  // namespace
}  // namespace mnist_bench
