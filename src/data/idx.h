#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/sha256.h"

namespace mnist_bench {

/// A file in the IDX format of the MNIST database: a big-endian header (two bytes 0, one for the
/// type of the values, one for the number of dimensions, one 32-bit size per dimension), then the
/// values, row-major and big-endian, then the end.
struct IdxFile {
  std::filesystem::path path;
  /// As in the file: 8 bytes for labels, 16 for images, 4 more for a dimension of 1.
  std::vector<std::uint8_t> header;
  /// [n] for labels, [n, rows, columns] for images; each at least 1, rows and columns at most
  /// 65,536. A channel of 1 is left out.
  std::vector<std::int64_t> dimensions;
  /// As many as the product of the dimensions.
  std::vector<std::uint8_t> values;
  /// The values as in the file, where each takes more than a byte; otherwise empty.
  std::vector<std::uint8_t> wide_values = {};
  /// Hash of the whole uncompressed file.
  Sha256 hash;

  /// What follows the header in the file, at most 1 GiB.
  [[nodiscard]] const std::vector<std::uint8_t>& stored() const {
    return wide_values.empty() ? values : wide_values;
  }
  [[nodiscard]] std::int64_t raw_bytes() const {
    return static_cast<std::int64_t>(header.size() + stored().size());
  }
};

/// Both read a raw or gzip-compressed file, recognized by its first bytes, not by its name. They
/// throw Error(data) naming file and cause for what `RawFile` refuses, a file of another kind,
/// values of another type or shape, dimensions out of bounds or at odds with the bytes present, and
/// trailing bytes. A header is not trusted: memory grows with the values read, not with those it
/// announces.

/// Labels: integers of 8, 16 or 32 bits, n or n × 1, each 0 … 255.
IdxFile read_idx_labels(const std::filesystem::path& path);

/// Images: unsigned bytes, n × rows × columns, or with a channel of 1 after n or at the end.
/// Refuses, before it reads a pixel, a file with another number of images than `labels`.
IdxFile read_idx_images(const std::filesystem::path& path, const IdxFile& labels);

/// The same without labels.
IdxFile read_idx_images(const std::filesystem::path& path);

}  // namespace mnist_bench
