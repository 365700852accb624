#include "data/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "data/raw_file.h"

namespace mnist_bench {
namespace {

// 0x08 is IDX's code for unsigned bytes, the byte after it the number of dimensions.
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kImagesMagic = 0x00000803;
constexpr std::int64_t kMaxSide = 65536;
constexpr std::int64_t kMaxValues = std::int64_t{1} << 30U;  // EMNIST ByClass, the largest: 0.55e9
constexpr std::int64_t kReadStep = std::int64_t{1} << 20U;

std::uint32_t big_endian32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
}

std::string_view contents(std::uint32_t magic) {
  return magic == kImagesMagic ? "images" : "labels";
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& cause) {
  throw Error(ExitCode::data, fmt::format("{}: {}", path.string(), cause),
              "replace it by an undamaged IDX file, raw or .gz");
}

std::vector<std::uint8_t> read_header(RawFile& file, const std::filesystem::path& path,
                                      std::uint32_t magic) {
  const std::size_t size = magic == kImagesMagic ? 16 : 8;
  std::vector<std::uint8_t> header(size);
  const std::size_t count = file.read(header.data(), size);
  if (count >= 4) {
    const std::uint32_t found = big_endian32(header.data());
    if (found == (magic == kImagesMagic ? kLabelsMagic : kImagesMagic)) {
      fail(path, fmt::format("this is {} file where the {} file should be",
                             found == kImagesMagic ? "an images" : "a labels", contents(magic)));
    }
    if (found != magic) {
      fail(path, fmt::format("not an IDX {} file: it starts with 0x{:08x} instead of 0x{:08x}",
                             contents(magic), found, magic));
    }
  }
  if (count < size) {
    fail(path, fmt::format("truncated: {} bytes, where the header alone of an IDX {} file has {}",
                           count, contents(magic), size));
  }
  return header;
}

/// The header's dimensions, each within its bounds. The number of items is compared with what the
/// size of an item leaves of the limit, so that no product can overflow.
std::vector<std::int64_t> read_dimensions(const std::vector<std::uint8_t>& header,
                                          const std::filesystem::path& path) {
  std::vector<std::int64_t> dimensions;
  for (std::size_t offset = 4; offset < header.size(); offset += 4) {
    dimensions.push_back(std::int64_t{big_endian32(header.data() + offset)});
  }
  const bool images = dimensions.size() == 3;
  const std::string_view names = images ? "images × rows × columns" : "labels";
  const auto text = fmt::format("{} {}", fmt::join(dimensions, " × "), names);
  if (std::count(dimensions.begin(), dimensions.end(), 0) > 0) {
    fail(path, fmt::format("its header announces nothing to read: {}", text));
  }
  std::int64_t values_per_item = 1;
  if (images) {
    if (dimensions[1] > kMaxSide || dimensions[2] > kMaxSide) {
      fail(path, fmt::format("its header announces {}; a side may have at most {} pixels", text,
                             kMaxSide));
    }
    values_per_item = dimensions[1] * dimensions[2];
  }
  if (dimensions[0] > kMaxValues / values_per_item) {
    fail(path, fmt::format("its header announces {}; at most {} bytes of values are allowed", text,
                           kMaxValues));
  }
  return dimensions;
}

std::vector<std::uint8_t> read_values(RawFile& file, const std::filesystem::path& path,
                                      std::int64_t announced) {
  std::vector<std::uint8_t> values;
  while (std::ssize(values) < announced) {
    const std::size_t done = values.size();
    const auto step = static_cast<std::size_t>(std::min(announced - std::ssize(values), kReadStep));
    values.resize(done + step);
    const std::size_t count = file.read(values.data() + done, step);
    if (count < step) {
      fail(path, fmt::format("truncated: {} bytes of values, where its header announces {}",
                             done + count, announced));
    }
  }
  std::uint8_t beyond = 0;
  if (file.read(&beyond, 1) > 0) {
    fail(path,
         fmt::format("trailing bytes after the {} values that its header announces", announced));
  }
  return values;
}

IdxFile read_idx(const std::filesystem::path& path, std::uint32_t magic, const IdxFile* labels) {
  RawFile file(path);
  IdxFile idx;
  idx.path = path;
  idx.header = read_header(file, path, magic);
  idx.dimensions = read_dimensions(idx.header, path);
  if (labels != nullptr && idx.dimensions[0] != labels->dimensions[0]) {
    fail(path, fmt::format("{} images, but {} labels in {}", idx.dimensions[0],
                           labels->dimensions[0], labels->path.string()));
  }
  std::int64_t announced = 1;
  for (const std::int64_t dimension : idx.dimensions) announced *= dimension;
  if (const auto size = file.known_size()) {
    const std::uint64_t present = *size - idx.header.size();
    if (present != static_cast<std::uint64_t>(announced)) {
      fail(path, fmt::format("{}: {} bytes of values, where its header announces {} ({})",
                             present < static_cast<std::uint64_t>(announced) ? "truncated"
                                                                             : "trailing bytes",
                             present, announced, fmt::join(idx.dimensions, " × ")));
    }
  }
  idx.values = read_values(file, path, announced);
  idx.hash = file.hash();
  return idx;
}

}  // namespace

IdxFile read_idx_labels(const std::filesystem::path& path) {
  return read_idx(path, kLabelsMagic, nullptr);
}

IdxFile read_idx_images(const std::filesystem::path& path, const IdxFile& labels) {
  return read_idx(path, kImagesMagic, &labels);
}

}  // namespace mnist_bench
