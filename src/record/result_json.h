#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "record/result.h"

namespace mnist_bench {

inline constexpr std::string_view kResultSchema = "mnist-bench.result/2";
/// The schema of 0.1.0: without `sha256`, and with macro averages over all classes.
inline constexpr std::string_view kFirstResultSchema = "mnist-bench.result/1";

/// `result.json` without its last member. What is absent or not finite is null.
nlohmann::ordered_json to_json(const RunResult& result);
/// The same with an empty list of epochs.
nlohmann::ordered_json to_json_without_epochs(const RunResult& result);
/// The text of `result.json`: its last member, `sha256`, is the SHA-256 of the whole with these 64
/// digits as zeros.
std::string result_text(const RunResult& result);
nlohmann::ordered_json to_json(const EpochRecord& epoch);
nlohmann::ordered_json to_json(const LayerSummary& layer);
nlohmann::ordered_json to_json(const ModelSummary& model);
nlohmann::ordered_json to_json(const Provenance& provenance);

/// The columns of predictions.csv, and those that 0.1.0 wrote.
inline constexpr std::string_view kPredictionColumns =
    "index,true,predicted,probability,second,second_probability";
inline constexpr std::string_view kFirstPredictionColumns = "index,true,predicted,probability";

/// `predictions.csv`, with kFirstPredictionColumns where no second class is known.
std::string predictions_csv(const std::vector<Prediction>& predictions);

}  // namespace mnist_bench
