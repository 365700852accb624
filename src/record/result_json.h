#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "record/result.h"

namespace mnist_bench {

inline constexpr std::string_view kResultSchema = "mnist-bench.result/1";

std::string_view to_string(RunStatus status);

/// `result.json`. What is absent or not finite is null.
nlohmann::ordered_json to_json(const RunResult& result);
nlohmann::ordered_json to_json(const EpochRecord& epoch);
nlohmann::ordered_json to_json(const ModelSummary& model);

/// `predictions.csv`: index,true,predicted,probability.
std::string predictions_csv(const std::vector<Prediction>& predictions);

}  // namespace mnist_bench
