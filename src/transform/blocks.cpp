#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "transform/families.h"
#include "transform/random_draws.h"
#include "transform/rounding.h"

namespace mnist_bench {
namespace {

/// The longest side of an image in an IDX file.
constexpr std::int64_t kLongestSide = 65'536;

struct Occlude {
  std::int64_t size = 0;
  std::int64_t value = 0;
  std::int64_t seed = 0;
};

PreparedTransform prepare_occlude(const Occlude& occlude, ImageShape shape) {
  const std::int64_t most = std::min(shape.rows, shape.columns);
  if (occlude.size > most) {
    throw Error(ExitCode::usage,
                fmt::format("occlude: a square of {0} × {0} pixels does not fit into images of {1} "
                            "× {2}",
                            occlude.size, shape.rows, shape.columns),
                fmt::format("choose a size of at most {}", most));
  }
  const auto apply = [=](std::int64_t index, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    const ImageStream stream = image_stream(occlude.seed, "transform/occlude", index);
    const auto position = [&](std::uint64_t draw, std::int64_t side) {
      const auto positions = static_cast<std::uint64_t>(side - occlude.size + 1);
      return static_cast<std::int64_t>((hi32(draw) * positions) >> 32U);
    };
    const std::int64_t top = position(stream.draw(0), shape.rows);
    const std::int64_t left = position(stream.draw(1), shape.columns);
    std::copy(in.begin(), in.end(), out.begin());
    for (std::int64_t row = top; row < top + occlude.size; ++row) {
      std::fill_n(out.begin() + row * shape.columns + left, occlude.size,
                  static_cast<std::uint8_t>(occlude.value));
    }
  };
  return {.output = shape, .apply = apply};
}

struct Pixelate {
  std::int64_t size = 1;
};

PreparedTransform prepare_pixelate(const Pixelate& pixelate, ImageShape shape) {
  const std::int64_t size = pixelate.size;
  if (shape.rows % size != 0 || shape.columns % size != 0) {
    throw Error(ExitCode::usage,
                fmt::format("pixelate: blocks of {0} × {0} pixels do not fill images of {1} × {2}",
                            size, shape.rows, shape.columns),
                fmt::format("choose a size that divides {} and {}", shape.rows, shape.columns));
  }
  const auto apply = [=](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    for (std::int64_t top = 0; top < shape.rows; top += size) {
      for (std::int64_t left = 0; left < shape.columns; left += size) {
        const auto rows_of_block = [&](auto use) {
          for (std::int64_t row = top; row < top + size; ++row) use(row * shape.columns + left);
        };
        std::int64_t sum = 0;
        rows_of_block([&](std::int64_t first) {
          sum += std::accumulate(in.begin() + first, in.begin() + first + size, std::int64_t{0});
        });
        const auto mean = static_cast<std::uint8_t>(round_half_up(sum, size * size));
        rows_of_block([&](std::int64_t first) { std::fill_n(out.begin() + first, size, mean); });
      }
    }
  };
  return {.output = shape, .apply = apply};
}

}  // namespace

TransformKind occlude_kind() {
  return transform_kind<Occlude>(
      "occlude", "Covers a square at a random position.",
      {required_key("size", IntegerRange{1, kLongestSide}, &Occlude::size,
                    "Side of the square, in pixels; at most the shorter side of the image."),
       optional_key("value", IntegerChoice{{0, 255}}, &Occlude::value, "Grey value of the square."),
       seed_key(&Occlude::seed)},
      severities({std::int64_t{4}, std::int64_t{8}, std::int64_t{12}, std::int64_t{16}},
                 {std::int64_t{0}, std::int64_t{0}}),
      prepare_occlude);
}

TransformKind pixelate_kind() {
  return transform_kind<Pixelate>(
      "pixelate", "Makes each block of pixels its mean.",
      {required_key("size", IntegerRange{1, kLongestSide}, &Pixelate::size,
                    "Side of a block, in pixels; divides the rows and columns of the image.")},
      severities({std::int64_t{2}, std::int64_t{4}, std::int64_t{7}}), prepare_pixelate,
      /*unchanged_at=*/1.0);
}

}  // namespace mnist_bench
