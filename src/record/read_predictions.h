#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "record/result.h"

namespace mnist_bench {

/// Reads `predictions.csv` of a run folder, as strictly as it was written: its header, at least one
/// line, four or six plain numbers each, no index twice, probabilities 0 … 1. Throws Error(io)
/// naming file, line and what was expected.
std::vector<Prediction> read_predictions(const std::filesystem::path& folder);

/// The same for the run of `result`. Also throws Error(io) if the file's hash or counts differ from
/// the record's, unless the run has not ended: its file may then be older or newer than the record.
std::vector<Prediction> read_predictions(const std::filesystem::path& folder,
                                         const RunResult& result);

/// The same for text in memory; `origin` is what messages call it.
std::vector<Prediction> parse_predictions(std::string_view text, std::string_view origin);

/// Whether predictions.csv tells the same as the record's confusion matrix. Throws Error(io) naming
/// the first cell that differs.
void check_predictions(const TestRecord& test, const std::vector<Prediction>& predictions);

}  // namespace mnist_bench
