#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "report/test_pictures.h"
#include "transform/transform.h"

namespace mnist_bench {

/// Some test images after one chain of transforms.
struct TransformStrip {
  std::string spec;  ///< canonical
  Picture picture;   ///< a mosaic of all images, as large as it is drawn
};

/// What transforms do to some test images.
struct TransformSheet {
  std::string images;  ///< which ones, in a sentence
  /// In the order of the chains. A group is the severities of one kind of transform, or kinds that
  /// have one each.
  std::vector<std::vector<TransformStrip>> groups;
};

/// At most, in a sheet.
inline constexpr std::size_t kMostSheetImages = 20;

/// The first `count` of images_of_each_class(), after each chain. Throws Error(usage) for images
/// that a transform cannot take.
TransformSheet transform_sheet(const Dataset& dataset, const std::vector<TransformChain>& chains,
                               std::size_t count);

}  // namespace mnist_bench
