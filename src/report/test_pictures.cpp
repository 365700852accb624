#include "report/test_pictures.h"

#include <fmt/format.h>
#include <png.h>

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

}  // namespace mnist_bench
