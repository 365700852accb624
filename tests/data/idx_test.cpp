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
  /// A file of images with `count` labels.
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

/// A header with IDX's code for the type of the values, then one size per dimension.
std::string header(std::uint8_t code, std::initializer_list<std::uint32_t> sizes) {
  std::string bytes = {'\0', '\0', static_cast<char>(code), static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) bytes += big_endian(size);
  return bytes;
}

TEST_F(IdxReader, TakesLabelsOfAnyIntegerType) {
  for (const auto& [code, bytes] : {std::pair{0x09, 1}, {0x0b, 2}, {0x0c, 4}}) {
    const std::string text = test::wide_labels_file(25, static_cast<std::uint8_t>(code),
                                                    static_cast<std::size_t>(bytes));
    for (const std::string& each : {text, gzip(text)}) {
      const IdxFile file = labels(each);
      EXPECT_THAT(file.dimensions, ElementsAre(25));
      ASSERT_EQ(file.values.size(), 25U);
      EXPECT_EQ(file.values[19], 9);
      EXPECT_EQ(file.hash.hex(), sha256_hex(text));
      EXPECT_EQ(file.raw_bytes(), 8 + 25 * bytes);
    }
  }
  EXPECT_THAT(labels(header(0x0b, {2}) + std::string("\0\xff\0\1", 4)).values, ElementsAre(255, 1));
}

TEST_F(IdxReader, RefusesLabelsThatAreNoBytesNamingTheFirst) {
  EXPECT_THAT(labels_error(header(0x0b, {2}) + std::string("\0\1\1\0", 4)),
              HasSubstr("label 256 at index 1; labels are 0 … 255"));
  EXPECT_THAT(labels_error(header(0x09, {2}) + std::string("\xff\1", 2)),
              HasSubstr("label -1 at index 0"));
  EXPECT_THAT(labels_error(header(0x0c, {1}) + std::string("\xff\xff\xff\xfe", 4)),
              HasSubstr("label -2 at index 0"));
  EXPECT_THAT(labels_error(header(0x0c, {1}) + std::string("\x80\0\0\0", 4)),
              HasSubstr("label -2147483648 at index 0"));
}

TEST_F(IdxReader, TellsSwappedLabelsFromThoseOfTooManyClasses) {
  std::string remedy;
  for (const std::string& bytes :
       {header(0x0c, {3}) + std::string("\5\0\0\0\0\0\0\0\xff\0\0\0", 12),
        header(0x0b, {2}) + std::string("\5\0\0\0", 4)}) {
    EXPECT_THAT(test::data_error([&] { (void)labels(bytes); }, &remedy),
                HasSubstr("at index 0; labels are 0 … 255; the labels seem to be byte-swapped"));
    EXPECT_THAT(remedy, HasSubstr("most significant byte first"));
  }
  EXPECT_THAT(test::data_error(
                  [&] { (void)labels(header(0x0b, {2}) + std::string("\1\0\0\1", 4)); }, &remedy),
              HasSubstr("label 256 at index 0; labels are 0 … 255"));
  EXPECT_THAT(remedy, HasSubstr("number the classes from 0"));
}

TEST_F(IdxReader, BoundsWideLabelsByTheirBytes) {
  EXPECT_THAT(labels_error(header(0x0c, {(1U << 28U) + 1})), HasSubstr("at most 1073741824 bytes"));
  EXPECT_THAT(labels_error(header(0x0c, {3}) + std::string(11, '\0')),
              HasSubstr("truncated: 11 bytes of values, where its header announces 12"));
}

TEST_F(IdxReader, LeavesOutAChannelOfOne) {
  const std::string pixels(30, '\7');
  EXPECT_THAT(images(header(8, {5, 3, 2, 1}) + pixels).dimensions, ElementsAre(5, 3, 2));
  EXPECT_THAT(images(header(8, {5, 1, 3, 2}) + pixels).dimensions, ElementsAre(5, 3, 2));
  EXPECT_THAT(images(header(8, {5, 1, 6, 1}) + pixels).dimensions, ElementsAre(5, 1, 6));
  EXPECT_THAT(labels(header(8, {5, 1}) + std::string(5, '\1')).dimensions, ElementsAre(5));
  const std::string bytes = header(8, {5, 3, 2, 1}) + pixels;
  EXPECT_EQ(images(bytes).hash.hex(), sha256_hex(bytes));
}

TEST_F(IdxReader, SaysWhatAFileOfAnotherTypeOrShapeHolds) {
  EXPECT_THAT(images_error(header(0x0d, {5, 28, 28}) + std::string(100, 'x')),
              HasSubstr("it holds 5 × 28 × 28 32-bit floats; only unsigned bytes are read"));
  EXPECT_THAT(images_error(header(0x0b, {5, 28, 28})), HasSubstr("16-bit integers"));
  EXPECT_THAT(images_error(header(0x08, {5, 784})),
              HasSubstr("it holds 5 × 784 unsigned bytes; images have the dimensions"));
  EXPECT_THAT(images_error(header(0x08, {5, 28, 28, 3})), HasSubstr("5 × 28 × 28 × 3"));
  EXPECT_THAT(labels_error(header(0x0e, {5})),
              HasSubstr("it holds 5 64-bit floats; only integers are read as labels"));
  EXPECT_THAT(labels_error(header(0x0c, {5, 8})),
              HasSubstr("it holds 5 × 8 32-bit integers; labels have the dimensions labels alone"));
  EXPECT_THAT(images_error(std::string("\0\0\x08\xff", 4) + std::string(2000, '\1')),
              HasSubstr("images have the dimensions"));
}

TEST_F(IdxReader, SaysWhatAFileOfAnotherFormatIs) {
  const struct {
    std::string bytes;
    const char* what;
    const char* remedy;
  } formats[] = {
      {"<!DOCTYPE html><html><head>", "an HTML page", "fetch the file itself"},
      {"\n  <html>", "an HTML page", "fetch the file itself"},
      {"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "an XML document",
       "fetch the file itself"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9912422\n",
       "a Git LFS pointer", "git lfs pull"},
      {std::string("PK\3\4\x14\0\0\0", 8), "a zip archive", "unpack"},
      {gzip(gzip(labels_file(5))), "compressed by gzip twice", "gunzip"},
      {gzip("<html></html>"), "an HTML page", "fetch the file itself"},
      {std::string("\1\x08\0\0\5\0\0\0", 8) + "12345", "byte-swapped", "most significant byte"},
      {header(8, {0x10270000}) + std::string(10'000, '\1'), "byte-swapped",
       "most significant byte"},
      {gzip(header(8, {0x60ea0000}) + std::string(60'000, '\1')), "byte-swapped",
       "most significant byte"},
      {"\x93NUMPY\1", "NumPy", "IDX"},
      {"\xfd"
       "7zXZ" +
           std::string(1, '\0'),
       "compressed by xz", "unxz"},
  };
  for (const auto& format : formats) {
    SCOPED_TRACE(format.what);
    std::string remedy;
    EXPECT_THAT(test::data_error([&] { (void)labels(format.bytes); }, &remedy),
                AllOf(HasSubstr("labels: "), HasSubstr(format.what)));
    EXPECT_THAT(remedy, HasSubstr(format.remedy));
  }
  EXPECT_THAT(images_error(std::string("\3\x08\0\0", 4)), HasSubstr("byte-swapped"));
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
