#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "record/sample_result.h"
#include "report/groups.h"

namespace mnist_bench {

inline StoredRun stored(const RunResult& result) {
  return {.folder = "runs/" + result.config.name + "/seed-" + std::to_string(result.config.seed),
          .result = result};
}

/// A completed run of 10,000 test images in two classes, `right` of them right.
inline RunResult run_with(const std::string& name, std::uint64_t seed, std::int64_t right) {
  RunResult result = sample_result(name, seed);
  result.data->test.samples = 10'000;
  result.test->confusion = {{right / 2, 5'000 - right / 2},
                            {5'000 - (right - right / 2), right - right / 2}};
  result.test->metrics = classification_metrics(result.test->confusion);
  result.parameters_sha256 = name + std::to_string(seed);
  return result;
}

/// Seeds 1, 2, … of one experiment.
inline std::vector<StoredRun> runs_with(const std::string& name,
                                        const std::vector<std::int64_t>& right) {
  std::vector<StoredRun> runs;
  for (const std::int64_t count : right) {
    runs.push_back(stored(run_with(name, runs.size() + 1, count)));
  }
  return runs;
}

inline RunGroup group_with(const std::string& name, const std::vector<std::int64_t>& right) {
  return group_runs(runs_with(name, right)).front();
}

/// The same of k-NN with this k.
inline RunGroup knn_group(const std::vector<std::int64_t>& right, std::int64_t k = 1) {
  std::vector<StoredRun> runs = runs_with("knn", right);
  for (StoredRun& run : runs) {
    run.result.config.model = KnnConfig{.k = k};
    run.result.epochs.clear();
    run.result.parameters_sha256.reset();
    run.result.timing.fit_seconds = static_cast<double>(run.result.config.seed);
  }
  return group_runs(runs).front();
}

}  // namespace mnist_bench
