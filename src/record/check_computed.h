#pragma once

#include <nlohmann/json_fwd.hpp>

#include "record/json_value.h"
#include "record/result.h"

namespace mnist_bench {

/// Throws Error(io) for a member of `record` that is computed from others (metrics, their
/// intervals, macro averages, means, hashes) and differs from what they give, and for one in a
/// record of the `first` schema that only the second has. Part of check_result.
void check_computed(RunResult& result, const JsonValue& record, bool first);

/// Throws Error(io) for the first member of `computed` that differs in `said`, or that it lacks.
/// Members that `computed` lacks are not looked at.
void require_same(const nlohmann::json& said, const nlohmann::ordered_json& computed);

}  // namespace mnist_bench
