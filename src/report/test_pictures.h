#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace mnist_bench {

/// An 8-bit greyscale PNG, inverted: 255 is drawn black. pixels: [rows, columns]
std::string png_of(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns);

/// The same for one image of a set. Throws Error(data) where it has no image `index`.
std::string png_of(const ImageSet& set, std::int64_t index);

/// A PNG of colours: red, green, blue and opacity of each pixel. pixels: [rows, columns, 4]
std::string png_of_colors(std::span<const std::uint8_t> pixels, std::int64_t rows,
                          std::int64_t columns);

/// An image as a PNG file.
struct Picture {
  ImageShape shape;
  std::string png;
};

/// Pixels of background, before the zoom, between two images of a mosaic.
inline constexpr std::int64_t kMosaicGap = 2;

/// Images line by line, `columns` in each; a pixel becomes a block of zoom × zoom. images:
/// [n, tile.rows, tile.columns]
Picture mosaic(std::span<const std::uint8_t> images, ImageShape tile, std::int64_t columns,
               std::int64_t zoom = 1);

/// The indices of the first image of each class, from class 0 on, then of the second of each, and
/// so on: `count`, or as many as there are.
std::vector<std::int64_t> images_of_each_class(const ImageSet& set, std::size_t count);

}  // namespace mnist_bench
