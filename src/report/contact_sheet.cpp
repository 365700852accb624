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

/// `chosen`: the test images at `images`.
ContactStrip strip_of(const TransformFamily& family, const ImageSet& chosen,
                      const std::vector<std::int64_t>& images) {
  const std::size_t size = chosen.shape().pixels();
  const std::size_t columns = family.points.size() + 1;
  std::vector<std::uint8_t> cells(images.size() * columns * size);
  ContactStrip strip{.family = family.name, .columns = {"as they are"}, .picture = {}};
  const auto set_column = [&](std::size_t column, const std::vector<std::uint8_t>& pixels) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto image = std::span(pixels).subspan(i * size, size);
      std::copy(image.begin(), image.end(),
                std::span(cells).subspan((i * columns + column) * size).begin());
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
  strip.picture = mosaic(cells, chosen.shape(), static_cast<std::int64_t>(columns));
  return strip;
}

}  // namespace

ContactSheet contact_sheet(const RunGroup& group, const std::vector<TransformFamily>& families) {
  ContactSheet sheet{.group = group.label, .images = {}, .strips = {}, .unavailable = {}};
  try {
    const Dataset dataset = data_of(group);
    sheet.images = images_of_each_class(dataset.test, kSheetImages);
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
