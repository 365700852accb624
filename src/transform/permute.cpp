#include "base/random.h"
#include "transform/families.h"

namespace mnist_bench {
namespace {

/// out[k] = in[from[k]].
PreparedTransform prepare_gather(std::vector<std::int64_t> from, ImageShape output) {
  const auto apply = [from = std::move(from)](std::int64_t /*index*/,
                                              std::span<const std::uint8_t> in,
                                              std::span<std::uint8_t> out) {
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = in[static_cast<std::size_t>(from[k])];
  };
  return {.output = output, .apply = apply};
}

struct PermutePixels {
  std::int64_t seed = 0;
};

PreparedTransform prepare_permute_pixels(const PermutePixels& permute, ImageShape shape) {
  const std::uint64_t seed =
      derive_seed(static_cast<std::uint64_t>(permute.seed), "permute_pixels");
  return prepare_gather(permutation(shape.rows * shape.columns, seed), shape);
}

PreparedTransform prepare_transpose(ImageShape shape) {
  std::vector<std::int64_t> from;
  for (std::int64_t column = 0; column < shape.columns; ++column) {
    for (std::int64_t row = 0; row < shape.rows; ++row) {
      from.push_back(row * shape.columns + column);
    }
  }
  return prepare_gather(std::move(from), {.rows = shape.columns, .columns = shape.rows});
}

}  // namespace

TransformKind permute_pixels_kind() {
  return transform_kind<PermutePixels>(
      "permute_pixels", "Permutes the pixels, in the same way for all images.",
      {seed_key(&PermutePixels::seed)}, {}, prepare_permute_pixels);
}

TransformKind transpose_kind() {
  return transform_kind("transpose", "Exchanges rows and columns.", prepare_transpose);
}

}  // namespace mnist_bench
