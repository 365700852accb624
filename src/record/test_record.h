#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/metrics.h"
#include "record/result.h"

namespace mnist_bench {

/// What the predictions for a set with these labels come to. labels: [n], 0 … classes − 1.
TestRecord test_record(const Predictions& predictions, const std::vector<std::uint8_t>& labels,
                       std::int64_t classes);

}  // namespace mnist_bench
