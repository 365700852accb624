#include "data/image_file.h"

#include <fmt/format.h>

#include <span>

#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "data/file_signature.h"
#include "data/idx.h"

namespace mnist_bench {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kReadImages = "PNG, PGM (P2, P5) and IDX are read";

/// Raw, or compressed.
bool looks_like_idx(std::string_view bytes) {
  return bytes.starts_with("\0\0"sv) || bytes.starts_with("\x1f\x8b"sv);
}

std::vector<GreyImage> images_of(const IdxFile& idx) {
  const ImageShape shape{.rows = idx.dimensions[1], .columns = idx.dimensions[2]};
  std::vector<GreyImage> images;
  images.reserve(static_cast<std::size_t>(idx.dimensions[0]));
  for (auto at = idx.values.begin(); at != idx.values.end();) {
    const auto end = at + static_cast<std::ptrdiff_t>(shape.pixels());
    images.push_back({.shape = shape, .pixels = {at, end}});
    at = end;
  }
  return images;
}

}  // namespace

std::vector<GreyImage> read_image_file(const std::filesystem::path& path) {
  const std::string name = path == "-" ? "stdin" : path.string();
  if (!is_stream(path)) {
    const FileStart start = read_start(path, kSignatureBytes, ExitCode::data);
    if (looks_like_idx(start.bytes)) return images_of(read_idx_images(path));
  }
  const std::string bytes = read_input(path, kMaxImageFile, ExitCode::data);
  if (looks_like_idx(bytes)) {
    fail_image(name, "an IDX file is read from a file, not from a pipe", "name the file itself");
  }
  return {decode_image(bytes, name)};
}

GreyImage decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return decode_png(bytes, name);
  if (bytes.starts_with("P2") || bytes.starts_with("P5")) return decode_pgm(bytes, name);
  const std::string_view start = bytes.substr(0, kSignatureBytes);
  constexpr std::string_view kConvert = "convert it to PNG";
  if (start.starts_with("\x89PNG")) {
    fail_image(name, "its PNG signature is damaged, as by a transfer as text");
  }
  const auto format = recognize_format(
      std::span(reinterpret_cast<const std::uint8_t*>(start.data()), start.size()));
  if (format) fail_image(name, fmt::format("it is {}; {}", format->what, kReadImages), kConvert);
  if (start.empty()) fail_image(name, fmt::format("it is empty; {}", kReadImages));
  fail_image(name,
             fmt::format("it starts with '{}', as no image that is known; {}",
                         escaped(start.substr(0, 8)), kReadImages),
             kConvert);
}

void fail_image(const std::string& name, const std::string& cause, std::string_view remedy) {
  throw Error(ExitCode::data, fmt::format("cannot read {}: {}", name, cause), std::string(remedy));
}

void check_image_sides(std::int64_t rows, std::int64_t columns, const std::string& name) {
  if (rows >= 1 && rows <= kMaxImageSide && columns >= 1 && columns <= kMaxImageSide) return;
  fail_image(name, fmt::format("{} × {} pixels; a side has 1 … {}", columns, rows, kMaxImageSide),
             "scale the image down");
}

}  // namespace mnist_bench
