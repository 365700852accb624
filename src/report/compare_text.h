#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "report/comparison.h"

namespace mnist_bench {

inline constexpr std::string_view kCompareSchema = "mnist-bench.compare/1";

/// The level at which the verdicts speak of a difference.
inline constexpr double kLevel = 0.05;

/// What the numbers show and what they do not, in a few sentences.
std::string verdict(const RunComparison& comparison);
std::string verdict(const GroupComparison& comparison);

/// For people: who is A and B, the paired table, the difference with its interval, the test, the
/// verdict.
std::string compare_text(const RunComparison& comparison);
std::string compare_text(const GroupComparison& comparison);

/// Schema mnist-bench.compare/1; differences are B − A, in the record's units.
nlohmann::ordered_json compare_json(const RunComparison& comparison);
nlohmann::ordered_json compare_json(const GroupComparison& comparison);

}  // namespace mnist_bench
