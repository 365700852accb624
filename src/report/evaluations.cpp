#include "report/evaluations.h"

#include <utility>

namespace mnist_bench {

std::optional<double> own_accuracy(const StoredEvaluation& stored, const std::string& data) {
  const Evaluation& evaluation = stored.evaluation;
  const bool is_own = stored.data == data && evaluation.engine == evaluation.run.engine;
  return is_own ? evaluation.test.metrics.accuracy : std::nullopt;
}

FoundEvaluations evaluations_of(const std::vector<RunGroup>& groups) {
  FoundEvaluations found;
  for (const RunGroup& group : groups) {
    for (const StoredRun& run : group.completed) {
      StoredEvaluations stored = read_evaluations(run.folder, run.result);
      if (!stored.evaluations.empty()) found.of_runs[run.folder] = std::move(stored.evaluations);
      for (UnusableEvaluation& unusable : stored.unusable) {
        found.unusable.push_back(std::move(unusable.why));
      }
    }
  }
  return found;
}

}  // namespace mnist_bench
