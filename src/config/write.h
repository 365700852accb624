#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/experiment.h"

namespace mnist_bench {

/// The resolved config: every key that applies, defaults included. Reading it gives `config` again.
nlohmann::ordered_json to_json(const ExperimentConfig& config);

/// SHA-256 (hex) of what defines the experiment: the resolved config without seed, output, threads
/// and device, as compact JSON with sorted keys.
std::string config_hash(const ExperimentConfig& config);

/// `config.output` with {name} and {seed} filled in.
std::filesystem::path output_folder(const ExperimentConfig& config);

}  // namespace mnist_bench
