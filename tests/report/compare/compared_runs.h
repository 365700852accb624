#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "report/compare/comparison.h"
#include "report/stored_runs.h"

namespace mnist_bench {

struct PredictedRun {
  StoredRun run;
  std::vector<Prediction> predictions;
};

/// 100 images, image i of class i % 2; the ones in `wrong` are misclassified.
inline PredictedRun predicted(const std::string& name, const std::vector<std::int64_t>& wrong) {
  PredictedRun result{.run = stored(sample_result(name)), .predictions = {}};
  ConfusionMatrix counts(2, std::vector<std::int64_t>(2, 0));
  for (std::int64_t i = 0; i < 100; ++i) {
    const bool is_wrong = std::find(wrong.begin(), wrong.end(), i) != wrong.end();
    const std::int64_t truth = i % 2;
    const std::int64_t answer = is_wrong ? 1 - truth : truth;
    result.predictions.push_back(
        {.index = i, .truth = truth, .predicted = answer, .probability = 0.9F});
    ++counts[static_cast<std::size_t>(truth)][static_cast<std::size_t>(answer)];
  }
  result.run.result.test->confusion = counts;
  result.run.result.test->metrics = classification_metrics(counts);
  result.run.result.data->test.samples = 100;
  result.run.result.parameters_sha256 = name;
  return result;
}

inline RunComparison compared(const PredictedRun& a, const PredictedRun& b) {
  return compare_runs(a.run, a.predictions, b.run, b.predictions);
}

/// Groups of 9,800 right images a seed and of these, with a margin in percentage points.
inline GroupComparison compared_within(double points, const std::vector<std::int64_t>& right_of_b) {
  return compare_groups(group_with("a", std::vector<std::int64_t>(right_of_b.size(), 9'800)),
                        group_with("b", right_of_b), {.equivalence = points / 100.0});
}

/// The same with a margin that A may be worse by.
inline GroupComparison compared_one_sided(double points,
                                          const std::vector<std::int64_t>& right_of_b) {
  return compare_groups(group_with("a", std::vector<std::int64_t>(right_of_b.size(), 9'800)),
                        group_with("b", right_of_b), {.not_worse = points / 100.0});
}

}  // namespace mnist_bench
