#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/escape.h"
#include "data/image_file.h"

namespace mnist_bench {
namespace {

constexpr std::string_view kPgmSpace = " \t\n\v\f\r";
constexpr std::int64_t kMaxPgmValue = 65535;

/// The decimal numbers of a PGM file, between white space and comments.
class PgmNumbers {
 public:
  PgmNumbers(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::int64_t next(std::string_view what, std::int64_t lowest, std::int64_t highest) {
    skip_space();
    std::int64_t value = 0;
    const char* const end = bytes_.data() + bytes_.size();
    const auto [rest, error] = std::from_chars(bytes_.data() + at_, end, value);
    if (at_ == bytes_.size()) {
      fail_image(name_, fmt::format("truncated: it ends where its {} is expected", what));
    }
    if (error == std::errc::invalid_argument) {
      fail_image(name_, fmt::format("'{}' at byte {}, where its {} is expected",
                                    escaped(bytes_.substr(at_, 8)), at_, what));
    }
    if (error != std::errc() || value < lowest || value > highest) {
      const std::string_view digits(bytes_.data() + at_,
                                    static_cast<std::size_t>(rest - bytes_.data()) - at_);
      fail_image(name_, fmt::format("its {} is {} at byte {}; {} … {} are allowed", what,
                                    escaped(digits), at_, lowest, highest));
    }
    at_ = static_cast<std::size_t>(rest - bytes_.data());
    return value;
  }

  /// Skips white space, and comments from '#' to the end of the line.
  void skip_space() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      } else if (kPgmSpace.find(bytes_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  /// What follows the white-space character after the header.
  [[nodiscard]] std::string_view raster() const {
    if (at_ == bytes_.size()) fail_image(name_, "truncated: it ends after its header");
    if (kPgmSpace.find(bytes_[at_]) == std::string_view::npos) {
      fail_image(name_, fmt::format("'{}' at byte {}, where white space ends its header",
                                    escaped(bytes_.substr(at_, 8)), at_));
    }
    return bytes_.substr(at_ + 1);
  }

  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  void skip(std::size_t count) { at_ += count; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  const std::string& name_;
};

[[noreturn]] void fail_pgm_size(const std::string& name, std::size_t found, std::size_t expected) {
  fail_image(name, fmt::format("{}: {} bytes of pixels, where its header announces {}",
                               found < expected ? "truncated" : "trailing bytes", found, expected));
}

}  // namespace

/// Format: https://netpbm.sourceforge.net/doc/pgm.html, one image.
GreyImage decode_pgm(std::string_view bytes, const std::string& name) {
  PgmNumbers numbers(bytes, name);
  const bool is_plain = bytes[1] == '2';
  numbers.skip(2);
  GreyImage image;
  image.shape.columns = numbers.next("width", 1, kMaxImageSide);
  image.shape.rows = numbers.next("height", 1, kMaxImageSide);
  const std::int64_t largest = numbers.next("maximum", 1, kMaxPgmValue);
  const std::size_t pixels = image.shape.pixels();
  const std::size_t width = largest < 256 ? 1 : 2;
  const std::string_view raster = numbers.raster();
  if (is_plain ? raster.size() < 2 * pixels - 1 : raster.size() != width * pixels) {
    fail_pgm_size(name, raster.size(), is_plain ? 2 * pixels - 1 : width * pixels);
  }
  image.pixels.reserve(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    std::int64_t value = 0;
    if (is_plain) {
      value = numbers.next("pixel", 0, largest);
    } else {
      for (std::size_t k = 0; k < width; ++k) {
        value = value * 256 + static_cast<std::uint8_t>(raster[i * width + k]);
      }
    }
    if (value > largest) {
      fail_image(name, fmt::format("pixel {} is {}, where its header announces at most {}", i,
                                   value, largest));
    }
    image.pixels.push_back(static_cast<std::uint8_t>((value * 255 + largest / 2) / largest));
  }
  numbers.skip_space();
  if (is_plain && numbers.left() > 0) {
    fail_image(name, fmt::format("trailing bytes after its {} pixels", pixels));
  }
  return image;
}

}  // namespace mnist_bench
