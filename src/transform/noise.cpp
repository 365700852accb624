#include "transform/noise.h"

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <memory>

#include "transform/families.h"
#include "transform/rounding.h"

namespace mnist_bench {
namespace {

constexpr double kTwoTo32 = 4294967296.0;

struct GaussianNoise {
  double sigma = 0.0;
  std::int64_t seed = 0;
};

PreparedTransform prepare_gaussian_noise(const GaussianNoise& noise, ImageShape shape) {
  const auto apply = [table = gaussian_noise_table(noise.sigma), seed = noise.seed](
                         std::int64_t index, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    add_noise(table, image_stream(seed, "transform/gaussian_noise", index), in, out);
  };
  return {.output = shape, .apply = apply};
}

struct SaltPepper {
  double p = 0.0;
  std::int64_t seed = 0;
};

PreparedTransform prepare_salt_pepper(const SaltPepper& noise, ImageShape shape) {
  const auto limit = static_cast<std::uint64_t>(round_half_up(noise.p * kTwoTo32));
  const auto apply = [limit, seed = noise.seed](std::int64_t index,
                                                std::span<const std::uint8_t> in,
                                                std::span<std::uint8_t> out) {
    const ImageStream stream = image_stream(seed, "transform/salt_pepper", index);
    for (std::size_t j = 0; j < in.size(); ++j) {
      const std::uint64_t draw = stream.draw(j);
      const std::uint8_t extreme = (draw & 1U) != 0 ? 255 : 0;
      out[j] = hi32(draw) < limit ? extreme : in[j];
    }
  };
  return {.output = shape, .apply = apply};
}

struct ShotNoise {
  double peak = 0.0;
  std::int64_t seed = 0;
};

/// How many photons a draw counts at each grey value, and the grey value of each count.
class PhotonCounts {
 public:
  explicit PhotonCounts(double peak) {
    std::size_t most = 0;
    for (std::size_t grey = 1; grey < thresholds_.size(); ++grey) {
      thresholds_[grey] = poisson_thresholds(peak * static_cast<double>(grey) / 255.0);
      most = std::max(most, thresholds_[grey].size());
    }
    for (std::size_t count = 0; count <= most; ++count) {
      const double grey = 255.0 * static_cast<double>(count) / peak + 0.5;
      greys_.push_back(static_cast<std::uint8_t>(std::min(255.0, grey)));
    }
  }

  [[nodiscard]] std::uint8_t grey_after(std::uint8_t grey, std::uint64_t draw) const {
    const std::vector<std::uint32_t>& thresholds = thresholds_[grey];
    const auto above = std::upper_bound(thresholds.begin(), thresholds.end(), hi32(draw));
    return greys_[static_cast<std::size_t>(above - thresholds.begin())];
  }

 private:
  /// ⌊F(m)·2³² + ½⌋ of the Poisson distribution with mean `lambda`, m = 0, 1, …, below 2³².
  static std::vector<std::uint32_t> poisson_thresholds(double lambda) {
    std::vector<std::uint32_t> thresholds;
    double term = std::exp(-lambda);
    double sum = term;
    for (double k = 1.0;; k += 1.0) {
      const std::int64_t threshold = round_half_up(sum * kTwoTo32);
      if (threshold >> 32U != 0) return thresholds;
      thresholds.push_back(static_cast<std::uint32_t>(threshold));
      term = term * lambda / k;
      sum += term;
    }
  }

  std::array<std::vector<std::uint32_t>, 256> thresholds_;
  std::vector<std::uint8_t> greys_;
};

PreparedTransform prepare_shot_noise(const ShotNoise& noise, ImageShape shape) {
  const auto apply = [counts = std::make_shared<const PhotonCounts>(noise.peak), seed = noise.seed](
                         std::int64_t index, std::span<const std::uint8_t> in,
                         std::span<std::uint8_t> out) {
    const ImageStream stream = image_stream(seed, "transform/shot_noise", index);
    for (std::size_t j = 0; j < in.size(); ++j) {
      out[j] = in[j] == 0 ? std::uint8_t{0} : counts->grey_after(in[j], stream.draw(j));
    }
  };
  return {.output = shape, .apply = apply};
}

}  // namespace

std::vector<std::int16_t> gaussian_noise_table(double sigma) {
  using boost::math::policies::policy;
  using boost::math::policies::promote_double;
  const boost::math::normal_distribution<double, policy<promote_double<false>>> standard_normal;
  std::vector<std::int16_t> table(65'536);
  for (std::size_t k = 0; k < table.size(); ++k) {
    const double quantile =
        boost::math::quantile(standard_normal, (static_cast<double>(k) + 0.5) / 65'536.0);
    table[k] = static_cast<std::int16_t>(round_half_up(255.0 * sigma * quantile));
  }
  return table;
}

void add_noise(const std::vector<std::int16_t>& table, const ImageStream& stream,
               std::span<const std::uint8_t> in, std::span<std::uint8_t> out) {
  for (std::size_t j = 0; j < in.size(); ++j) {
    out[j] = static_cast<std::uint8_t>(std::clamp(in[j] + table[hi16(stream.draw(j))], 0, 255));
  }
}

TransformKind gaussian_noise_kind() {
  return transform_kind<GaussianNoise>(
      "gaussian_noise", "Adds normally distributed noise to every pixel.",
      {required_key("sigma", NumberRange{.minimum = 0.0, .maximum = 2.0}, &GaussianNoise::sigma,
                    "Standard deviation, as a part of the range from 0 to 255."),
       seed_key(&GaussianNoise::seed)},
      severities({0.1, 0.2, 0.3, 0.4, 0.5}, {std::int64_t{0}}), prepare_gaussian_noise);
}

TransformKind salt_pepper_kind() {
  return transform_kind<SaltPepper>(
      "salt_pepper", "Makes some pixels 0 or 255.",
      {required_key("p", NumberRange{.minimum = 0.0, .maximum = 1.0}, &SaltPepper::p,
                    "Probability that a pixel is replaced, by 0 and by 255 equally often."),
       seed_key(&SaltPepper::seed)},
      severities({0.05, 0.1, 0.2, 0.3}, {std::int64_t{0}}), prepare_salt_pepper);
}

TransformKind shot_noise_kind() {
  return transform_kind<ShotNoise>(
      "shot_noise", "Counts photons: each pixel becomes Poisson distributed about its value.",
      // Beyond 700 exp(−peak) comes near the least double.
      {required_key("peak", NumberRange{.minimum = 0.0, .open = true, .maximum = 700.0},
                    &ShotNoise::peak, "Photons that a pixel of 255 counts on average."),
       seed_key(&ShotNoise::seed)},
      severities({60.0, 25.0, 12.0, 5.0, 3.0}, {std::int64_t{0}}), prepare_shot_noise,
      /*unchanged_at=*/{});  // it would take infinitely many photons
}

}  // namespace mnist_bench
