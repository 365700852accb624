#include "transform/families.h"
#include "transform/smoothing.h"

namespace mnist_bench {
namespace {

struct Blur {
  double sigma = 0.0;
};

PreparedTransform prepare_blur(const Blur& blur, ImageShape shape) {
  const auto apply = [kernel = gaussian_kernel(blur.sigma), shape](std::int64_t /*index*/,
                                                                   std::span<const std::uint8_t> in,
                                                                   std::span<std::uint8_t> out) {
    std::vector<double> sums(in.begin(), in.end());
    std::vector<double> row_sums(in.size());
    smooth_rows(kernel, shape, sums, row_sums);
    smooth_columns(kernel, shape, row_sums, sums);
    // Both kernels sum to 2¹⁶.
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(
          (static_cast<std::int64_t>(sums[i]) + (std::int64_t{1} << 31U)) >> 32U);
    }
  };
  return {.output = shape, .apply = apply};
}

}  // namespace

TransformKind blur_kind() {
  return transform_kind<Blur>("blur", "Blurs the image by a Gaussian.",
                              {required_key("sigma", NumberRange{.minimum = 0.1, .maximum = 10.0},
                                            &Blur::sigma, "Standard deviation, in pixels.")},
                              severities({0.5, 1.0, 1.5, 2.0}), prepare_blur);
}

}  // namespace mnist_bench
