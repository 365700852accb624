#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/experiment.h"

namespace mnist_bench {

/// The resolved config: every key that applies, defaults included. Reading it gives `config` again.
nlohmann::ordered_json to_json(const ExperimentConfig& config);

/// The part of the resolved config that says what the experiment is: without the seed and
/// kRunOnlyKeys.
nlohmann::ordered_json experiment_json(const ExperimentConfig& config);

/// SHA-256 (hex) of experiment_json as compact JSON with sorted keys.
std::string config_hash(const ExperimentConfig& config);

/// `config.output` with {name} and {seed} filled in.
std::filesystem::path output_folder(const ExperimentConfig& config);

}  // namespace mnist_bench
