#include "report/test_pictures.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/error.h"

namespace mnist_bench {
namespace {

/// format: libpng's, of the pixels.
std::string png_file(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns,
                     png_uint_32 format) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(columns);
  image.height = static_cast<png_uint_32>(rows);
  image.format = format;
  std::string png(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = png.size();
  if (::png_image_write_to_memory(&image, png.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    throw Error(ExitCode::data, fmt::format("libpng: {}", image.message));
  }
  png.resize(size);
  return png;
}

}  // namespace

std::string png_of(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns) {
  std::vector<std::uint8_t> inverted(pixels.begin(), pixels.end());
  for (std::uint8_t& pixel : inverted) pixel = static_cast<std::uint8_t>(255 - pixel);
  return png_file(inverted, rows, columns, PNG_FORMAT_GRAY);
}

std::string png_of(const ImageSet& set, std::int64_t index) {
  if (index >= set.size()) {
    throw Error(ExitCode::data, fmt::format("there is no test image {}", index));
  }
  const std::size_t pixels = set.shape().pixels();
  return png_of(std::span(set.pixels).subspan(static_cast<std::size_t>(index) * pixels, pixels),
                set.rows, set.columns);
}

std::string png_of_colors(std::span<const std::uint8_t> pixels, std::int64_t rows,
                          std::int64_t columns) {
  return png_file(pixels, rows, columns, PNG_FORMAT_RGBA);
}

Picture mosaic(std::span<const std::uint8_t> images, ImageShape tile, std::int64_t columns,
               std::int64_t zoom) {
  const auto count = static_cast<std::int64_t>(images.size() / tile.pixels());
  const std::int64_t lines = (count + columns - 1) / columns;
  const std::int64_t width = zoom * (columns * (tile.columns + kMosaicGap) - kMosaicGap);
  const std::int64_t height = zoom * (lines * (tile.rows + kMosaicGap) - kMosaicGap);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t top = zoom * (i / columns * (tile.rows + kMosaicGap));
    const std::int64_t left = zoom * (i % columns * (tile.columns + kMosaicGap));
    const auto image = images.subspan(static_cast<std::size_t>(i) * tile.pixels(), tile.pixels());
    for (std::int64_t r = 0; r < zoom * tile.rows; ++r) {
      for (std::int64_t c = 0; c < zoom * tile.columns; ++c) {
        pixels[static_cast<std::size_t>((top + r) * width + left + c)] =
            image[static_cast<std::size_t>(r / zoom * tile.columns + c / zoom)];
      }
    }
  }
  return {.shape = {.rows = height, .columns = width}, .png = png_of(pixels, height, width)};
}

std::vector<std::int64_t> images_of_each_class(const ImageSet& set, std::size_t count) {
  std::map<std::uint8_t, std::int64_t> of_class;
  // Which one of its class an image is, the class, and the image.
  std::vector<std::tuple<std::int64_t, std::uint8_t, std::int64_t>> ranked;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const std::uint8_t label = set.labels[static_cast<std::size_t>(i)];
    ranked.emplace_back(of_class[label]++, label, i);
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.resize(std::min(count, ranked.size()));
  std::vector<std::int64_t> images;
  for (const auto& [rank, label, image] : ranked) images.push_back(image);
  return images;
}

}  // namespace mnist_bench
