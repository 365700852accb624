#include "data/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/temporary_folder.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::big_endian;
using test::data_error;
using test::TemporaryFolder;
using test::write;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

const fs::path kImageFolder = MNIST_BENCH_SOURCE "/tests/data/images";

std::string image_bytes(const std::string& name) {
  std::ifstream file(kImageFolder / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string decode_error(const std::string& bytes) {
  return data_error([&] { decode_image(bytes, "a"); });
}

std::string png_chunk(const std::string& kind, const std::string& data) {
  const std::string body = kind + data;
  const auto crc =
      ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}

/// Signature and IHDR of 8-bit grey.
std::string png_start(std::uint32_t columns, std::uint32_t rows) {
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR", big_endian(columns) + big_endian(rows) + std::string("\x8\0\0\0\0", 5));
}

std::string deflated(const std::string& bytes) {
  std::string out(::compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  EXPECT_EQ(::compress(reinterpret_cast<Bytef*>(out.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  out.resize(size);
  return out;
}

TEST(ImageFile, IsTheGreysOfPillow) {
  const auto oracle = nlohmann::json::parse(std::ifstream(kImageFolder / "greys.json"));
  EXPECT_GE(oracle["greys"].size(), 30U);
  for (const auto& [name, expected] : oracle["greys"].items()) {
    SCOPED_TRACE(name);
    const auto images = read_image_file(kImageFolder / name);
    ASSERT_EQ(images.size(), 1U);
    EXPECT_EQ(images[0].shape.rows, expected["rows"]);
    EXPECT_EQ(images[0].shape.columns, expected["columns"]);
    EXPECT_EQ(images[0].pixels, expected["pixels"].get<std::vector<std::uint8_t>>());
  }
}

TEST(ImageFile, IsRecognizedByItsContentNotItsName) {
  const TemporaryFolder folder;
  const auto path = write(folder / "a.jpg", image_bytes("grey-8.png"));
  EXPECT_EQ(read_image_file(path)[0].pixels,
            read_image_file(kImageFolder / "grey-8.png")[0].pixels);
}

TEST(ImageFile, LaysInkOnPaperThatShowsIt) {
  const auto middle_and_corner = [](const char* name) {
    const GreyImage image = read_image_file(kImageFolder / name)[0];
    return std::pair(image.pixels[2 * 7 + 3], image.pixels[0]);
  };
  EXPECT_EQ(middle_and_corner("black-ink.png"), std::pair(std::uint8_t{0}, std::uint8_t{255}));
  EXPECT_EQ(middle_and_corner("white-ink.png"), std::pair(std::uint8_t{255}, std::uint8_t{0}));
}

TEST(ImageFile, HoldsAllImagesOfAnIdxFile) {
  const TemporaryFolder folder;
  const std::string bytes = test::images_file(3, 2, 2);
  for (const std::string& stored : {bytes, test::gzip(bytes)}) {
    const auto images = read_image_file(write(folder / "digits", stored));
    ASSERT_EQ(images.size(), 3U);
    EXPECT_EQ(images[2].shape, (ImageShape{.rows = 2, .columns = 2}));
    EXPECT_THAT(images[0].pixels, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(images[2].pixels, ElementsAre(8, 9, 10, 11));
  }
  EXPECT_THAT(data_error([&] { read_image_file(write(folder / "l", test::labels_file(3))); }),
              HasSubstr("this is a labels file"));
}

TEST(ImageFile, RefusesOtherFormatsSayingWhatIsRead) {
  EXPECT_EQ(decode_error("\xff\xd8\xff\xe0 and more"),
            "cannot read a: it is a JPEG image; PNG, PGM (P2, P5) and IDX are read");
  EXPECT_EQ(
      decode_error("BM123456"),
      "cannot read a: it starts with 'BM123456', as no image that is known; PNG, PGM (P2, P5) "
      "and IDX are read");
  EXPECT_EQ(decode_error("P6\n1 1\n255\nabc").substr(0, 32), "cannot read a: it starts with 'P");
  EXPECT_EQ(decode_error(""), "cannot read a: it is empty; PNG, PGM (P2, P5) and IDX are read");
  EXPECT_EQ(decode_error("\x89PNG\n\x1a\n"),
            "cannot read a: its PNG signature is damaged, as by a transfer as text");
}

TEST(ImageFile, RefusesWhatIsNoFileAndDoesNotBlock) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(read_image_file(folder / "pipe"), Error);
  EXPECT_THROW(read_image_file(folder.path()), Error);
  EXPECT_THROW(read_image_file(folder / "none"), Error);
}

TEST(ImageFile, RefusesAFileBeyondItsLimit) {
  const TemporaryFolder folder;
  const auto path = write(folder / "large.png", image_bytes("grey-8.png"));
  fs::resize_file(path, kMaxImageFile + 1);  // sparse
  try {
    read_image_file(path);
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_THAT(error.what(), HasSubstr("larger than the 67108864 bytes allowed"));
  }
}

TEST(Png, IsRefusedWithAPixelBeyondItsPalette) {
  const auto with_last_index = [](int bits, char last_byte) {
    const std::string ihdr =
        std::string("\0\0\0\2\0\0\0\2", 8) + static_cast<char>(bits) + std::string("\3\0\0\0", 4);
    const std::string rows = bits == 8 ? std::string("\0\1\2\0\0", 5) + last_byte
                                       : std::string("\0\x12\0", 3) + last_byte;
    return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", ihdr) +
           png_chunk("PLTE", std::string("\0\0\0\x40\x40\x40\x80\x80\x80", 9)) +
           png_chunk("IDAT", deflated(rows)) + png_chunk("IEND", "");
  };
  EXPECT_THAT(decode_image(with_last_index(8, 2), "a").pixels, ElementsAre(64, 128, 0, 128));
  EXPECT_THAT(decode_image(with_last_index(4, 0x02), "a").pixels, ElementsAre(64, 128, 0, 128));
  for (const std::string& png : {with_last_index(8, 3), with_last_index(4, 0x03)}) {
    EXPECT_EQ(decode_error(png),
              "cannot read a: a damaged PNG image (a pixel has colour 3 of a palette of 3)");
  }
  EXPECT_THAT(decode_error(with_last_index(8, '\xff')), HasSubstr("colour 255"));
}

TEST(Png, IsRefusedWithBytesAfterItsEnd) {
  const std::string image = image_bytes("grey-8.png");
  for (const std::string& behind : {std::string(1, '\0'), image}) {
    EXPECT_EQ(decode_error(image + behind),
              "cannot read a: a damaged PNG image (bytes after its end)");
  }
}

TEST(Png, IsRefusedCutAnywhere) {
  for (const char* name : {"rgba-16.png", "palette-alpha.png", "grey-interlaced.png"}) {
    const std::string whole = image_bytes(name);
    for (std::size_t size = 8; size < whole.size(); ++size) {
      EXPECT_THAT(decode_error(whole.substr(0, size)),
                  StartsWith("cannot read a: a damaged PNG image ("))
          << name << " " << size;
    }
  }
}

TEST(Png, IsReadOrRefusedWithAnyByteChanged) {
  for (const char* name : {"rgba-16.png", "palette-alpha.png", "grey-interlaced.png"}) {
    const std::string whole = image_bytes(name);
    std::size_t refused = 0;
    for (std::size_t at = 8; at < whole.size(); ++at) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
      try {
        decode_image(bytes, "a");
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::data);
        ++refused;
      }
    }
    EXPECT_GT(refused, whole.size() / 2);
  }
}

TEST(Png, OfAnySideUpToTheLimitIsReadAndNotBeyond) {
  const std::string row(1 + 8192, '\0');
  const std::string end = png_chunk("IEND", "");
  const GreyImage wide =
      decode_png(png_start(8192, 1) + png_chunk("IDAT", deflated(row)) + end, "a");
  EXPECT_EQ(wide.pixels.size(), 8192U);
  EXPECT_EQ(decode_error(png_start(8193, 1) + png_chunk("IDAT", deflated(row + '\0')) + end),
            "cannot read a: 8193 × 1 pixels; a side has 1 … 8192");
  EXPECT_EQ(decode_error(png_start(1, 8193)),
            "cannot read a: 1 × 8193 pixels; a side has 1 … 8192");
  EXPECT_EQ(decode_error(png_start(0, 1)), "cannot read a: 0 × 1 pixels; a side has 1 … 8192");
  EXPECT_EQ(decode_error(png_start(0xffffffffU, 0xffffffffU)),
            "cannot read a: 4294967295 × 4294967295 pixels; a side has 1 … 8192");
}

TEST(Png, ThatAnnouncesMoreThanItsBytesCanHoldIsRefused) {
  EXPECT_EQ(decode_error(png_start(8192, 8192) + png_chunk("IDAT", deflated("abc"))),
            "cannot read a: a damaged PNG image (truncated)");
}

TEST(Png, ErrorsAndWarningsAreNotPrinted) {
  ::testing::internal::CaptureStderr();
  std::string bytes = image_bytes("grey-8.png");
  // An unknown ancillary chunk with a wrong checksum, after IHDR: a warning.
  bytes.insert(33, big_endian(0) + "zzZz" + big_endian(0));
  decode_image(bytes, "a");
  decode_error(bytes.substr(0, 60));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Pgm, IsRefusedCutAnywhere) {
  for (const char* name : {"deep.pgm", "percent.pgm"}) {
    const std::string whole = image_bytes(name);
    for (std::size_t size = 2; size < whole.size(); ++size) {
      EXPECT_THAT(decode_error(whole.substr(0, size)), HasSubstr("truncated"))
          << name << " " << size;
    }
  }
  EXPECT_EQ(decode_error("P2 2 2 9 1 2 3  "),
            "cannot read a: truncated: it ends where its pixel is expected");
  EXPECT_EQ(decode_error("P5 2 2 9\nabc"),
            "cannot read a: truncated: 3 bytes of pixels, where its header announces 4");
}

TEST(Pgm, RefusesTrailingBytes) {
  EXPECT_EQ(decode_error("P5 1 1 255\nab"),
            "cannot read a: trailing bytes: 2 bytes of pixels, where its header announces 1");
  EXPECT_EQ(decode_error("P2 1 1 255 7 8"), "cannot read a: trailing bytes after its 1 pixels");
}

TEST(Pgm, RefusesNumbersOutOfRange) {
  EXPECT_EQ(decode_error("P5 0 1 255\na"),
            "cannot read a: its width is 0 at byte 3; 1 … 8192 are allowed");
  EXPECT_EQ(decode_error("P5 1 8193 255\na"),
            "cannot read a: its height is 8193 at byte 5; 1 … 8192 are allowed");
  EXPECT_EQ(decode_error("P5 1 1 65536\na"),
            "cannot read a: its maximum is 65536 at byte 7; 1 … 65535 are allowed");
  EXPECT_EQ(decode_error("P5 99999999999999999999 1 1\na"),
            "cannot read a: its width is 99999999999999999999 at byte 3; 1 … 8192 are allowed");
  EXPECT_EQ(decode_error("P5 x 1 1\na"),
            "cannot read a: 'x 1 1\\x0aa' at byte 3, where its width is expected");
  EXPECT_EQ(decode_error("P5 1 1 9\n\x0a"),
            "cannot read a: pixel 0 is 10, where its header announces at most 9");
  EXPECT_EQ(decode_error("P2 1 1 9 10"),
            "cannot read a: its pixel is 10 at byte 9; 0 … 9 are allowed");
  EXPECT_EQ(decode_error("P5 1 1 9xa"),
            "cannot read a: 'xa' at byte 8, where white space ends its header");
}

}  // namespace
}  // namespace mnist_bench
