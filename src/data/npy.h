#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace mnist_bench {

/// An array of a NumPy file (.npy), row-major.
struct NpyArray {
  /// As in the file; empty for a single value. A dimension may be 0.
  std::vector<std::int64_t> shape;
  /// As many as the product of the dimensions.
  std::vector<std::uint8_t> values;
};

/// Both read what numpy.save writes: versions 1.0 and 2.0 of the format, in C order, at most 1 GiB.
/// A header is not trusted: its shape is checked against the size of the file before anything is
/// allocated. They throw Error(data), naming file, offset and what is allowed, for anything else: a
/// header that is not NumPy's dictionary of three keys, Fortran order, values of another type,
/// values that are missing or too many. Opening never blocks.

/// Unsigned bytes ("|u1").
NpyArray read_npy_bytes(const std::filesystem::path& path);

/// Integers of 1, 2, 4 or 8 bytes, signed or not, in either order of bytes; each 0 … limit − 1.
/// limit: 1 … 256.
NpyArray read_npy_integers(const std::filesystem::path& path, std::int64_t limit);

/// The file that numpy.save writes of a float32 array [rows, columns]; values: [rows × columns],
/// row-major.
std::string npy_bytes(std::span<const float> values, std::int64_t rows, std::int64_t columns);

}  // namespace mnist_bench
