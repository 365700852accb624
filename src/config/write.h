#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "config/experiment.h"

namespace mnist_bench {

/// The resolved config: every key that applies, defaults included. Reading it gives `config` again.
nlohmann::ordered_json to_json(const ExperimentConfig& config);

/// The keys that say how an experiment is run, not what it is.
inline constexpr std::array<std::string_view, 4> kOutsideTheExperiment = {"seed", "output",
                                                                          "threads", "device"};

/// SHA-256 (hex) of what defines the experiment: the resolved config without
/// kOutsideTheExperiment, as compact JSON with sorted keys.
std::string config_hash(const ExperimentConfig& config);

/// `config.output` with {name} and {seed} filled in.
std::filesystem::path output_folder(const ExperimentConfig& config);

}  // namespace mnist_bench
