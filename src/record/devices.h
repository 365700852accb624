#pragma once

#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "record/result.h"

namespace mnist_bench {

/// As epochs name it: "cpu", or the name of the GPU.
std::string device_of(const Provenance& provenance);

/// Where a run computed, each device once: those of its epochs in their order, then the last one.
/// Empty where the record does not say.
std::vector<std::string> devices_of(const RunResult& result);

/// Training seconds of the epochs; of a part of one, what a whole one takes at its pace. Of none
/// where they ran on several devices, whose mean would be that of neither.
SampleSummary seconds_per_epoch(const RunResult& result);

}  // namespace mnist_bench
