#pragma once

#include <filesystem>
#include <string>

#include "evaluate/metrics.h"

namespace mnist_bench {

/// All probabilities of a run or an evaluation as numpy.save writes them: float32 [images,
/// classes].
std::string probabilities_bytes(const Predictions& predictions);

/// Where those of the evaluation in `file` are.
std::filesystem::path probabilities_file(std::filesystem::path file);

/// Throws Error(io) unless `file` is there and has this SHA-256.
void require_probabilities(const std::filesystem::path& file, const std::string& sha256);

}  // namespace mnist_bench
