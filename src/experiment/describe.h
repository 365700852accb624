#pragma once

#include <cstdint>
#include <string>

#include "config/experiment.h"
#include "data/dataset.h"
#include "record/result.h"

namespace mnist_bench {

/// The data of a run for its record.
DataSummary describe_data(const Dataset& dataset, const ExperimentConfig& config);

/// The provenance of what `command` begins to compute now on `device` ("cpu", "cuda:0"), without
/// `simd`, which what computes knows. `jobs`: runs side by side on this machine.
Provenance describe_provenance(const std::string& device, std::int64_t threads,
                               const std::string& command, std::int64_t jobs = 1);

}  // namespace mnist_bench
