#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "classical/keep_going.h"

namespace mnist_bench::classical {

/// Images of `width` bytes, one after the other. A view.
struct ByteImages {
  std::span<const std::uint8_t> bytes;
  std::size_t width = 0;

  [[nodiscard]] std::size_t size() const { return bytes.size() / width; }
};

/// Receives the squared Euclidean distances of image `query` to rows first, first + 1, …
using VisitDistances = std::function<void(std::size_t query, std::size_t first,
                                          std::span<const std::uint32_t> distances)>;

/// Computes the distances between each query and each row, exactly, and hands them to `visit`: for
/// a query by one thread and in the order of the rows. The width is at most
/// kernels::kMostDistanceBytes. False where `keep_going` ended it.
bool for_each_distance(const ByteImages& queries, const ByteImages& rows, std::size_t threads,
                       const VisitDistances& visit, const KeepGoing& keep_going);

}  // namespace mnist_bench::classical
