#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evaluate/statistics.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

/// Images of one class that runs took for another.
struct Confusions {
  std::int64_t images = 0;  ///< summed over runs_to_sum()
  SampleSummary per_run;
};

/// Two classes, and how often each was taken for the other.
struct ConfusedPair {
  std::int64_t first = 0;  ///< the lower class
  std::int64_t second = 0;
  Confusions first_as_second;
  Confusions second_as_first;
  /// 1 + the pairs that were confused more often, in both directions together.
  std::size_t rank = 0;

  [[nodiscard]] std::int64_t images() const {
    return first_as_second.images + second_as_first.images;
  }
};

/// All pairs of the classes that occur in the completed runs, the most confused first; of equals
/// the lower classes.
std::vector<ConfusedPair> confused_pairs(const RunGroup& group);

/// How many of each group are in sight; the others are in a folded table.
inline constexpr std::size_t kPairsShown = 10;

/// The pairs of each group that were confused.
Section confused_pairs_section(const std::vector<RunGroup>& groups);

}  // namespace mnist_bench
