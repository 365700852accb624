#include "transform/elastic.h"

#include "transform/bilinear.h"
#include "transform/families.h"
#include "transform/rounding.h"
#include "transform/smoothing.h"

namespace mnist_bench {
namespace {

/// Of positions between pixels: 16 of the smoothed draws and 4 of the gain.
constexpr unsigned kElasticBits = 20;

/// ⌊sum/2¹⁶⌋ of an integer.
std::int64_t without_kernel_bits(double sum) { return static_cast<std::int64_t>(sum) >> 16U; }

struct Elastic {
  double alpha = 0.0;
  double sigma = 4.0;
  std::int64_t seed = 0;
};

PreparedTransform prepare_elastic(const Elastic& elastic, ImageShape shape) {
  const auto apply = [field = elastic_field(elastic.alpha, elastic.sigma), seed = elastic.seed,
                      shape](std::int64_t index, std::span<const std::uint8_t> in,
                             std::span<std::uint8_t> out) {
    apply_elastic(field, image_stream(seed, "transform/elastic", index), shape, in, out);
  };
  return {.output = shape, .apply = apply};
}

}  // namespace

ElasticField elastic_field(double alpha, double sigma) {
  return {.kernel = gaussian_kernel(sigma), .gain = round_half_up(16.0 * alpha)};
}

void apply_elastic(const ElasticField& field, const ImageStream& stream, ImageShape shape,
                   std::span<const std::uint8_t> in, std::span<std::uint8_t> out) {
  const std::size_t pixels = shape.pixels();
  // Displacements of rows, then of columns.
  std::vector<double> values(2 * pixels);
  std::vector<double> sums(2 * pixels);
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] =
        2.0 * static_cast<double>(static_cast<std::int32_t>(hi16(stream.draw(j)))) + 1.0 - 65'536.0;
  }
  smooth_rows(field.kernel, shape, values, sums);
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] = static_cast<double>(without_kernel_bits(sums[j]));
  }
  const std::span all_values(values);
  const std::span all_sums(sums);
  smooth_columns(field.kernel, shape, all_values.first(pixels), all_sums.first(pixels));
  smooth_columns(field.kernel, shape, all_values.last(pixels), all_sums.last(pixels));
  const BorderedImage image(in, shape);
  std::size_t i = 0;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    for (std::int64_t c = 0; c < shape.columns; ++c, ++i) {
      const std::int64_t y = (r << kElasticBits) + without_kernel_bits(sums[i]) * field.gain;
      const std::int64_t x =
          (c << kElasticBits) + without_kernel_bits(sums[pixels + i]) * field.gain;
      out[i] = image.at<kElasticBits>(y, x);
    }
  }
}

TransformKind elastic_kind() {
  return transform_kind<Elastic>(
      "elastic", "Distorts the image by smooth random displacements.",
      {required_key("alpha", NumberRange{.minimum = 0.0, .maximum = 100.0}, &Elastic::alpha,
                    "Factor of the displacements, in pixels."),
       optional_key("sigma", NumberRange{.minimum = 0.1, .maximum = 10.0}, &Elastic::sigma,
                    "Standard deviation of their smoothing, in pixels."),
       seed_key(&Elastic::seed)},
      severities({8.0, 16.0, 24.0, 34.0}, {4.0, std::int64_t{0}}), prepare_elastic);
}

}  // namespace mnist_bench
