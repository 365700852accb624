// What scikit-learn, SciPy and statsmodels computed: files made by the scripts next to them.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace mnist_bench {

inline constexpr double kTolerance = 1e-12;

inline nlohmann::json oracle(const std::string& file) {
  return nlohmann::json::parse(std::ifstream(MNIST_BENCH_SOURCE "/tests/evaluate/" + file));
}

}  // namespace mnist_bench
