#pragma once

#include <cstdint>
#include <optional>

#include "experiment/observer.h"
#include "record/read_result.h"
#include "report/inspection.h"

namespace mnist_bench {

/// What the network of a completed run makes of image `image` of its test file, or of the one that
/// choose_image takes, computed by LibTorch on the CPU. Throws Error(io) for a run whose model or
/// predictions are not those of its record, Error(data) for other data than the run's, and
/// Error(usage) for an image that there is not.
Inspection inspect_run(const StoredRun& run, std::optional<std::int64_t> image, Observer& observer);

}  // namespace mnist_bench
