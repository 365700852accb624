#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "transform/image_shape.h"
#include "transform/random_draws.h"

namespace mnist_bench {

/// Random displacements, smoothed (Simard, Steinkraus, Platt 2003).
struct ElasticField {
  /// `gaussian_kernel` of sigma, which smooths them.
  std::vector<double> kernel;
  /// Factor of the displacements, in sixteenths.
  std::int64_t gain;
};

/// `alpha`: factor of the displacements; `sigma`: standard deviation of their smoothing; in pixels.
ElasticField elastic_field(double alpha, double sigma);

/// Reads each pixel of `out` where the displacements drawn from `stream` lead.
void apply_elastic(const ElasticField& field, const ImageStream& stream, ImageShape shape,
                   std::span<const std::uint8_t> in, std::span<std::uint8_t> out);

}  // namespace mnist_bench
