// Transforms of images that are written out, and MNIST's test images.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string_view>
#include <vector>

#include "data/idx.h"
#include "transform/apply.h"

namespace mnist_bench::test {

/// Row by row.
using Image = std::vector<std::vector<int>>;

/// `pixels` with the index that the image has in its file.
inline Image transformed_image(const TransformChain& chain, const Image& image,
                               std::int64_t index = 0) {
  const ImageShape shape{.rows = std::ssize(image), .columns = std::ssize(image.at(0))};
  std::vector<std::uint8_t> pixels;
  for (const std::vector<int>& row : image) pixels.insert(pixels.end(), row.begin(), row.end());
  const std::vector<std::int64_t> indices = {index};
  const TransformedImages result = transformed(chain, shape, pixels, indices);
  Image rows;
  for (auto at = result.pixels.begin(); at != result.pixels.end(); at += result.shape.columns) {
    rows.emplace_back(at, at + result.shape.columns);
  }
  return rows;
}

inline Image transformed_image(std::string_view spec, const Image& image, std::int64_t index = 0) {
  return transformed_image(parse_spec(spec, "test"), image, index);
}

inline Image constant(std::size_t rows, std::size_t columns, int value) {
  return Image(rows, std::vector<int>(columns, value));
}

/// [[1, 2, 3], [4, 5, 6], [7, 8, 9]] times `factor`.
inline Image nine(int factor = 1) {
  Image image = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  for (std::vector<int>& row : image) {
    for (int& value : row) value *= factor;
  }
  return image;
}

/// 0, 16, … 240 in four rows.
inline Image sixteen() {
  return {{0, 16, 32, 48}, {64, 80, 96, 112}, {128, 144, 160, 176}, {192, 208, 224, 240}};
}

/// [10,000, 28, 28]
inline const std::vector<std::uint8_t>& mnist_test_pixels() {
  static const std::vector<std::uint8_t> pixels = [] {
    const std::filesystem::path folder = MNIST_BENCH_SOURCE "/third_party/mnist";
    return read_idx_images(folder / "t10k-images-idx3-ubyte.gz",
                           read_idx_labels(folder / "t10k-labels-idx1-ubyte.gz"))
        .values;
  }();
  return pixels;
}

/// 0, 1, …, count − 1: the indices of a whole file.
inline std::vector<std::int64_t> first_indices(std::size_t count) {
  std::vector<std::int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

/// All of MNIST's test images after a chain.
inline std::vector<std::uint8_t> transformed_mnist(std::string_view spec) {
  return transformed(parse_spec(spec, "test"), {}, mnist_test_pixels(), first_indices(10'000))
      .pixels;
}

}  // namespace mnist_bench::test
