#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "transform/image_shape.h"
#include "transform/kind.h"
#include "transform/transform.h"

namespace mnist_bench {

/// A chain made ready for images of one shape. Throws Error(usage) for images that one of the
/// transforms cannot take.
PreparedTransform prepare_chain(const TransformChain& chain, ImageShape input);

struct TransformedImages {
  ImageShape shape;
  /// [n, shape.rows, shape.columns]
  std::vector<std::uint8_t> pixels;
};

/// `pixels`: [n, shape.rows, shape.columns]; `indices`: [n], of the images in their file. Each
/// image is transformed by itself, so that its bytes depend neither on the others nor on `threads`.
/// Throws Error(usage) for images that a transform cannot take, or that would take more than 1 GiB.
TransformedImages transformed(const TransformChain& chain, ImageShape shape,
                              std::span<const std::uint8_t> pixels,
                              std::span<const std::int64_t> indices, std::int64_t threads = 1);

}  // namespace mnist_bench
