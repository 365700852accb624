#include "data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "data/npy_header.h"

namespace mnist_bench {
namespace {

constexpr std::int64_t kMaxNpyBytes = std::int64_t{1} << 30U;
constexpr std::size_t kNpyAlignment = 64;

/// How an integer is stored.
struct IntegerType {
  std::size_t bytes = 1;
  bool is_signed = false;
  bool big_endian = false;
};

/// The type that "<u2" names; nothing for another than an integer's as NumPy writes it.
std::optional<IntegerType> integer_type(std::string_view name) {
  if (name.size() != 3 || (name[1] != 'u' && name[1] != 'i')) return std::nullopt;
  const bool one_byte = name[2] == '1';
  if (!one_byte && name[2] != '2' && name[2] != '4' && name[2] != '8') return std::nullopt;
  if (one_byte ? name[0] != '|' : name[0] != '<' && name[0] != '>') return std::nullopt;
  return IntegerType{.bytes = static_cast<std::size_t>(name[2] - '0'),
                     .is_signed = name[1] == 'i',
                     .big_endian = name[0] == '>'};
}

/// What a type that is not read holds.
std::string describe_type(std::string_view name) {
  std::string_view kind = "values";
  if (name.starts_with("|O")) kind = "Python objects";
  if (name.size() > 1 && name[1] == 'f') kind = "floating-point numbers";
  if (name.starts_with("|b")) kind = "truth values";
  if (integer_type(name)) kind = "integers";
  return fmt::format("{} of type '{}'", kind, escaped(name));
}

/// A whole file, whose size is what its header announces.
struct StoredArray {
  NpyHeader header;
  std::string file;

  [[nodiscard]] std::string_view values() const {
    return std::string_view(file).substr(header.bytes);
  }
};

StoredArray read_stored(const std::filesystem::path& path, std::string_view allowed,
                        bool (*is_allowed)(std::string_view type)) {
  const FileStart start = read_start(path, kMaxNpyHeader, ExitCode::data);
  NpyHeader header = parse_npy_header(start.bytes, path);
  if (!is_allowed(header.type)) {
    fail_npy(path, fmt::format("it holds {}; {} are read", describe_type(header.type), allowed),
             "convert it with numpy's astype, and save it with numpy.save");
  }
  std::int64_t size = 0;
  const auto each = static_cast<std::int64_t>(integer_type(header.type)->bytes);
  if (__builtin_mul_overflow(header.count, each, &size) || size > kMaxNpyBytes) {
    fail_npy(path, fmt::format("({}) values are more than 1 GiB", fmt::join(header.shape, ", ")),
             "save a part of the array");
  }
  const std::uint64_t expected = header.bytes + static_cast<std::uint64_t>(size);
  if (start.size != expected) {
    fail_npy(path, fmt::format("{}: {} bytes, where its header of {} bytes announces ({}) values, "
                               "{} bytes together",
                               start.size < expected ? "truncated" : "trailing bytes", start.size,
                               header.bytes, fmt::join(header.shape, ", "), expected));
  }
  std::string file = read_file(path, expected, ExitCode::data);
  if (file.size() != expected || !file.starts_with(start.bytes)) {
    fail_npy(path, "it changed while it was read", "try again when no other program writes it");
  }
  return {std::move(header), std::move(file)};
}

/// The number stored in `bytes`: a byte where it is less than `limit`, else nothing.
std::optional<std::uint8_t> narrow_integer(std::string_view bytes, const IntegerType& type,
                                           std::int64_t limit) {
  const auto low = static_cast<std::uint8_t>(type.big_endian ? bytes.back() : bytes.front());
  const std::string_view high =
      type.big_endian ? bytes.substr(0, bytes.size() - 1) : bytes.substr(1);
  const bool fits = std::all_of(high.begin(), high.end(), [](char byte) { return byte == 0; }) &&
                    !(type.is_signed && type.bytes == 1 && low > 127);
  if (!fits || low >= limit) return std::nullopt;
  return low;
}

/// The number stored in `bytes`, in decimal.
std::string integer_text(std::string_view bytes, const IntegerType& type) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < type.bytes; ++i) {
    const char byte = bytes[type.big_endian ? i : type.bytes - 1 - i];
    value = value << 8U | static_cast<std::uint8_t>(byte);
  }
  if (!type.is_signed) return std::to_string(value);
  const auto unused = static_cast<unsigned>(64 - 8 * type.bytes);
  return std::to_string(static_cast<std::int64_t>(value << unused) >> unused);
}

}  // namespace

NpyArray read_npy_bytes(const std::filesystem::path& path) {
  const StoredArray stored = read_stored(path, "unsigned bytes ('|u1')",
                                         [](std::string_view type) { return type == "|u1"; });
  const std::string_view values = stored.values();
  return {.shape = stored.header.shape, .values = {values.begin(), values.end()}};
}

NpyArray read_npy_integers(const std::filesystem::path& path, std::int64_t limit) {
  const StoredArray stored =
      read_stored(path, "integers ('|u1', '|i1', '<u2', '>i8' and the like)",
                  [](std::string_view type) { return integer_type(type).has_value(); });
  const IntegerType type = *integer_type(stored.header.type);
  NpyArray array{.shape = stored.header.shape, .values = {}};
  array.values.reserve(static_cast<std::size_t>(stored.header.count));
  const std::string_view values = stored.values();
  for (std::size_t at = 0; at < values.size(); at += type.bytes) {
    const std::string_view bytes = values.substr(at, type.bytes);
    const auto value = narrow_integer(bytes, type, limit);
    if (!value) {
      fail_npy(path,
               fmt::format("value {} at index {} (byte {}); 0 … {} are allowed",
                           integer_text(bytes, type), at / type.bytes, stored.header.bytes + at,
                           limit - 1),
               "correct or remove it, and save the array again");
    }
    array.values.push_back(*value);
  }
  return array;
}

std::string npy_bytes(std::span<const float> values, std::int64_t rows, std::int64_t columns) {
  const std::string dictionary =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  std::string bytes("\x93NUMPY\x01\x00\x00\x00", 10);
  bytes += dictionary;
  bytes.resize((bytes.size() / kNpyAlignment + 1) * kNpyAlignment, ' ');
  bytes.back() = '\n';
  bytes[8] = static_cast<char>(bytes.size() - 10);  // below 256: a shape has at most 40 digits
  bytes.reserve(bytes.size() + 4 * values.size());
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (const unsigned shift : {0U, 8U, 16U, 24U}) {
      bytes += static_cast<char>(bits >> shift & 0xffU);
    }
  }
  return bytes;
}

}  // namespace mnist_bench
