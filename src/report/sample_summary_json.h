#pragma once

#include <nlohmann/json_fwd.hpp>

#include "evaluate/statistics.h"

namespace mnist_bench {

/// n, mean, sd, ci95, min, max, in the record's units; null for what the sample is too small for;
/// and "deterministic": true, where it is.
nlohmann::ordered_json to_json(const SampleSummary& summary);

}  // namespace mnist_bench
