#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "report/compare/comparison.h"

namespace mnist_bench {

inline constexpr std::string_view kCompareSchema = "mnist-bench.compare/1";

/// What the numbers show and what they do not, in a few sentences.
std::string conclusion_text(const RunComparison& comparison);
std::string conclusion_text(const GroupComparison& comparison);
std::string conclusion_text(const FamilyComparison& family);

/// "Equivalent within ± 0.10 points: …", or "Not shown to be equivalent within …" and why; it never
/// speaks of a difference shown.
/// `images`: of the test set.
std::string equivalence_conclusion(const EquivalenceTest& test, std::int64_t images);

/// "A is not worse than B by more than 0.10 points: …", or "A may be worse …" and why. `images`: of
/// the test set.
std::string not_worse_conclusion(const NonInferiorityTest& test, std::int64_t images);

/// A margin, given as a share, in percentage points: "± 0.10 points".
std::string margin_text(double margin);
/// The same of one side: "0.10 points".
std::string points_text(double margin);

/// "-0.02 to +0.04": the 90 % interval in percentage points, to the digits that its width supports,
/// no finer than one image. It has more digits where an end would otherwise round to the margin.
/// "–" where there is no interval.
std::string equivalence_interval(const EquivalenceTest& test, std::int64_t images);
/// "+0.04": the upper bound of B − A, with the same digits.
std::string not_worse_bound(const NonInferiorityTest& test, std::int64_t images);

/// For people: who is A and B, the paired table, the difference with its interval, the test, the
/// conclusion.
std::string compare_text(const RunComparison& comparison);
std::string compare_text(const GroupComparison& comparison);
/// The groups with their accuracies, and a row for each pair.
std::string compare_text(const FamilyComparison& family);

/// Schema mnist-bench.compare/1; differences are B − A, in the record's units.
nlohmann::ordered_json compare_json(const RunComparison& comparison);
nlohmann::ordered_json compare_json(const GroupComparison& comparison);
nlohmann::ordered_json compare_json(const FamilyComparison& family);

}  // namespace mnist_bench
