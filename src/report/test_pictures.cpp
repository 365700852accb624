#include "report/test_pictures.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/error.h"

namespace mnist_bench {

Dataset data_of(const RunGroup& group) {
  const RunResult& run = group.completed.front().result;
  Dataset dataset = load_dataset(data_folder(run.config.data));
  if (!run.data || dataset.test.sha256 != run.data->test.sha256) {
    throw Error(ExitCode::data, "the test images found are not those that the runs were tested on");
  }
  return dataset;
}

std::string png_of(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns) {
  std::vector<std::uint8_t> inverted(pixels.begin(), pixels.end());
  for (std::uint8_t& pixel : inverted) pixel = static_cast<std::uint8_t>(255 - pixel);
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(columns);
  image.height = static_cast<png_uint_32>(rows);
  image.format = PNG_FORMAT_GRAY;
  std::string png(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = png.size();
  if (::png_image_write_to_memory(&image, png.data(), &size, 0, inverted.data(), 0, nullptr) == 0) {
    throw Error(ExitCode::data, fmt::format("libpng: {}", image.message));
  }
  png.resize(size);
  return png;
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
  return {.width = width, .height = height, .png = png_of(pixels, height, width)};
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
