#include "record/contradiction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace mnist_bench {

void refuse(const std::string& why) { throw Error(ExitCode::io, why); }

void contradict(const std::string& member, const std::string& said, const std::string& rest) {
  throw Error(ExitCode::io, fmt::format("{} is {}, but {}", member, said, rest));
}

bool nearly(double a, double b, double tolerance) {
  if (!std::isfinite(a) || !std::isfinite(b)) return std::isfinite(a) == std::isfinite(b);
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

MacroMetrics macro_over_all_classes(const ClassificationMetrics& metrics) {
  MacroMetrics macro;
  const auto classes = static_cast<double>(std::max<std::size_t>(metrics.per_class.size(), 1));
  for (const ClassMetrics& each : metrics.per_class) {
    macro.precision += each.precision / classes;
    macro.recall += each.recall / classes;
    macro.f1 += each.f1 / classes;
  }
  return macro;
}

}  // namespace mnist_bench
