#include "record/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/strict_json.h"
#include "record/contradiction.h"
#include "record/json_value.h"

namespace mnist_bench {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr std::size_t kAlignment = 8;
constexpr const char* kMetadata = "__metadata__";

/// Where a tensor is in the file, as its header entry has it.
struct TensorEntry {
  std::string name;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// As JSON has it: no control character reaches a terminal.
std::string quoted(const std::string& name) { return excerpt(name); }

TensorEntry entry_from(const std::string& name, const JsonValue& entry) {
  if (entry.at("dtype").text() != "F32") {
    refuse(fmt::format("tensor {} is not float32", quoted(name)));
  }
  TensorEntry tensor{.name = name, .shape = entry.at("shape").counts(), .begin = 0, .end = 0};
  const std::vector<std::int64_t> offsets = entry.at("data_offsets").counts();
  std::uint64_t bytes = sizeof(float);
  for (const std::int64_t size : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      refuse(fmt::format("tensor {} has an impossible shape", quoted(name)));
    }
  }
  if (offsets.size() != 2 || offsets[1] < offsets[0] ||
      static_cast<std::uint64_t>(offsets[1] - offsets[0]) != bytes) {
    refuse(fmt::format("tensor {} has offsets that do not fit its shape", quoted(name)));
  }
  tensor.begin = static_cast<std::size_t>(offsets[0]);
  tensor.end = static_cast<std::size_t>(offsets[1]);
  return tensor;
}

/// What the header of a file says.
struct Header {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> entries;  ///< by where they begin, without gaps from the first byte on
  std::size_t end = 0;               ///< of the header, where the tensors begin
};

/// Fills in the metadata and the entries of the tensors, in no order.
void read_entries(std::string_view text, Header& header) {
  const nlohmann::json json = parse_record_json(text);
  if (!json.is_object()) JsonValue(json).refuse("an object");
  for (const auto& [name, entry] : json.items()) {
    if (name != kMetadata) {
      header.entries.push_back(
          entry_from(name, JsonValue(entry, fmt::format("tensor {}", quoted(name)))));
      continue;
    }
    if (!entry.is_object()) JsonValue(entry, name).refuse("an object");
    for (const auto& [key, value] : entry.items()) {
      header.metadata.emplace(key, JsonValue(value, escaped(key)).text());
    }
  }
}

/// `start`: the first bytes of a file of `file_bytes`.
Header read_header(std::string_view start, std::uint64_t file_bytes, std::size_t largest_header) {
  std::uint64_t length = 0;
  if (start.size() < kLengthBytes) refuse("it is truncated");
  std::memcpy(&length, start.data(), kLengthBytes);
  start.remove_prefix(kLengthBytes);
  if (length > file_bytes - kLengthBytes) {
    refuse("it is truncated, or its header length is damaged");
  }
  if (length > largest_header) {
    refuse(fmt::format("its header has {} bytes; {} are read at most", length, largest_header));
  }
  Header header;
  header.end = kLengthBytes + length;
  try {
    read_entries(start.substr(0, length), header);
  } catch (const Error& error) {
    refuse(fmt::format("its header is damaged: {}", error.what()));
  }
  // Tensors without a value start where the next one does.
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const TensorEntry& a, const TensorEntry& b) {
                     return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                   });
  const std::uint64_t bytes = file_bytes - header.end;
  std::size_t filled = 0;
  for (const TensorEntry& tensor : header.entries) {
    if (tensor.begin != filled || tensor.end > bytes) {
      refuse(fmt::format("tensor {} is not where it should be, or cut off", quoted(tensor.name)));
    }
    filled = tensor.end;
  }
  if (filled != bytes) refuse("there are bytes behind the last tensor");
  return header;
}

/// The floats in `bytes`. Empty `bytes` may be null, which memcpy does not accept.
std::vector<float> floats_from(std::string_view bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace

std::string safetensors_bytes(const Safetensors& content) {
  auto header = nlohmann::ordered_json::object();
  if (!content.metadata.empty()) header[kMetadata] = content.metadata;
  std::size_t offset = 0;
  for (const NamedTensor& tensor : content.tensors) {
    const std::size_t end = offset + tensor.values.size() * sizeof(float);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string head = header.dump();
  head.resize((head.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t header_length = head.size();
  std::string bytes(kLengthBytes, '\0');
  std::memcpy(bytes.data(), &header_length, kLengthBytes);
  bytes.reserve(kLengthBytes + head.size() + offset);
  bytes += head;
  for (const NamedTensor& tensor : content.tensors) {
    if (tensor.values.empty()) continue;  // which may have no address
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
                 tensor.values.size() * sizeof(float));
  }
  return bytes;
}

void require_sound_header(std::string_view start, std::uint64_t file_bytes,
                          std::size_t largest_header, std::optional<std::uint64_t> values) {
  const Header header = read_header(start, file_bytes, largest_header);
  const std::uint64_t found = (file_bytes - header.end) / sizeof(float);
  if (!values || found == *values) return;
  refuse(fmt::format("its tensors have {} values; there should be {}", found, *values));
}

Safetensors parse_safetensors(std::string_view bytes, std::size_t largest_header) {
  Header header = read_header(bytes, bytes.size(), largest_header);
  Safetensors content{.tensors = {}, .metadata = std::move(header.metadata)};
  bytes.remove_prefix(header.end);
  for (const TensorEntry& tensor : header.entries) {
    content.tensors.push_back({tensor.name, tensor.shape,
                               floats_from(bytes.substr(tensor.begin, tensor.end - tensor.begin))});
  }
  return content;
}

}  // namespace mnist_bench
