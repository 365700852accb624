#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// Enough for any header that is read: NumPy's own limit, and what stands before the dictionary.
inline constexpr std::size_t kMaxNpyHeader = 10'000 + 12;

/// What precedes the values of a .npy file.
struct NpyHeader {
  std::string type;  ///< "|u1", "<i8"
  std::vector<std::int64_t> shape;
  std::int64_t count = 1;  ///< the product of `shape`
  std::size_t bytes = 0;   ///< of the whole header: the values' offset
};

/// Reads the header from `start`, the first kMaxNpyHeader bytes of the file at `path` or all of a
/// shorter one. Throws Error(data) saying what is wrong at which offset.
NpyHeader parse_npy_header(std::string_view start, const std::filesystem::path& path);

/// Throws Error(data).
[[noreturn]] void fail_npy(
    const std::filesystem::path& path, const std::string& cause,
    std::string_view remedy = "replace it by an undamaged file as numpy.save writes it");

}  // namespace mnist_bench
