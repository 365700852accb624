#include "report/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"
#include "data/dataset.h"
#include "report/severity.h"
#include "report/test_pictures.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// The background between two images, in pixels.
constexpr std::int64_t kGap = 2;

/// The indices of the first image of each class, kSheetImages of them at most.
std::vector<std::int64_t> first_of_each_class(const ImageSet& test) {
  std::vector<std::int64_t> images;
  for (int label = 0; label < 256 && images.size() < kSheetImages; ++label) {
    const auto found = std::find(test.labels.begin(), test.labels.end(), label);
    if (found != test.labels.end()) images.push_back(found - test.labels.begin());
  }
  return images;
}

/// A picture of images in rows and columns.
struct Mosaic {
  ImageShape tile;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;  ///< [height, width]
};

Mosaic empty_mosaic(ImageShape tile, std::size_t rows, std::size_t columns) {
  Mosaic mosaic{.tile = tile,
                .width = static_cast<std::int64_t>(columns) * (tile.columns + kGap) - kGap,
                .height = static_cast<std::int64_t>(rows) * (tile.rows + kGap) - kGap,
                .pixels = {}};
  mosaic.pixels.assign(static_cast<std::size_t>(mosaic.width * mosaic.height), 0);
  return mosaic;
}

/// pixels: [tile.rows, tile.columns]
void place(Mosaic& mosaic, std::size_t row, std::size_t column,
           std::span<const std::uint8_t> pixels) {
  const ImageShape tile = mosaic.tile;
  const std::int64_t top = static_cast<std::int64_t>(row) * (tile.rows + kGap);
  const std::int64_t left = static_cast<std::int64_t>(column) * (tile.columns + kGap);
  for (std::int64_t r = 0; r < tile.rows; ++r) {
    const auto line = pixels.subspan(static_cast<std::size_t>(r * tile.columns),
                                     static_cast<std::size_t>(tile.columns));
    std::copy(line.begin(), line.end(), mosaic.pixels.begin() + (top + r) * mosaic.width + left);
  }
}

/// `chosen`: the test images at `images`.
ContactStrip strip_of(const TransformFamily& family, const ImageSet& chosen,
                      const std::vector<std::int64_t>& images) {
  const std::size_t size = chosen.shape().pixels();
  Mosaic mosaic = empty_mosaic(chosen.shape(), images.size(), family.points.size() + 1);
  ContactStrip strip{.family = family.name, .columns = {"as they are"}, .png = {}};
  const auto set_column = [&](std::size_t column, std::span<const std::uint8_t> pixels) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      place(mosaic, i, column, pixels.subspan(i * size, size));
    }
  };
  set_column(0, chosen.pixels);
  for (std::size_t p = 0; p < family.points.size(); ++p) {
    const SeverityPoint& point = family.points[p];
    const TransformChain chain = parse_spec(point.specs.front(), "evaluation");
    set_column(p + 1, transformed(chain, chosen.shape(), chosen.pixels, images).pixels);
    strip.columns.push_back(point.specs.size() == 1
                                ? point.name
                                : fmt::format("{} ({})", point.name, point.specs.front()));
  }
  strip.width = mosaic.width;
  strip.height = mosaic.height;
  strip.png = png_of(mosaic.pixels, mosaic.height, mosaic.width);
  return strip;
}

}  // namespace

ContactSheet contact_sheet(const RunGroup& group, const std::vector<TransformFamily>& families) {
  ContactSheet sheet{.group = group.label, .images = {}, .strips = {}, .unavailable = {}};
  try {
    const Dataset dataset = data_of(group);
    sheet.images = first_of_each_class(dataset.test);
    const ImageSet chosen = select(dataset.test, sheet.images);
    for (const TransformFamily& family : families) {
      sheet.strips.push_back(strip_of(family, chosen, sheet.images));
    }
  } catch (const Error& error) {
    return {.group = group.label, .images = {}, .strips = {}, .unavailable = error.what()};
  }
  return sheet;
}

}  // namespace mnist_bench
