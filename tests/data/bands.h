#pragma once

#include "data/dataset.h"

namespace mnist_bench {

/// Images of which a network can learn the class: class k is bright in every classes-th row from k
/// on. A third of the pixels is background.
inline ImageSet bands(std::int64_t count, ImageShape shape = {}, std::int64_t classes = 10) {
  ImageSet set{
      .rows = shape.rows, .columns = shape.columns, .pixels = {}, .labels = {}, .sha256 = {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = i * 7 % classes;
    set.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t p = 0; p < shape.rows * shape.columns; ++p) {
      const bool bright = p / shape.columns % classes == label;
      const std::int64_t dim = p % 3 == 0 ? 0 : i * p % 60;
      set.pixels.push_back(static_cast<std::uint8_t>(bright ? 200 + (i + p) % 50 : dim));
    }
  }
  return set;
}

}  // namespace mnist_bench
