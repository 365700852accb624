#pragma once

#include <string>
#include <vector>

namespace mnist_bench::kernels {

/// The SIMD instructions that the kernels can use on this machine, best first: "AVX-512", "AVX2",
/// "NEON", …; "none" is plain code.
std::vector<std::string> simd_targets();

/// Those that they use, as reported by a kernel: the first of `simd_targets()`.
std::string simd_target();

/// Disables all that are better than `name` (one of `simd_targets()`, in upper or lower case).
/// Throws Error(usage) for any other name. Call it before any kernel.
void restrict_simd(const std::string& name);

}  // namespace mnist_bench::kernels
