#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace mnist_bench {

/// A sample's size, mean and standard deviation (n − 1, two-pass). No mean without values, no
/// deviation below two.
struct Spread {
  std::int64_t n = 0;
  std::optional<double> mean;
  std::optional<double> sd;
};

Spread spread_of(const std::vector<double>& values);

}  // namespace mnist_bench
