#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "transform/image_shape.h"

namespace mnist_bench {

/// [[a, b], [c, d]]: an output offset (row, column) from the centre comes from the input offset
/// (a·row + b·column, c·row + d·column).
using Matrix2 = std::array<std::array<double, 2>, 2>;

/// Where an output pixel comes from, in 2⁻²¹ pixels of the input: with (R, C) its offset from the
/// centre of the output in half pixels, row = row_per_row·R + row_per_column·C + centre_row, and
/// likewise the column.
struct AffineMap {
  std::int64_t row_per_row;
  std::int64_t row_per_column;
  std::int64_t centre_row;
  std::int64_t column_per_row;
  std::int64_t column_per_column;
  std::int64_t centre_column;
};

/// The entries of `matrix` are rounded to multiples of 2⁻²⁰, ties to even. From there on all is
/// exact.
AffineMap affine_map(const Matrix2& matrix, ImageShape input);

/// The map whose images lie `down` and `right` pixels (multiples of 2⁻²⁰, the nearest; ties to
/// even) from those of `map`.
AffineMap moved(AffineMap map, double down, double right);

void apply_affine(const AffineMap& map, ImageShape input, std::span<const std::uint8_t> in,
                  ImageShape output, std::span<std::uint8_t> out);

}  // namespace mnist_bench
