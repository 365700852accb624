#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/matrix.h"

namespace mnist_bench::kernels {

/// Squared distances between rows of at most this many bytes are below 2³¹: 33,025 · 255².
inline constexpr std::size_t kMostDistanceBytes = 33'025;

/// Rows of bytes as integers of 16 bits, each row padded with zeros to whole cache lines.
struct WideRows {
  std::size_t stride = 0;  ///< integers from one row to the next
  AlignedVector<std::int16_t> values = {};
  std::vector<std::uint32_t> squares = {};  ///< of each row, their sum

  [[nodiscard]] std::size_t size() const { return squares.size(); }
  [[nodiscard]] const std::int16_t* row(std::size_t index) const {
    return values.data() + index * stride;
  }
};

/// bytes: [count][width], width ≤ kMostDistanceBytes. Reuses the memory of `wide`.
void widen(const std::uint8_t* bytes, std::size_t count, std::size_t width, WideRows& wide);

/// distances: [queries][rows], distances[q][r] = Σ_i (queries[q][i] − rows[r][i])², exactly. Both
/// have the same width.
void squared_distances(const WideRows& queries, const WideRows& rows, std::uint32_t* distances);

}  // namespace mnist_bench::kernels
