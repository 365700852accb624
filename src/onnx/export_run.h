#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/read_result.h"

namespace mnist_bench {

/// What every exported file has, so that it suits libonnx 1.12 and newer.
inline constexpr std::int64_t kOnnxOpset = 17;
inline constexpr std::int64_t kOnnxIrVersion = 8;

struct OnnxFile {
  std::string bytes;
  std::vector<std::int64_t> input;   ///< of one image: [1, rows, columns]
  std::vector<std::int64_t> output;  ///< [classes]
};

/// The network of a completed run as an ONNX model (see onnx_graph), checked by libonnx, with the
/// run's identity as metadata. The same run gives the same bytes. `version`: of this program.
/// Throws Error(io) like read_trained_model, and Error(usage) for a network beyond the 2 GiB of a
/// file.
OnnxFile export_run(const StoredRun& run, const std::string& version);

}  // namespace mnist_bench
