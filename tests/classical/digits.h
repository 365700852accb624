#pragma once

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "data/fixtures.h"
#include "evaluate/metrics.h"

namespace mnist_bench::test {

/// The first images of a split.
inline ImageSet first_of(const ImageSet& set, std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return select(set, indices);
}

inline std::int64_t right_of(const Predictions& predictions, const ImageSet& images) {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < images.labels.size(); ++i) {
    right += predictions.classes[i] == images.labels[i] ? 1 : 0;
  }
  return right;
}

/// What scikit-learn and NumPy computed; see make_oracle.py.
inline nlohmann::json classical_oracle() {
  return nlohmann::json::parse(std::ifstream(MNIST_BENCH_SOURCE "/tests/classical/oracle.json"));
}

inline bool always(double /*done*/) { return true; }

}  // namespace mnist_bench::test
