#pragma once

#include <string>
#include <vector>

namespace mnist_bench::kernels {

/// The SIMD instructions that the kernels can use on this machine, best first: "AVX-512", "AVX2",
/// "NEON", …; "none" is plain code.
std::vector<std::string> simd_targets();

/// The ones that they use, as a kernel says that is called: the first of `simd_targets()`.
std::string simd_target();

/// Leaves out all that are better than `name` (one of `simd_targets()`, in any case), from now on.
/// Throws Error(usage) for any other name. To be called before the kernels work.
void restrict_simd(const std::string& name);

}  // namespace mnist_bench::kernels
