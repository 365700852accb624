#include <algorithm>
#include <array>

#include "transform/families.h"

namespace mnist_bench {
namespace {

struct Shift {
  std::int64_t dx = 0;
  std::int64_t dy = 0;
};

/// out[r][c] = in[r − dy][c − dx], 0 where that is outside.
PreparedTransform prepare_shift(const Shift& shift, ImageShape shape) {
  const std::int64_t first_row = std::clamp<std::int64_t>(shift.dy, 0, shape.rows);
  const std::int64_t end_row = std::clamp<std::int64_t>(shape.rows + shift.dy, 0, shape.rows);
  const std::int64_t first = std::clamp<std::int64_t>(shift.dx, 0, shape.columns);
  const std::int64_t end = std::clamp<std::int64_t>(shape.columns + shift.dx, 0, shape.columns);
  const auto apply = [=](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    if (first >= end) return;
    for (std::int64_t row = first_row; row < end_row; ++row) {
      const auto from = in.begin() + (row - shift.dy) * shape.columns + first - shift.dx;
      std::copy(from, from + (end - first), out.begin() + row * shape.columns + first);
    }
  };
  return {.output = shape, .apply = apply};
}

/// Eight directions, 1 to 4 pixels.
std::vector<std::vector<Setting>> shift_severities() {
  constexpr std::array<std::array<std::int64_t, 2>, 8> kDirections = {
      {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}};
  std::vector<std::vector<Setting>> all;
  for (std::int64_t distance = 1; distance <= 4; ++distance) {
    for (const auto& [dx, dy] : kDirections) all.push_back({dx * distance, dy * distance});
  }
  return all;
}

PreparedTransform prepare_identity(ImageShape shape) {
  return {
      .output = shape,
      .apply = [](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                  std::span<std::uint8_t> out) { std::copy(in.begin(), in.end(), out.begin()); }};
}

}  // namespace

TransformKind identity_kind() {
  return transform_kind("identity", "The image as it is.", prepare_identity);
}

TransformKind shift_kind() {
  const IntegerRange pixels{-1'024, 1'024};
  return transform_kind<Shift>("shift", "Moves the image; what comes in at the border is 0.",
                               {optional_key("dx", pixels, &Shift::dx, "Columns to the right."),
                                optional_key("dy", pixels, &Shift::dy, "Rows down.")},
                               shift_severities(), prepare_shift);
}

}  // namespace mnist_bench
