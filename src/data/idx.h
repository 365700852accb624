#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/sha256.h"

namespace mnist_bench {

/// A file in the IDX format of the MNIST database with unsigned bytes as values: a big-endian
/// header (magic number, one 32-bit size per dimension), then the values, row-major, then the end.
struct IdxFile {
  std::filesystem::path path;
  /// The header as it stands in the file: 8 bytes for labels, 16 for images.
  std::vector<std::uint8_t> header;
  /// [n] for labels, [n, rows, columns] for images; each at least 1, rows and columns at most
  /// 65,536.
  std::vector<std::int64_t> dimensions;
  /// As many as the product of the dimensions, at most 1 GiB.
  std::vector<std::uint8_t> values;
  /// Of the whole uncompressed file.
  Sha256 hash;

  [[nodiscard]] std::int64_t raw_bytes() const {
    return static_cast<std::int64_t>(header.size() + values.size());
  }
};

/// Both read a raw or gzip-compressed file, which its first bytes tell and not its name. They throw
/// Error(data) naming file and cause for what `RawFile` refuses, a wrong magic number, dimensions
/// out of bounds or at odds with the bytes present, and trailing bytes. A header is not believed:
/// memory grows with the values that come, not with those it announces.
IdxFile read_idx_labels(const std::filesystem::path& path);

/// Refuses, before it reads a pixel, an images file with another number of images than `labels`.
IdxFile read_idx_images(const std::filesystem::path& path, const IdxFile& labels);

}  // namespace mnist_bench
