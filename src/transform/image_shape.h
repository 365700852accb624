#pragma once

#include <cstdint>

namespace mnist_bench {

/// Greyscale images of rows × columns pixels.
struct ImageShape {
  std::int64_t rows = 28;
  std::int64_t columns = 28;

  [[nodiscard]] std::size_t pixels() const { return static_cast<std::size_t>(rows * columns); }
  bool operator==(const ImageShape&) const = default;
};

}  // namespace mnist_bench
