#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "data/dataset.h"

namespace mnist_bench::test {

/// The shipped data set, read once.
inline const Dataset& mnist() {
  static const Dataset dataset = load_dataset(shipped_mnist());
  return dataset;
}

inline std::filesystem::path write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(value >> shift & 0xffU);
  }
  return bytes;
}

inline std::string labels_header(std::uint32_t count) {
  return big_endian(0x801) + big_endian(count);
}

inline std::string images_header(std::uint32_t count, std::uint32_t rows, std::uint32_t columns) {
  return big_endian(0x803) + big_endian(count) + big_endian(rows) + big_endian(columns);
}

/// Labels 0, 1 … classes − 1, 0, 1 …
inline std::string labels_file(std::uint32_t count, std::uint32_t classes = 10) {
  std::string bytes = labels_header(count);
  for (std::uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % classes);
  return bytes;
}

/// The same labels, 0 … 9, in `bytes` bytes each and with IDX's code for their type.
inline std::string wide_labels_file(std::uint32_t count, std::uint8_t code, std::size_t bytes) {
  std::string text = {'\0', '\0', static_cast<char>(code), '\1'};
  text += big_endian(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    text += std::string(bytes - 1, '\0') + static_cast<char>(i % 10);
  }
  return text;
}

/// Pixels 0, 1 … 250, 0, 1 …
inline std::string images_file(std::uint32_t count, std::uint32_t rows = 3,
                               std::uint32_t columns = 2) {
  std::string bytes = images_header(count, rows, columns);
  for (std::uint32_t i = 0; i < count * rows * columns; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

/// One gzip member with `bytes`, then `zeros` bytes 0.
inline std::string gzip(std::string_view bytes, std::size_t zeros = 0) {
  const std::string block(std::size_t{1} << 20U, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string compressed;
  std::string out(std::size_t{1} << 20U, '\0');
  const auto feed = [&](std::string_view input, int flush) {
    // zlib's interface is not const-correct; it does not write to its input.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(input.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      deflate(&stream, flush);
      compressed.append(out, 0, out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  feed(bytes, Z_NO_FLUSH);
  for (; zeros > 0; zeros -= std::min(zeros, block.size())) {
    feed(std::string_view(block).substr(0, std::min(zeros, block.size())), Z_NO_FLUSH);
  }
  feed({}, Z_FINISH);
  deflateEnd(&stream);
  return compressed;
}

/// The four files of a sound data set, with 30 training and 20 test images.
inline void write_dataset(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write(folder / "train-images-idx3-ubyte", images_file(30));
  write(folder / "train-labels-idx1-ubyte", labels_file(30));
  write(folder / "t10k-images-idx3-ubyte", images_file(20));
  write(folder / "t10k-labels-idx1-ubyte", labels_file(20));
}

/// The message of the Error(data) that `function` throws, empty if it throws none; its remedy where
/// that is wanted.
template <typename Function>
std::string data_error(const Function& function, std::string* remedy = nullptr) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    EXPECT_FALSE(error.remedy().empty());
    if (remedy != nullptr) *remedy = error.remedy();
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

/// A sound data set of 30 training and 20 test images, which each test changes in one place.
class DatasetFolder : public ::testing::Test {
 protected:
  DatasetFolder() { write_dataset(folder_.path()); }
  [[nodiscard]] Dataset load() const { return load_dataset(folder_.path()); }
  [[nodiscard]] std::string error() const {
    return data_error([&] { (void)load(); });
  }
  [[nodiscard]] std::string remedy() const {
    std::string text;
    data_error([&] { (void)load(); }, &text);
    return text;
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::create_directories((folder_ / to).parent_path());
    std::filesystem::rename(folder_ / from, folder_ / to);
  }

  TemporaryFolder folder_;
};

}  // namespace mnist_bench::test
