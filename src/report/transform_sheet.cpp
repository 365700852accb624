#include "report/transform_sheet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "report/severity.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// Images in one line of a mosaic, at most: as many as a phone shows at twice their size.
constexpr std::int64_t kMostPerLine = 5;

/// The longer side of small images as they are drawn, about. Not by the program that shows the
/// picture: not all can be kept from blurring it.
constexpr std::int64_t kDrawnSide = 56;

std::int64_t zoom_of(ImageShape image) {
  return std::max<std::int64_t>(1, kDrawnSide / std::max(image.rows, image.columns));
}

/// As many images in each line of a mosaic, but for the last one.
std::int64_t per_line(std::int64_t images) {
  const std::int64_t lines = (images + kMostPerLine - 1) / kMostPerLine;
  return (images + lines - 1) / lines;
}

/// Whether a chain is of another family than the one before, and not one after the other of a
/// family with one chain each.
std::vector<bool> group_beginnings(const std::vector<TransformChain>& chains) {
  std::vector<std::string> families;
  for (const TransformChain& chain : chains) {
    const std::optional<ChainSeverity> severity = severity_of(chain);
    families.push_back(severity ? severity->family : "");
  }
  const auto same_as_last = [&](std::size_t i) { return i > 0 && families[i] == families[i - 1]; };
  const auto is_alone = [&](std::size_t i) {
    return !same_as_last(i) && (i + 1 == families.size() || !same_as_last(i + 1));
  };
  std::vector<bool> begins;
  for (std::size_t i = 0; i < families.size(); ++i) {
    begins.push_back(i == 0 || (!same_as_last(i) && !(is_alone(i) && is_alone(i - 1))));
  }
  return begins;
}

std::string images_text(const Dataset& dataset, const ImageSet& chosen,
                        const std::vector<std::int64_t>& images) {
  constexpr std::size_t kDigits = 12;
  const std::string name = dataset.identified.value_or(fmt::format(
      "an unknown data set (SHA-256 of its test set {}…)", dataset.test.sha256.substr(0, kDigits)));
  const bool is_one = images.size() == 1;
  return fmt::format("Test image{0} {1} of {2}, label{0} {3}; 255 is drawn black.",
                     is_one ? "" : "s", fmt::join(images, ", "), name,
                     fmt::join(chosen.labels, ", "));
}

}  // namespace

TransformSheet transform_sheet(const Dataset& dataset, const std::vector<TransformChain>& chains,
                               std::size_t count) {
  const std::vector<std::int64_t> images = images_of_each_class(dataset.test, count);
  const ImageSet chosen = select(dataset.test, images);
  TransformSheet sheet{.images = images_text(dataset, chosen, images), .groups = {}};
  const std::vector<bool> begins_group = group_beginnings(chains);
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const TransformedImages after = transformed(chains[i], chosen.shape(), chosen.pixels, images);
    if (begins_group[i]) sheet.groups.emplace_back();
    sheet.groups.back().push_back(
        {.spec = canonical_spec(chains[i]),
         .picture =
             mosaic(after.pixels, after.shape, per_line(chosen.size()), zoom_of(after.shape))});
  }
  return sheet;
}

}  // namespace mnist_bench
