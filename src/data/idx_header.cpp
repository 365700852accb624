#include "data/idx_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "data/file_signature.h"
#include "data/raw_file.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kMaxSide = 65536;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 30U;  // EMNIST ByClass, the largest: 0.55e9
constexpr std::size_t kMagicBytes = 4;

using Bytes = std::vector<std::uint8_t>;
using Dimensions = std::vector<std::int64_t>;

struct ValueType {
  std::uint8_t code;
  std::string_view name;
  std::int64_t bytes;
  bool is_integer;
};
constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::uint8_t kSignedByte = 0x09;
constexpr std::array<ValueType, 6> kValueTypes = {{{kUnsignedByte, "unsigned bytes", 1, true},
                                                   {kSignedByte, "signed bytes", 1, true},
                                                   {0x0b, "16-bit integers", 2, true},
                                                   {0x0c, "32-bit integers", 4, true},
                                                   {0x0d, "32-bit floats", 4, false},
                                                   {0x0e, "64-bit floats", 8, false}}};

const ValueType* type_of(std::uint8_t code) {
  const auto* const found = std::find_if(kValueTypes.begin(), kValueTypes.end(),
                                         [&](const ValueType& type) { return type.code == code; });
  return found == kValueTypes.end() ? nullptr : found;
}

std::string_view name_of(IdxContents contents) {
  return contents == IdxContents::images ? "images" : "labels";
}
std::size_t usual_rank(IdxContents contents) { return contents == IdxContents::images ? 3 : 1; }

std::uint32_t big_endian32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
}

std::string by(const Dimensions& dimensions) {
  return fmt::format("{}", fmt::join(dimensions, " × "));
}

[[noreturn]] void fail_truncated(const std::filesystem::path& path, IdxContents contents,
                                 std::size_t count, std::size_t rank) {
  fail_idx(path, fmt::format("truncated: {} bytes, where the header alone of an IDX {} file has {}",
                             count, name_of(contents), kMagicBytes + 4 * rank));
}

/// Throws for a file whose first bytes are not those of an IDX file.
[[noreturn]] void fail_foreign(RawFile& file, const std::filesystem::path& path,
                               IdxContents contents, Bytes start) {
  const std::string not_idx = fmt::format("not an IDX {} file: ", name_of(contents));
  if (start[2] == 0 && start[3] == 0 && start[0] > 0 && type_of(start[1]) != nullptr) {
    fail_idx(path, not_idx + "its header is byte-swapped (little-endian)",
             "write its header with the most significant byte of each number first");
  }
  start.resize(kSignatureBytes);
  start.resize(kMagicBytes + file.read(start.data() + kMagicBytes, kSignatureBytes - kMagicBytes));
  if (const auto format = recognize_format(start)) {
    fail_idx(path, fmt::format("{}it is {}", not_idx, format->what), format->remedy);
  }
  fail_idx(path, fmt::format("{}it starts with 0x{:08x} instead of 0x{:08x}", not_idx,
                             big_endian32(start.data()),
                             std::uint32_t{kUnsignedByte} << 8U | usual_rank(contents)));
}

/// The header up to the values: magic number and one size per dimension.
Bytes read_header(RawFile& file, const std::filesystem::path& path, IdxContents contents) {
  Bytes header(kMagicBytes);
  std::size_t count = file.read(header.data(), kMagicBytes);
  if (count < kMagicBytes) fail_truncated(path, contents, count, usual_rank(contents));
  if (header[0] != 0 || header[1] != 0 || type_of(header[2]) == nullptr || header[3] == 0) {
    fail_foreign(file, path, contents, header);
  }
  const std::size_t rank = header[3];
  header.resize(kMagicBytes + 4 * rank);
  count += file.read(header.data() + kMagicBytes, 4 * rank);
  if (count < header.size()) fail_truncated(path, contents, count, rank);
  return header;
}

Dimensions sizes_in(const Bytes& header) {
  Dimensions sizes;
  for (std::size_t offset = kMagicBytes; offset < header.size(); offset += 4) {
    sizes.push_back(std::int64_t{big_endian32(header.data() + offset)});
  }
  return sizes;
}

/// The dimensions without a channel of 1; nothing for a shape that `contents` do not have.
std::optional<Dimensions> without_channel(Dimensions sizes, IdxContents contents) {
  const std::size_t rank = usual_rank(contents);
  if (sizes.size() == rank + 1) {
    if (sizes.back() == 1) {
      sizes.pop_back();
    } else if (sizes[1] == 1) {
      sizes.erase(sizes.begin() + 1);
    }
  }
  if (sizes.size() != rank) return std::nullopt;
  return sizes;
}

