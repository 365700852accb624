#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <span>
#include <tuple>

#include "base/escape.h"
#include "data/image_file.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kPngSizeEnd = 24;  // signature, length and type of IHDR, width, height
constexpr std::size_t kMaxDeflateRatio = 1032;
constexpr png_alloc_size_t kMaxPngChunk = 8'000'000;

constexpr std::uint8_t kOpaque = 255;

/// Red, green, blue and alpha.
using Colour = std::array<std::uint8_t, 4>;

/// libpng's objects and its input. libpng reports an error by longjmp, which must not leave a frame
/// with destructors to run: what calls libpng is a member function without such objects.
class PngReader {
 public:
  explicit PngReader(std::string_view bytes)
      : left_(bytes),
        png_(::png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)) {
    if (png_ != nullptr) info_ = ::png_create_info_struct(png_);
  }
  ~PngReader() { ::png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Reads up to the pixels, and sets all up for rows of 8-bit grey or RGB, with alpha or without;
  /// of indices into palette(), where there is one. False after an error.
  bool begin() {
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    ::png_set_read_fn(png_, this, on_read);
    ::png_set_user_limits(png_, kMaxImageSide, kMaxImageSide);
    ::png_set_chunk_malloc_max(png_, kMaxPngChunk);
    // -1: all but the image, its palette and its transparency is skipped.
    ::png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    ::png_read_info(png_, info_);
    if (::png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE) {
      // libpng draws indices beyond the palette without a word: the caller looks them up.
      read_palette();
      ::png_set_packing(png_);
    } else {
      ::png_set_expand(png_);
      ::png_set_scale_16(png_);
    }
    passes_ = ::png_set_interlace_handling(png_);
    ::png_read_update_info(png_, info_);
    return true;
  }

  /// Reads the next row of a pass; false after an error. into: row_bytes(), of an interlaced image
  /// with what earlier passes left.
  bool read_row(std::uint8_t* into) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    ::png_read_row(png_, into, nullptr);
    return true;
  }

  /// Reads what follows the pixels, which must end the file.
  bool end() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    ::png_read_end(png_, nullptr);
    if (!left_.empty()) ::png_error(png_, "bytes after its end");
    return true;
  }

  /// Empty for an image without one.
  [[nodiscard]] std::span<const Colour> palette() const { return {palette_.data(), colours_}; }
  [[nodiscard]] int passes() const { return passes_; }
  [[nodiscard]] std::size_t channels() const { return ::png_get_channels(png_, info_); }
  [[nodiscard]] std::size_t row_bytes() const { return ::png_get_rowbytes(png_, info_); }
  [[nodiscard]] std::string error() const { return message_.data(); }

 private:
  void read_palette() {
    png_colorp colours = nullptr;
    png_bytep alphas = nullptr;
    int colour_count = 0;
    int alpha_count = 0;
    ::png_get_PLTE(png_, info_, &colours, &colour_count);
    ::png_get_tRNS(png_, info_, &alphas, &alpha_count, nullptr);
    for (int i = 0; i < colour_count; ++i) {
      const std::uint8_t alpha = i < alpha_count ? alphas[i] : kOpaque;
      palette_.at(static_cast<std::size_t>(i)) = {colours[i].red, colours[i].green, colours[i].blue,
                                                  alpha};
    }
    colours_ = static_cast<std::size_t>(colour_count);
  }

  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* const reader = static_cast<PngReader*>(::png_get_error_ptr(png));
    std::strncpy(reader->message_.data(), message, reader->message_.size() - 1);
    ::png_longjmp(png, 1);
  }
  /// What can be read all the same is read in silence.
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep into, std::size_t size) {
    auto* const reader = static_cast<PngReader*>(::png_get_io_ptr(png));
    if (size > reader->left_.size()) ::png_error(png, "truncated");
    std::memcpy(into, reader->left_.data(), size);
    reader->left_.remove_prefix(size);
  }

  std::string_view left_;
  std::array<char, 128> message_ = {"out of memory"};
  png_structp png_;
  png_infop info_ = nullptr;
  int passes_ = 1;
  std::array<Colour, PNG_MAX_PALETTE_LENGTH> palette_ = {};
  std::size_t colours_ = 0;
};

