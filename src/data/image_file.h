#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "transform/image_shape.h"

namespace mnist_bench {

/// A greyscale image as its file shows it: 0 = black, 255 = white.
struct GreyImage {
  ImageShape shape;
  /// [rows, columns], row-major.
  std::vector<std::uint8_t> pixels;
};

inline constexpr std::int64_t kMaxImageSide = 8192;
inline constexpr std::size_t kMaxImageFile = std::size_t{64} << 20U;

/// The images of a file of one's own, recognized by its first bytes, not by its name: one of a PNG
/// (every colour type and depth) or PGM (P2, P5) file of at most kMaxImageFile bytes, each side at
/// most kMaxImageSide; all of an IDX file (raw or .gz). "-" is stdin; of a pipe no IDX is read.
///
/// Colours become grey by Rec. 601, with Pillow's integers; deeper pixels are scaled to 0 … 255
/// and rounded; gamma and profiles are ignored, as Pillow does. What is transparent is laid on
/// white, as paper is; on black, if on white no pixel would be darker than middle grey (128), as of
/// a light drawing.
///
/// Throws Error(data), naming the file, for another format, and for an image that is damaged,
/// truncated or too large.
std::vector<GreyImage> read_image_file(const std::filesystem::path& path);

/// The image of a PNG or PGM file with these bytes; `name` is for errors.
GreyImage decode_image(std::string_view bytes, const std::string& name);

/// The parts of decode_image. bytes: begin with the format's signature.
GreyImage decode_png(std::string_view bytes, const std::string& name);
GreyImage decode_pgm(std::string_view bytes, const std::string& name);

/// Throws Error(data).
[[noreturn]] void fail_image(const std::string& name, const std::string& cause,
                             std::string_view remedy = "save the image again, as PNG");

/// Throws Error(data) unless both sides are 1 … kMaxImageSide.
void check_image_sides(std::int64_t rows, std::int64_t columns, const std::string& name);

}  // namespace mnist_bench