/// The dimensions of a file whose values have a type and a shape that can be read.
Dimensions read_shape(const Bytes& header, const std::filesystem::path& path,
                      IdxContents contents) {
  const ValueType& type = *type_of(header[2]);
  const Dimensions sizes = sizes_in(header);
  const auto shape = without_channel(sizes, contents);
  const bool images = contents == IdxContents::images;
  const bool readable = images ? type.code == kUnsignedByte : type.is_integer;
  if (shape && readable) return *shape;

  const std::string magic =
      fmt::format("it starts with 0x{:08x} instead of 0x{:08x}", big_endian32(header.data()),
                  std::uint32_t{kUnsignedByte} << 8U | usual_rank(contents));
  const IdxContents other = images ? IdxContents::labels : IdxContents::images;
  if (type.is_integer && sizes.size() == usual_rank(other)) {
    fail_idx(path, fmt::format("this is {} file instead of the {} file ({})",
                               images ? "a labels" : "an images", name_of(contents), magic));
  }
  const std::string found = fmt::format("it holds {} {}", by(sizes), type.name);
  if (!readable) {
    fail_idx(path,
             fmt::format("{}; only {} are read as {} ({})", found,
                         images ? "unsigned bytes" : "integers", name_of(contents), magic),
             images ? "write the images as unsigned bytes, 0 … 255"
                    : "write the labels as integers, 0 … 255");
  }
  fail_idx(path,
           fmt::format("{}; {} have the dimensions {} ({})", found, name_of(contents),
                       images ? "images × rows × columns" : "labels alone", magic),
           images ? "write the images in this shape, one byte for each pixel"
                  : "write one number for each image");
}

/// Whether sizes that contradict the file look as if a program forgot to swap their bytes: less
/// than 2^24 when swapped.
bool look_swapped(const Dimensions& sizes) {
  return std::all_of(sizes.begin(), sizes.end(),
                     [](std::int64_t size) { return size > 0 && size % 256 == 0; });
}

/// Each dimension within its bounds. The number of items is compared with what the size of an item
/// leaves of the limit, so that no product can overflow.
void check_dimensions(const Dimensions& dimensions, std::int64_t bytes_per_value,
                      const std::filesystem::path& path) {
  const bool images = dimensions.size() == 3;
  const auto text =
      fmt::format("{} {}", by(dimensions), images ? "images × rows × columns" : "labels");
  if (std::count(dimensions.begin(), dimensions.end(), 0) > 0) {
    fail_idx(path, fmt::format("its header announces nothing to read: {}", text));
  }
  std::int64_t bytes_per_item = bytes_per_value;
  if (images) {
    if (dimensions[1] > kMaxSide || dimensions[2] > kMaxSide) {
      fail_idx_sizes(path, dimensions,
                     fmt::format("its header announces {}; a side may have at most {} pixels", text,
                                 kMaxSide));
    }
    bytes_per_item *= dimensions[1] * dimensions[2];
  }
  if (dimensions[0] > kMaxBytes / bytes_per_item) {
    fail_idx_sizes(path, dimensions,
                   fmt::format("its header announces {}; at most {} bytes of values are allowed",
                               text, kMaxBytes));
  }
}

}  // namespace

IdxHeader read_idx_header(RawFile& file, const std::filesystem::path& path, IdxContents contents) {
  IdxHeader header;
  header.bytes = read_header(file, path, contents);
  header.dimensions = read_shape(header.bytes, path, contents);
  const ValueType& type = *type_of(header.bytes[2]);
  header.bytes_per_value = type.bytes;
  header.is_unsigned = type.code == kUnsignedByte;
  check_dimensions(header.dimensions, type.bytes, path);
  return header;
}

void fail_idx(const std::filesystem::path& path, const std::string& cause,
              std::string_view remedy) {
  throw Error(ExitCode::data, fmt::format("{}: {}", path.string(), cause), std::string(remedy));
}

void fail_idx_sizes(const std::filesystem::path& path, const std::vector<std::int64_t>& dimensions,
                    const std::string& cause) {
  if (!look_swapped(dimensions)) fail_idx(path, cause);
  fail_idx(path, cause + "; these sizes seem to be byte-swapped (little-endian)",
           "write its header with the most significant byte of each number first");
}

}  // namespace mnist_bench
