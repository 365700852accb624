#include <algorithm>
#include <array>
#include <numeric>

#include "transform/families.h"
#include "transform/rounding.h"

namespace mnist_bench {
namespace {

/// What becomes of each grey value.
using GreyMap = std::array<std::uint8_t, 256>;

/// `value(grey)` of all grey values, cut off at 0 and 255.
template <class Value>
GreyMap grey_map(const Value& value) {
  GreyMap map{};
  for (std::size_t grey = 0; grey < map.size(); ++grey) {
    const std::int64_t mapped = value(static_cast<std::int64_t>(grey));
    map[grey] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(mapped, 0, 255));
  }
  return map;
}

void apply_grey_map(const GreyMap& map, std::span<const std::uint8_t> in,
                    std::span<std::uint8_t> out) {
  std::transform(in.begin(), in.end(), out.begin(), [&](std::uint8_t grey) { return map[grey]; });
}

PreparedTransform prepare_grey_map(const GreyMap& map, ImageShape shape) {
  return {.output = shape,
          .apply = [map](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) { apply_grey_map(map, in, out); }};
}

struct Contrast {
  double factor = 1.0;
};

/// About the image's own mean, as MNIST-C does.
PreparedTransform prepare_contrast(const Contrast& contrast, ImageShape shape) {
  constexpr std::int64_t kOne = 65'536;
  const auto factor = round_half_up(kOne * contrast.factor);
  const auto apply = [factor](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                              std::span<std::uint8_t> out) {
    const auto pixels = static_cast<std::int64_t>(in.size());
    const std::int64_t sum = std::accumulate(in.begin(), in.end(), std::int64_t{0});
    const auto value = [&](std::int64_t grey) {
      return round_half_up(factor * (pixels * grey - sum) + kOne * sum, kOne * pixels);
    };
    apply_grey_map(grey_map(value), in, out);
  };
  return {.output = shape, .apply = apply};
}

struct Brightness {
  double add = 0.0;
};

PreparedTransform prepare_brightness(const Brightness& brightness, ImageShape shape) {
  const auto added = round_half_up(255.0 * brightness.add);
  return prepare_grey_map(grey_map([&](std::int64_t grey) { return grey + added; }), shape);
}

PreparedTransform prepare_invert(ImageShape shape) {
  return prepare_grey_map(grey_map([](std::int64_t grey) { return 255 - grey; }), shape);
}

struct Quantize {
  std::int64_t bits = 8;
};

PreparedTransform prepare_quantize(const Quantize& quantize, ImageShape shape) {
  const std::int64_t levels = (std::int64_t{1} << quantize.bits) - 1;
  const auto value = [&](std::int64_t grey) {
    return round_half_up(255 * round_half_up(grey * levels, 255), levels);
  };
  return prepare_grey_map(grey_map(value), shape);
}

PreparedTransform prepare_stripe(ImageShape shape) {
  const std::int64_t columns = shape.columns;
  const std::int64_t width = columns / 4;
  const auto apply = [=](std::int64_t /*index*/, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    std::copy(in.begin(), in.end(), out.begin());
    const auto invert = [](std::uint8_t& grey) { grey = static_cast<std::uint8_t>(255 - grey); };
    for (auto row = out.begin(); row != out.end(); row += columns) {
      std::for_each(row, row + width, invert);
      std::for_each(row + columns - width, row + columns, invert);
    }
  };
  return {.output = shape, .apply = apply};
}

}  // namespace

TransformKind contrast_kind() {
  return transform_kind<Contrast>(
      "contrast", "Moves all grey values towards the image's mean, or away from it.",
      {required_key("factor", NumberRange{.minimum = 0.0, .maximum = 4.0}, &Contrast::factor,
                    "Of the distance from the mean; above 1 raises the contrast.")},
      severities({0.6, 0.4, 0.2, 0.1}), prepare_contrast, /*unchanged_at=*/1.0);
}

TransformKind brightness_kind() {
  return transform_kind<Brightness>(
      "brightness", "Adds the same to all pixels.",
      {required_key("add", NumberRange{.minimum = -1.0, .maximum = 1.0}, &Brightness::add,
                    "As a part of the range from 0 to 255.")},
      severities({0.1, 0.2, 0.3, 0.4, 0.5}), prepare_brightness);
}

TransformKind invert_kind() {
  return transform_kind("invert", "Exchanges dark and light.", prepare_invert, 1);
}

TransformKind stripe_kind() {
  return transform_kind("stripe",
                        "Inverts the left and the right quarter of the image, as MNIST-C.",
                        prepare_stripe, 1);
}

TransformKind quantize_kind() {
  return transform_kind<Quantize>(
      "quantize", "Keeps 2^bits grey values.",
      {required_key("bits", IntegerRange{1, 8}, &Quantize::bits, "Bits of a pixel.")},
      severities({std::int64_t{1}, std::int64_t{2}}), prepare_quantize, /*unchanged_at=*/8.0);
}

}  // namespace mnist_bench
