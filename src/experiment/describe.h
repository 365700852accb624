#pragma once

#include <cstdint>
#include <string>

#include "config/experiment.h"
#include "data/dataset.h"
#include "record/result.h"

namespace mnist_bench {

struct RunOptions;

/// The data of a run for its record.
DataSummary describe_data(const Dataset& dataset, const DataConfig& config);

/// The provenance of a run that begins now on `device` ("cpu", "cuda:0"), without `simd`, which its
/// learner knows.
Provenance describe_provenance(const std::string& device, std::int64_t threads,
                               const RunOptions& options);

}  // namespace mnist_bench
