#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "record/read_result.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// `model.safetensors` in a run's folder, its values checked against its own header. `values`: how
/// many numbers there should be, if that is known. Throws Error(io), without the file's name.
Safetensors read_sound_model(const std::filesystem::path& folder,
                             std::optional<std::uint64_t> values);

/// Throws Error(io) unless the model is that of the record, which is of a completed run.
void require_model_of(const RunResult& result, const Safetensors& model);

/// Throws Error(io), naming its folder and what to do, unless the run is completed.
void require_completed_run(const StoredRun& run);

/// The parameters, then the buffers, of a completed run. Throws Error(io), naming the folder of one
/// that is not, or the file where it cannot be read or is not that of the record; Error(usage) for
/// a run of what is no network.
std::vector<NamedTensor> read_trained_model(const StoredRun& run);

}  // namespace mnist_bench
