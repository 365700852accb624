#pragma once

#include <string>

#include "evaluate/metrics.h"

namespace mnist_bench {

/// Throws Error(io) with `why`, which is to follow the name of a file.
[[noreturn]] void refuse(const std::string& why);

/// Throws Error(io): "<member> is <said>, but <rest>".
[[noreturn]] void contradict(const std::string& member, const std::string& said,
                             const std::string& rest);

/// Far more than the rounding of a sum of 100,000 epochs, far less than anything that is shown.
inline constexpr double kRounding = 1e-9;

/// Whether two numbers differ by less than `tolerance`, relative to the larger one where that is
/// beyond 1; numbers that are not finite are all the same.
bool nearly(double a, double b, double tolerance = kRounding);

/// As 0.1.0 had them: a class that occurs neither in truth nor in predictions counts as 0.
MacroMetrics macro_over_all_classes(const ClassificationMetrics& metrics);

}  // namespace mnist_bench
