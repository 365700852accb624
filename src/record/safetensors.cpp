#include "record/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "config/strict_json.h"
#include "record/json_value.h"

namespace mnist_bench {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr std::size_t kAlignment = 8;
constexpr const char* kMetadata = "__metadata__";

[[noreturn]] void refuse(const std::string& why) { throw Error(ExitCode::io, why); }

/// Where a tensor stands in the file, as its header entry has it.
struct Place {
  std::string name;
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// As JSON has it: no control character reaches a terminal.
std::string quoted(const std::string& name) { return excerpt(name); }

Place place_from(const std::string& name, const JsonValue& entry) {
  if (entry.at("dtype").text() != "F32") {
    refuse(fmt::format("tensor {} is not float32", quoted(name)));
  }
  Place place{.name = name, .shape = entry.at("shape").counts(), .begin = 0, .end = 0};
  const std::vector<std::int64_t> offsets = entry.at("data_offsets").counts();
  std::uint64_t bytes = sizeof(float);
  for (const std::int64_t size : place.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      refuse(fmt::format("tensor {} has an impossible shape", quoted(name)));
    }
  }
  if (offsets.size() != 2 || offsets[1] < offsets[0] ||
      static_cast<std::uint64_t>(offsets[1] - offsets[0]) != bytes) {
    refuse(fmt::format("tensor {} has offsets that do not fit its shape", quoted(name)));
  }
  place.begin = static_cast<std::size_t>(offsets[0]);
  place.end = static_cast<std::size_t>(offsets[1]);
  return place;
}

/// The tensors' places, in no order; fills in the metadata.
std::vector<Place> read_header(std::string_view text,
                               std::map<std::string, std::string>& metadata) {
  const nlohmann::json header = parse_record_json(text);
  if (!header.is_object()) JsonValue(header).refuse("an object");
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadata) {
      places.push_back(place_from(name, JsonValue(entry, fmt::format("tensor {}", quoted(name)))));
      continue;
    }
    if (!entry.is_object()) JsonValue(entry, name).refuse("an object");
    for (const auto& [key, value] : entry.items()) {
      metadata.emplace(key, JsonValue(value, escaped(key)).text());
    }
  }
  return places;
}

/// The floats that stand in `bytes`. None have no address: memcpy must not be asked then.
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

Safetensors parse_safetensors(std::string_view bytes, std::size_t largest_header) {
  std::uint64_t header_length = 0;
  if (bytes.size() < kLengthBytes) refuse("it is truncated");
  std::memcpy(&header_length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  if (header_length > bytes.size()) refuse("it is truncated, or its header length is damaged");
  if (header_length > largest_header) {
    refuse(
        fmt::format("its header has {} bytes; {} are read at most", header_length, largest_header));
  }
  Safetensors content;
  std::vector<Place> places;
  try {
    places = read_header(bytes.substr(0, header_length), content.metadata);
  } catch (const Error& error) {
    refuse(fmt::format("its header is damaged: {}", error.what()));
  }
  bytes.remove_prefix(header_length);

  // Tensors without a value start where the next one does.
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::size_t filled = 0;
  for (const Place& place : places) {
    if (place.begin != filled || place.end > bytes.size()) {
      refuse(fmt::format("tensor {} is not where it should be, or cut off", quoted(place.name)));
    }
    filled = place.end;
    content.tensors.push_back(
        {place.name, place.shape, floats_from(bytes.substr(place.begin, place.end - place.begin))});
  }
  if (filled != bytes.size()) refuse("there are bytes behind the last tensor");
  return content;
}

}  // namespace mnist_bench
