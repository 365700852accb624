#include "record/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

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
std::string quoted(const std::string& name) { return Json(name).dump(); }

Place place_from(const std::string& name, const Json& entry) {
  if (entry.at("dtype") != "F32") refuse(fmt::format("tensor {} is not float32", quoted(name)));
  Place place{.name = name, .shape = entry.at("shape"), .begin = 0, .end = 0};
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  std::uint64_t bytes = sizeof(float);
  for (const std::int64_t size : place.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      refuse(fmt::format("tensor {} has an impossible shape", quoted(name)));
    }
  }
  if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != bytes) {
    refuse(fmt::format("tensor {} has offsets that do not fit its shape", quoted(name)));
  }
  place.begin = offsets[0];
  place.end = offsets[1];
  return place;
}

Safetensors parse(std::string_view bytes) {
  std::uint64_t header_length = 0;
  if (bytes.size() < kLengthBytes) refuse("it is truncated");
  std::memcpy(&header_length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  if (header_length > bytes.size()) refuse("it is truncated, or its header length is damaged");
  const Json header = Json::parse(bytes.substr(0, header_length));
  bytes.remove_prefix(header_length);

  Safetensors content;
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      content.metadata = entry.get<std::map<std::string, std::string>>();
    } else {
      places.push_back(place_from(name, entry));
    }
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.begin < b.begin; });
  std::size_t filled = 0;
  for (const Place& place : places) {
    if (place.begin != filled || place.end > bytes.size()) {
      refuse(fmt::format("tensor {} is not where it should be, or cut off", quoted(place.name)));
    }
    filled = place.end;
    std::vector<float> values((place.end - place.begin) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + place.begin, place.end - place.begin);
    content.tensors.push_back({place.name, place.shape, std::move(values)});
  }
  if (filled != bytes.size()) refuse("there are bytes behind the last tensor");
  return content;
}

}  // namespace

std::string safetensors_bytes(const Safetensors& content) {
  Json header;
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
    const std::size_t size = tensor.values.size() * sizeof(float);
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), size);
  }
  return bytes;
}

Safetensors parse_safetensors(std::string_view bytes) {
  try {
    return parse(bytes);
  } catch (const Json::parse_error& error) {  // whose what() quotes the bytes, whatever they are
    refuse(fmt::format("its header is damaged: not JSON at byte {}", error.byte));
  } catch (const Json::exception& error) {
    refuse(fmt::format("its header is damaged: {}", error.what()));
  }
}

}  // namespace mnist_bench
