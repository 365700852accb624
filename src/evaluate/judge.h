#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/paired_tests.h"
#include "evaluate/statistics.h"

namespace mnist_bench {

/// The level of every conclusion about a difference.
inline constexpr double kLevel = 0.05;
/// The fewest paired seeds that can show a difference: 2/2⁶ is the first 2/2ⁿ below kLevel.
inline constexpr std::int64_t kFewestSeeds = 6;

/// What paired runs show about a difference.
enum class Conclusion { not_shown, suggested, shown };
/// "shown", "suggested, not shown", "not shown"
std::string to_string(Conclusion conclusion);

/// The judge's conclusion on one list of paired differences, B − A.
struct Judgement {
  Conclusion conclusion = Conclusion::not_shown;
  /// Summary of the differences that were judged: the first kMostSignFlips of those given.
  SampleSummary difference;
  std::optional<SignFlipTest> test;  ///< n ≥ 1
  std::int64_t left_out = 0;         ///< differences beyond the first kMostSignFlips
  /// The test's p adjusted for the family of comparisons, which then decides; else absent.
  std::optional<double> adjusted_p = {};

  /// Which side has the higher values, where the conclusion is not `not_shown`.
  [[nodiscard]] bool b_is_higher() const { return difference.mean.value_or(0.0) > 0.0; }
  /// Whether another conclusion was possible: a single difference has no interval.
  [[nodiscard]] bool could_decide() const { return difference.n >= 2; }
};

/// The only place that decides whether one of two sides is higher. `differences`: B − A of the
/// same seeds, in ascending order of the seeds; `images`: how many test images they are shares of,
/// 0 for values of any resolution. Shown: n ≥ kFewestSeeds, the 95 % t-interval of the mean
/// (paired_summary, which accounts for the resolution) excludes 0, and the exact sign-flip test has
/// p < kLevel. Suggested: the interval excludes 0, but the test does not say so, or n is below
/// kFewestSeeds. Else not shown.
Judgement judge(const std::vector<double>& differences, std::int64_t images);

/// The same judgements as one family: each test's p is adjusted for their number (holm_adjusted),
/// and the adjusted one has to be below kLevel for "shown". The intervals stay. A deterministic
/// difference is no test: it has no adjusted p, and is none of their number.
void judge_as_family(std::vector<Judgement>& family);

/// One of several comparisons that a statement is about: a metric, a severity.
struct NamedJudgement {
  std::string name;
  Judgement judgement;
};

enum class JointConclusion {
  not_shown,
  suggested,  ///< in all of them at least, and in the same direction
  in_part,    ///< shown in some, but not in all, or not in one direction
  shown,      ///< in all of them, and in the same direction
};

/// The judge's conclusion on a statement about all of several comparisons.
struct JointJudgement {
  JointConclusion conclusion = JointConclusion::not_shown;
  std::vector<std::string> shown_higher;  ///< the names for which B is shown to be higher
  std::vector<std::string> shown_lower;
  std::vector<std::string> suggested_higher;
  std::vector<std::string> suggested_lower;
  std::vector<std::string> not_shown;
};
JointJudgement judge_jointly(const std::vector<NamedJudgement>& comparisons);

/// How many of `conclusions` at kLevel are wrong by chance where nothing differs, as a sentence:
/// "5 conclusions in this section rest on tests or ranges at 5 %, …".
std::string chance_note(std::int64_t conclusions);

}  // namespace mnist_bench
