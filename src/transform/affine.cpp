#include "transform/affine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "transform/bilinear.h"
#include "transform/families.h"

namespace mnist_bench {
namespace {

constexpr unsigned kPositionBits = 21;
/// Of the matrix; a position has one more, because offsets from the centre are in half pixels.
constexpr unsigned kEntryBits = kPositionBits - 1;

std::int64_t rounded_entry(double entry) {
  return static_cast<std::int64_t>(std::nearbyint(std::ldexp(entry, kEntryBits)));
}

PreparedTransform prepare_affine(const Matrix2& matrix, ImageShape input, ImageShape output) {
  const AffineMap map = affine_map(matrix, input);
  return {.output = output,
          .apply = [=](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                       std::span<std::uint8_t> out) { apply_affine(map, input, in, output, out); }};
}

struct Rotation {
  double degrees = 0.0;
};

PreparedTransform prepare_rotation(const Rotation& rotation, ImageShape shape) {
  const double angle = rotation.degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  return prepare_affine({{{cosine, sine}, {-sine, cosine}}}, shape, shape);
}

struct Scaling {
  double factor = 1.0;
};

PreparedTransform prepare_scaling(const Scaling& scaling, ImageShape shape) {
  const double inverse = 1.0 / scaling.factor;
  return prepare_affine({{{inverse, 0.0}, {0.0, inverse}}}, shape, shape);
}

struct Shear {
  double factor = 0.0;
};

PreparedTransform prepare_shear(const Shear& shear, ImageShape shape) {
  return prepare_affine({{{1.0, 0.0}, {shear.factor, 1.0}}}, shape, shape);
}

struct Resizing {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

PreparedTransform prepare_resizing(const Resizing& resizing, ImageShape input) {
  const auto ratio = [](std::int64_t from, std::int64_t to) {
    return static_cast<double>(from) / static_cast<double>(to);
  };
  return prepare_affine(
      {{{ratio(input.rows, resizing.rows), 0.0}, {0.0, ratio(input.columns, resizing.columns)}}},
      input, {.rows = resizing.rows, .columns = resizing.columns});
}

}  // namespace

AffineMap affine_map(const Matrix2& matrix, ImageShape input) {
  return {.row_per_row = rounded_entry(matrix[0][0]),
          .row_per_column = rounded_entry(matrix[0][1]),
          .centre_row = (input.rows - 1) << kEntryBits,
          .column_per_row = rounded_entry(matrix[1][0]),
          .column_per_column = rounded_entry(matrix[1][1]),
          .centre_column = (input.columns - 1) << kEntryBits};
}

AffineMap moved(AffineMap map, double down, double right) {
  map.centre_row -= 2 * rounded_entry(down);
  map.centre_column -= 2 * rounded_entry(right);
  return map;
}

void apply_affine(const AffineMap& map, ImageShape input, std::span<const std::uint8_t> in,
                  ImageShape output, std::span<std::uint8_t> out) {
  const BorderedImage image(in, input);
  const std::int64_t row_step = 2 * map.row_per_column;  // from a pixel to the one on its right
  const std::int64_t column_step = 2 * map.column_per_column;
  const std::int64_t first = -(output.columns - 1);
  for (std::int64_t r = 0; r < output.rows; ++r) {
    const std::int64_t from_centre = 2 * r - (output.rows - 1);
    const std::int64_t y0 =
        map.row_per_row * from_centre + map.row_per_column * first + map.centre_row;
    const std::int64_t x0 =
        map.column_per_row * from_centre + map.column_per_column * first + map.centre_column;
    const auto is_near = [&](std::int64_t c) {
      return image.is_near_foreground<kPositionBits>(y0 + c * row_step, x0 + c * column_step);
    };
    // What comes from near the foreground is one piece of the row, from `begin` to `end`.
    std::int64_t begin = 0;
    std::int64_t end = output.columns;
    while (begin < end && !is_near(begin)) ++begin;
    while (begin < end && !is_near(end - 1)) --end;
    std::uint8_t* const row = out.data() + r * output.columns;
    std::fill(row, row + begin, std::uint8_t{0});
    std::int64_t y = y0 + begin * row_step;
    std::int64_t x = x0 + begin * column_step;
    for (std::int64_t c = begin; c < end; ++c, y += row_step, x += column_step) {
      row[c] = image.near_foreground<kPositionBits>(y, x);
    }
    std::fill(row + end, row + output.columns, std::uint8_t{0});
  }
}

TransformKind rotate_kind() {
  return transform_kind<Rotation>(
      "rotate", "Turns the image about its centre.",
      {required_key("degrees", NumberRange{.minimum = -360.0, .maximum = 360.0}, &Rotation::degrees,
                    "Counter-clockwise as seen.")},
      severities({10.0, -10.0, 15.0, -15.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0}),
      prepare_rotation);
}

TransformKind scale_kind() {
  return transform_kind<Scaling>(
      "scale", "Enlarges or shrinks what the image shows, about its centre.",
      {required_key("factor", NumberRange{.minimum = 0.1, .maximum = 10.0}, &Scaling::factor,
                    "Above 1 enlarges.")},
      severities({0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.4}), prepare_scaling,
      /*unchanged_at=*/1.0);
}

TransformKind shear_kind() {
  return transform_kind<Shear>(
      "shear", "Moves each row sideways, in proportion to its distance from the centre.",
      {required_key("factor", NumberRange{.minimum = -2.0, .maximum = 2.0}, &Shear::factor,
                    "Columns that a row moves to the left for each row below the centre.")},
      severities({0.2, -0.2, 0.4, -0.4, 0.6, -0.6}), prepare_shear);
}

TransformKind resize_kind() {
  const IntegerRange pixels{1, 1'024};
  return transform_kind<Resizing>(
      "resize", "Makes images of another size, without antialiasing.",
      {required_key("rows", pixels, &Resizing::rows, "Rows of the new images."),
       required_key("columns", pixels, &Resizing::columns, "Columns of the new images.")},
      {}, prepare_resizing, /*unchanged_at=*/{});
}

}  // namespace mnist_bench