std::int64_t big_endian_at(std::string_view bytes, std::size_t at) {
  std::int64_t value = 0;
  for (const char byte : bytes.substr(at, 4)) value = value * 256 + static_cast<std::uint8_t>(byte);
  return value;
}

[[noreturn]] void fail_png(const std::string& cause, const std::string& name) {
  fail_image(name, fmt::format("a damaged PNG image ({})", escaped(cause)),
             "save the image again, or fetch it again");
}

/// The colours that `indices` stand for: red, green, blue and alpha of each.
std::vector<std::uint8_t> colours_of(const std::vector<std::uint8_t>& indices,
                                     std::span<const Colour> palette, const std::string& name) {
  std::vector<std::uint8_t> colours;
  colours.reserve(indices.size() * std::tuple_size_v<Colour>);
  for (const std::uint8_t index : indices) {
    if (index >= palette.size()) {
      fail_png(fmt::format("a pixel has colour {} of a palette of {}", index, palette.size()),
               name);
    }
    colours.insert(colours.end(), palette[index].begin(), palette[index].end());
  }
  return colours;
}

/// Rec. 601's luma, by Pillow's integers.
std::uint32_t luma(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16U;
}

/// `value` with this opacity, laid on a background.
std::uint32_t composed(std::uint32_t value, std::uint32_t alpha, std::uint32_t background) {
  return (value * alpha + background * (255 - alpha) + 127) / 255;
}

/// The greys of a row on a background: 1 to 4 channels, alpha the last of 2 or 4.
void append_greys(std::span<const std::uint8_t> row, std::size_t channels, std::uint32_t background,
                  std::vector<std::uint8_t>& greys) {
  for (std::size_t at = 0; at < row.size(); at += channels) {
    const std::uint32_t alpha = channels % 2 == 0 ? row[at + channels - 1] : 255;
    const auto channel = [&](std::size_t i) { return composed(row[at + i], alpha, background); };
    greys.push_back(static_cast<std::uint8_t>(
        channels < 3 ? channel(0) : luma(channel(0), channel(1), channel(2))));
  }
}

}  // namespace

GreyImage decode_png(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kPngSizeEnd) fail_image(name, "a damaged PNG image (truncated)");
  GreyImage image;
  image.shape = {.rows = big_endian_at(bytes, 20), .columns = big_endian_at(bytes, 16)};
  check_image_sides(image.shape.rows, image.shape.columns, name);

  PngReader png(bytes);
  if (!png.begin()) fail_png(png.error(), name);
  const auto rows = static_cast<std::size_t>(image.shape.rows);
  const std::size_t row_bytes = png.row_bytes();
  // A pixel takes a bit at least, and deflate saves no more than that.
  if (image.shape.pixels() / 8 > kMaxDeflateRatio * bytes.size()) {
    fail_image(name, "a damaged PNG image (truncated)");
  }
  // All of an interlaced image, and of one with transparency, whose background follows from all.
  std::vector<std::uint8_t> stored(row_bytes * rows);
  for (int pass = 0; pass < png.passes(); ++pass) {
    for (std::size_t row = 0; row < rows; ++row) {
      if (!png.read_row(stored.data() + row * row_bytes)) fail_png(png.error(), name);
    }
  }
  if (!png.end()) fail_png(png.error(), name);

  std::size_t channels = png.channels();
  if (!png.palette().empty()) {
    stored = colours_of(stored, png.palette(), name);
    channels = std::tuple_size_v<Colour>;
  }
  for (const std::uint32_t background : {255U, 0U}) {
    image.pixels.clear();
    image.pixels.reserve(image.shape.pixels());
    append_greys(stored, channels, background, image.pixels);
    const bool has_dark = *std::min_element(image.pixels.begin(), image.pixels.end()) < 128;
    if (has_dark || channels % 2 == 1) break;
  }
  return image;
}

}  // namespace mnist_bench
