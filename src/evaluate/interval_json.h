#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "evaluate/metrics.h"

namespace mnist_bench {

/// [low, high]; null where there is none.
inline nlohmann::ordered_json interval_json(const std::optional<Interval>& interval) {
  return interval ? nlohmann::ordered_json::array({interval->low, interval->high})
                  : nlohmann::ordered_json(nullptr);
}

}  // namespace mnist_bench
