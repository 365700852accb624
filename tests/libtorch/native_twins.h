// What the tests of the native engine against LibTorch share.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "data/dataset.h"
#include "kernels/activation.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// What normalization "dataset" is to take for the training images'.
inline constexpr PixelStatistics kTraining{.mean = 0.2, .sd = 0.35};

/// Of the one step that is compared.
inline constexpr std::uint64_t kDropoutSeed = 17;
inline constexpr std::int64_t kStep = 4;

inline const Dataset& mnist() {
  static const Dataset dataset = load_dataset(shipped_mnist());
  return dataset;
}

/// The factors that the native engine's dropout multiplies [rows, units] by.
inline torch::Tensor dropout_factors(const kernels::Dropout& dropout, std::int64_t rows,
                                     std::int64_t units) {
  const std::size_t stride = kernels::round_up(static_cast<std::size_t>(units), kernels::kLine);
  torch::Tensor factors = torch::ones({rows, static_cast<std::int64_t>(stride)});
  kernels::drop(dropout, {factors.mutable_data_ptr<float>(), stride},
                {0, static_cast<std::size_t>(rows)}, {0, stride});
  return factors.narrow(1, 0, units);
}

/// ‖a − b‖ / ‖b‖ of the values of a tensor against a float64 one.
inline double relative_error(const NamedTensor& ours, const torch::Tensor& reference) {
  const torch::Tensor a =
      torch::tensor(ours.values, torch::kFloat32).to(torch::kFloat64).reshape(reference.sizes());
  return ((a - reference).norm() / reference.norm()).item<double>();
}

/// Random images without background, of `classes` classes.
inline ImageSet noise(std::int64_t count, ImageShape shape, std::int64_t classes) {
  ImageSet set{
      .rows = shape.rows, .columns = shape.columns, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::int64_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % classes));
    for (std::int64_t p = 0; p < shape.rows * shape.columns; ++p) {
      set.pixels.push_back(
          static_cast<std::uint8_t>(split_mix(static_cast<std::uint64_t>(i * 10'000 + p))));
    }
  }
  return set;
}

/// `size` images of 0 … images − 1, always the same ones.
inline std::vector<std::int64_t> batch_of(std::int64_t size, std::int64_t images) {
  std::vector<std::int64_t> batch = permutation(images, 3);
  batch.resize(static_cast<std::size_t>(size));
  return batch;
}

}  // namespace mnist_bench
