#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "record/checkpoint.h"
#include "record/result.h"

namespace mnist_bench {

/// Completed or diverged: training again would only end in the same way.
bool is_final(RunStatus status);

/// What an unfinished run of `config` becomes when it continues in the other engine.
ExperimentConfig with_engine(ExperimentConfig config, Engine engine);

/// Whether a run of `config` may continue from `checkpoint`: in either engine.
bool is_of(const Checkpoint& checkpoint, const ExperimentConfig& config);

/// The files of a run folder. Each throws Error saying what is wrong with it; the message names the
/// file only if it cannot be read, or is `config.json`.
ExperimentConfig read_config(const std::filesystem::path& folder);
/// The values of these two are not read before their header is sound, and has `values` numbers,
/// where that is given.
Checkpoint read_checkpoint(const std::filesystem::path& folder,
                           std::optional<std::uint64_t> values = std::nullopt);
Safetensors read_model(const std::filesystem::path& folder,
                       std::optional<std::uint64_t> values = std::nullopt);
std::vector<EpochRecord> read_epochs(const std::filesystem::path& folder);

}  // namespace mnist_bench
