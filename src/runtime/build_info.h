#pragma once

#include <optional>
#include <string>

namespace mnist_bench {

/// What this executable was built from and with.
struct BuildInfo {
  std::string version;
  std::optional<std::string> git_revision;  ///< absent outside a git checkout
  std::optional<bool> git_dirty;
  std::string build_type;
  std::string compiler;
  std::string libtorch;
};

BuildInfo build_info();

/// The instruction set that LibTorch's kernels use here: "DEFAULT", "AVX2", "AVX512" and so on.
std::string simd_capability();

}  // namespace mnist_bench
