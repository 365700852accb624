#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// A float32 tensor by its name, row-major.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  bool operator==(const NamedTensor&) const = default;
};

/// The content of a safetensors file: https://huggingface.co/docs/safetensors. It holds numbers and
/// text alone, so that reading one executes nothing.
struct Safetensors {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// The bytes of the file: 8 bytes of header length, a JSON header, the tensors' values. Little
/// endian, as the format is.
std::string safetensors_bytes(const Safetensors& content);

/// Far more than the header of any model here.
inline constexpr std::size_t kLargestHeader = std::size_t{1} << 20U;

/// Throws Error(io) unless `start`, the first bytes of a file of `file_bytes`, has a header that
/// describes just such a file: as parse_safetensors, but before all of it is read. `values`: how
/// many numbers there should be, if that is known.
void require_sound_header(std::string_view start, std::uint64_t file_bytes,
                          std::size_t largest_header,
                          std::optional<std::uint64_t> values = std::nullopt);

/// The reverse, for float32 tensors that fill the file without gaps, below a header of at most
/// `largest_header` bytes. Throws Error(io) saying what is wrong with `bytes`, without naming the
/// file.
Safetensors parse_safetensors(std::string_view bytes, std::size_t largest_header = kLargestHeader);

}  // namespace mnist_bench
