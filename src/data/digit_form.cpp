#include "data/digit_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mnist_bench {
namespace {

constexpr double kInk = 26.0;
/// In standard deviations of the background's noise. If that is normal, one pixel in 3.5 million
/// lies further than this to one side.
constexpr double kNoiseFloor = 5.0;
/// The standard deviation of a normal distribution, in medians of the absolute deviation.
constexpr double kSdOfMad = 1.4826;

/// The pixels of the outermost rows and columns.
std::vector<std::uint8_t> border_of(const GreyImage& image) {
  const ImageShape& shape = image.shape;
  std::vector<std::uint8_t> border;
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    const bool whole = row == 0 || row == shape.rows - 1;
    const std::int64_t step = whole ? 1 : std::max<std::int64_t>(shape.columns - 1, 1);
    for (std::int64_t column = 0; column < shape.columns; column += step) {
      border.push_back(image.pixels[static_cast<std::size_t>(row * shape.columns + column)]);
    }
  }
  return border;
}

/// The lower of the middle two; reorders the values.
std::uint8_t median(std::vector<std::uint8_t>& values) {
  const auto middle = values.begin() + (std::ssize(values) - 1) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The standard deviation of the border's pixels, without those of a digit that touches it.
double noise_of(const GreyImage& image, std::int64_t background) {
  std::vector<std::uint8_t> deviations = border_of(image);
  for (std::uint8_t& pixel : deviations) {
    pixel = static_cast<std::uint8_t>(std::abs(pixel - background));
  }
  return kSdOfMad * median(deviations);
}

/// How the pixels of an image lie about its background.
struct Spread {
  std::int64_t background = 0;
  std::int64_t darker = 0;   ///< the darkest pixel than the background
  std::int64_t lighter = 0;  ///< the lightest
  double noise = 0.0;        ///< what differs by less is noise

  [[nodiscard]] std::int64_t contrast() const { return std::max(darker, lighter); }
};

Spread spread_of(const GreyImage& image) {
  const std::int64_t background = background_of(image);
  const auto [darkest, lightest] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  return {.background = background,
          .darker = background - *darkest,
          .lighter = *lightest - background,
          .noise = kNoiseFloor * noise_of(image, background)};
}

std::optional<std::string> why_blank(const Spread& spread) {
  constexpr std::int64_t kLeastContrast = 32;
  const auto needed = std::max(kLeastContrast, static_cast<std::int64_t>(std::ceil(spread.noise)));
  if (spread.contrast() >= needed) return std::nullopt;
  return fmt::format("it is blank: no pixel differs from its background by {} grey levels or more",
                     needed);
}

/// Pixels as strength of ink: 0 … 255, the background 0.
class Ink {
 public:
  Ink(const GreyImage& image, const std::string& name)
      : image_(image), spread_(spread_of(image)), inverted_(spread_.darker > spread_.lighter) {
    if (const auto why = why_blank(spread_)) {
      fail_image(name, *why, "use an image with more contrast");
    }
  }

  [[nodiscard]] bool inverted() const { return inverted_; }

  [[nodiscard]] double at(std::int64_t row, std::int64_t column) const {
    const std::int64_t lighter = grey(row, column) - spread_.background;
    const std::int64_t strength = inverted_ ? -lighter : lighter;
    if (static_cast<double>(strength) < spread_.noise) return 0.0;
    return static_cast<double>(std::max<std::int64_t>(strength, 0) * 255) /
           static_cast<double>(spread_.contrast());
  }

 private:
  [[nodiscard]] std::int64_t grey(std::int64_t row, std::int64_t column) const {
    return image_.pixels[static_cast<std::size_t>(row * image_.shape.columns + column)];
  }

  const GreyImage& image_;
  Spread spread_;
  bool inverted_;
};

/// The rows or columns `first` … `first + count − 1`.
struct Span {
  std::int64_t first = 0;
  std::int64_t count = 0;

  void include(std::int64_t index) {
    if (count == 0) first = index;
    const std::int64_t end = std::max(first + count, index + 1);
    first = std::min(first, index);
    count = end - first;
  }
};

/// A pixel of a resampled axis: weights[i] of the source's pixel first + i.
struct Resampled {
  std::int64_t first = 0;
  std::vector<double> weights;
};

Resampled mean_over_area(std::int64_t index, std::int64_t source, std::int64_t target) {
  // In parts of 1/target of a source's pixel, all is whole: the area is `source` long.
  const std::int64_t begin = index * source;
  const std::int64_t end = begin + source;
  Resampled pixel{.first = begin / target, .weights = {}};
  for (std::int64_t at = pixel.first; at * target < end; ++at) {
    const std::int64_t overlap = std::min((at + 1) * target, end) - std::max(at * target, begin);
    pixel.weights.push_back(static_cast<double>(overlap) / static_cast<double>(source));
  }
  return pixel;
}

Resampled interpolated(std::int64_t index, std::int64_t source, std::int64_t target) {
  const double at = (static_cast<double>(index) + 0.5) * static_cast<double>(source) /
                        static_cast<double>(target) -
                    0.5;
  const double within = std::clamp(at, 0.0, static_cast<double>(source - 1));
  const auto first =
      std::min(static_cast<std::int64_t>(within), std::max<std::int64_t>(source - 2, 0));
  const double share = within - static_cast<double>(first);
  if (share == 0.0) return {.first = first, .weights = {1.0}};
  return {.first = first, .weights = {1.0 - share, share}};
}

/// The `target` pixels of an axis of `source`.
std::vector<Resampled> resampling(std::int64_t source, std::int64_t target) {
  std::vector<Resampled> pixels;
  for (std::int64_t index = 0; index < target; ++index) {
    pixels.push_back(target > source ? interpolated(index, source, target)
                                     : mean_over_area(index, source, target));
  }
  return pixels;
}

/// n · numerator / denominator, rounded half up, at least 1.
std::int64_t scaled(std::int64_t n, std::int64_t numerator, std::int64_t denominator) {
  return std::max<std::int64_t>((2 * n * numerator + denominator) / (2 * denominator), 1);
}

/// The crop of `rows` × `columns`, scaled to `shape`: [shape.rows, shape.columns].
std::vector<double> resized(const Ink& ink, const Span& rows, const Span& columns,
                            const ImageShape& shape) {
  const std::vector<Resampled> across = resampling(columns.count, shape.columns);
  const std::vector<Resampled> down = resampling(rows.count, shape.rows);
  const auto width = static_cast<std::size_t>(shape.columns);
  std::vector<double> narrowed;  // [rows.count, shape.columns]
  narrowed.reserve(static_cast<std::size_t>(rows.count) * width);
  for (std::int64_t row = 0; row < rows.count; ++row) {
    for (const Resampled& pixel : across) {
      double sum = 0.0;
      std::int64_t column = columns.first + pixel.first;
      for (const double weight : pixel.weights) sum += weight * ink.at(rows.first + row, column++);
      narrowed.push_back(sum);
    }
  }
  std::vector<double> result;
  result.reserve(shape.pixels());
  for (const Resampled& pixel : down) {
    for (std::size_t column = 0; column < width; ++column) {
      double sum = 0.0;
      auto at = static_cast<std::size_t>(pixel.first) * width + column;
      for (const double weight : pixel.weights) {
        sum += weight * narrowed[at];
        at += width;
      }
      result.push_back(sum);
    }
  }
  return result;
}

/// Where an axis of `size`, whose centre of mass is at pixel `centre`, begins in one of `field`.
std::int64_t offset_in(std::int64_t field, std::int64_t size, double centre) {
  const std::int64_t middle = field / 2;
  const auto offset =
      static_cast<std::int64_t>(std::floor(static_cast<double>(middle) - centre + 0.5));
  return std::clamp<std::int64_t>(offset, 0, field - size);
}

/// `digit` (of `size`) on a field of `shape`, its centre of mass in the middle.
std::vector<std::uint8_t> centred(const std::vector<double>& digit, const ImageShape& size,
                                  const ImageShape& shape) {
  double mass = 0.0;
  double row_moment = 0.0;
  double column_moment = 0.0;
  for (std::size_t i = 0; i < digit.size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(size.columns);
    const std::size_t column = i % static_cast<std::size_t>(size.columns);
    mass += digit[i];
    row_moment += digit[i] * static_cast<double>(row);
    column_moment += digit[i] * static_cast<double>(column);
  }
  const std::int64_t top = offset_in(shape.rows, size.rows, row_moment / mass);
  const std::int64_t left = offset_in(shape.columns, size.columns, column_moment / mass);
  std::vector<std::uint8_t> pixels(shape.pixels());
  for (std::int64_t row = 0; row < size.rows; ++row) {
    for (std::int64_t column = 0; column < size.columns; ++column) {
      const double value = digit[static_cast<std::size_t>(row * size.columns + column)];
      pixels[static_cast<std::size_t>((top + row) * shape.columns + left + column)] =
          static_cast<std::uint8_t>(std::lround(value));
    }
  }
  return pixels;
}

}  // namespace

std::uint8_t background_of(const GreyImage& image) {
  std::vector<std::uint8_t> border = border_of(image);
  return median(border);
}

std::optional<std::string> why_blank(const GreyImage& image) { return why_blank(spread_of(image)); }

DigitForm digit_form(const GreyImage& image, ImageShape shape, const std::string& name) {
  const Ink ink(image, name);
  Span rows;
  Span columns;
  for (std::int64_t row = 0; row < image.shape.rows; ++row) {
    for (std::int64_t column = 0; column < image.shape.columns; ++column) {
      if (ink.at(row, column) < kInk) continue;
      rows.include(row);
      columns.include(column);
    }
  }
  const std::int64_t box = scaled(std::min(shape.rows, shape.columns), 20, 28);
  const std::int64_t longer = std::max(rows.count, columns.count);
  const ImageShape size{.rows = scaled(rows.count, box, longer),
                        .columns = scaled(columns.count, box, longer)};
  return {.shape = shape,
          .pixels = centred(resized(ink, rows, columns, size), size, shape),
          .inverted = ink.inverted()};
}

}  // namespace mnist_bench
