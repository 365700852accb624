#include "native/network.h"

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

}  // namespace mnist_bench::native
