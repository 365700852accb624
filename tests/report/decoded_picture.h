#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <vector>

#include "report/test_pictures.h"

namespace mnist_bench {

/// The picture as bytes, 255 = white.
inline std::vector<std::uint8_t> decoded(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, picture.png.data(), picture.png.size()), 0);
  image.format = PNG_FORMAT_GRAY;
  EXPECT_EQ(image.width, picture.shape.columns);
  EXPECT_EQ(image.height, picture.shape.rows);
  std::vector<std::uint8_t> bytes(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0);
  return bytes;
}

}  // namespace mnist_bench
