#include "native/network.h"

#include <algorithm>

namespace mnist_bench::native {

BatchStatistics statistics_of(std::span<const std::uint8_t> labels, std::span<const float> losses,
                              std::span<const std::uint8_t> predicted) {
  BatchStatistics statistics;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    statistics.loss_sum += static_cast<double>(losses[i]);
    statistics.correct += predicted[i] == labels[i] ? 1 : 0;
  }
  return statistics;
}

std::vector<float> Network::logits(const Images& set, std::int64_t first, std::int64_t size) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(size) * classes_);
  for (std::int64_t done = 0; done < size;) {
    const std::int64_t count = std::min(static_cast<std::int64_t>(capacity_), size - done);
    const kernels::ConstMatrix rows = evaluate(set, first + done, count);
    for (std::int64_t i = 0; i < count; ++i) {
      const float* row = rows.row(static_cast<std::size_t>(i));
      result.insert(result.end(), row, row + classes_);
    }
    done += count;
  }
  return result;
}

}  // namespace mnist_bench::native
