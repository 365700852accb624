#include "data/idx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/idx_header.h"
#include "data/raw_file.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kReadStep = std::int64_t{1} << 20U;

using Bytes = std::vector<std::uint8_t>;

Bytes read_values(RawFile& file, const std::filesystem::path& path,
                  const std::vector<std::int64_t>& dimensions, std::int64_t announced) {
  Bytes values;
  while (std::ssize(values) < announced) {
    const std::size_t done = values.size();
    const auto step = static_cast<std::size_t>(std::min(announced - std::ssize(values), kReadStep));
    values.resize(done + step);
    const std::size_t count = file.read(values.data() + done, step);
    if (count < step) {
      fail_idx_sizes(path, dimensions,
                     fmt::format("truncated: {} bytes of values, where its header announces {}",
                                 done + count, announced));
    }
  }
  std::uint8_t beyond = 0;
  if (file.read(&beyond, 1) > 0) {
    fail_idx(path,
             fmt::format("trailing bytes after the {} bytes of values that its header announces",
                         announced));
  }
  return values;
}

/// Whether wide labels are bytes once the bytes of each are swapped.
bool are_swapped(const Bytes& stored, std::size_t size) {
  for (std::size_t at = 0; at < stored.size(); at += size) {
    for (std::size_t i = 1; i < size; ++i) {
      if (stored[at + i] != 0) return false;
    }
  }
  return size > 1;
}

/// Labels of any integer type as bytes.
Bytes narrow(const Bytes& stored, std::int64_t bytes_per_value, const std::filesystem::path& path) {
  Bytes labels;
  const auto size = static_cast<std::size_t>(bytes_per_value);
  labels.reserve(stored.size() / size);
  for (std::size_t at = 0; at < stored.size(); at += size) {
    std::int64_t label = stored[at] < 128 ? stored[at] : stored[at] - 256;  // of the number's sign
    for (std::size_t i = 1; i < size; ++i) label = label * 256 + stored[at + i];
    if (label < 0 || label > 255) {
      const std::string cause =
          fmt::format("label {} at index {}; labels are 0 … 255", label, at / size);
      if (are_swapped(stored, size)) {
        fail_idx(path, cause + "; the labels seem to be byte-swapped (little-endian)",
                 "write each label with its most significant byte first");
      }
      fail_idx(path, cause, "number the classes from 0 on");
    }
    labels.push_back(static_cast<std::uint8_t>(label));
  }
  return labels;
}

IdxFile read_idx(const std::filesystem::path& path, IdxContents contents, const IdxFile* labels) {
  RawFile file(path);
  IdxFile idx;
  idx.path = path;
  IdxHeader header = read_idx_header(file, path, contents);
  idx.header = std::move(header.bytes);
  idx.dimensions = std::move(header.dimensions);
  if (labels != nullptr && idx.dimensions[0] != labels->dimensions[0]) {
    fail_idx(path,
             fmt::format("{} images, but {} labels in {}", idx.dimensions[0], labels->dimensions[0],
                         labels->path.string()),
             "use the two files that belong together");
  }
  std::int64_t announced = header.bytes_per_value;
  for (const std::int64_t dimension : idx.dimensions) announced *= dimension;
  if (const auto size = file.known_size()) {
    const std::uint64_t present = *size - idx.header.size();
    if (present != static_cast<std::uint64_t>(announced)) {
      fail_idx_sizes(path, idx.dimensions,
                     fmt::format("{}: {} bytes of values, where its header announces {} ({})",
                                 present < static_cast<std::uint64_t>(announced) ? "truncated"
                                                                                 : "trailing bytes",
                                 present, announced, fmt::join(idx.dimensions, " × ")));
    }
  }
  idx.values = read_values(file, path, idx.dimensions, announced);
  idx.hash = file.hash();
  if (!header.is_unsigned) {
    Bytes narrowed = narrow(idx.values, header.bytes_per_value, path);
    if (header.bytes_per_value > 1) idx.wide_values = std::move(idx.values);
    idx.values = std::move(narrowed);
  }
  return idx;
}

}  // namespace

IdxFile read_idx_labels(const std::filesystem::path& path) {
  return read_idx(path, IdxContents::labels, nullptr);
}

IdxFile read_idx_images(const std::filesystem::path& path, const IdxFile& labels) {
  return read_idx(path, IdxContents::images, &labels);
}

IdxFile read_idx_images(const std::filesystem::path& path) {
  return read_idx(path, IdxContents::images, nullptr);
}

}  // namespace mnist_bench
