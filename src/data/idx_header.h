#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

class RawFile;

/// What an IDX file is read for.
enum class IdxContents { images, labels };

/// A header of values that can be read, within all bounds that do not need the values.
struct IdxHeader {
  std::vector<std::uint8_t> bytes;       ///< as in the file
  std::vector<std::int64_t> dimensions;  ///< as in IdxFile
  std::int64_t bytes_per_value = 1;
  bool is_unsigned = true;  ///< else two's complement
};

/// Reads `file` up to its values. Throws Error(data) saying what the file is instead.
IdxHeader read_idx_header(RawFile& file, const std::filesystem::path& path, IdxContents contents);

/// Throws Error(data).
[[noreturn]] void fail_idx(
    const std::filesystem::path& path, const std::string& cause,
    std::string_view remedy = "replace it by an undamaged IDX file, raw or .gz");

/// The same for dimensions at odds with the file, which may be byte-swapped.
[[noreturn]] void fail_idx_sizes(const std::filesystem::path& path,
                                 const std::vector<std::int64_t>& dimensions,
                                 const std::string& cause);

}  // namespace mnist_bench
