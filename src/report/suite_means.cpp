#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "report/robustness_section.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

/// A run's evaluations on its own test set, by the engine that trained it.
struct OwnEvaluations {
  std::map<std::string, double> accuracy;                  ///< by SPEC
  std::map<std::string, std::vector<std::string>> suites;  ///< SPECs by the suite they are named by
  std::int64_t images = 0;
};

OwnEvaluations own_evaluations(const std::vector<StoredEvaluation>& evaluations) {
  OwnEvaluations own;
  for (const StoredEvaluation& stored : evaluations) {
    const Evaluation& evaluation = stored.evaluation;
    const std::optional<double> accuracy = own_accuracy(stored);
    if (!accuracy) continue;
    const std::string spec = canonical_spec(evaluation.transform);
    own.accuracy[spec] = *accuracy;
    own.images = evaluation.data.samples;
    if (evaluation.suite) own.suites[*evaluation.suite].push_back(spec);
  }
  return own;
}

/// The points that the run has of each suite. Of a shipped suite it has all points, or the suite
/// does not count: an interrupted evaluation would leave the mean of a part. Of any other suite:
/// the points stored under its name.
std::map<std::string, std::vector<std::string>> suites_of(const OwnEvaluations& own) {
  std::map<std::string, std::vector<std::string>> suites = own.suites;
  for (auto& [name, specs] : suites) std::sort(specs.begin(), specs.end());
  for (const std::string& name : suite_names()) {
    std::vector<std::string> specs = specs_of(*shipped_suite(name));
    const bool has_all = std::all_of(specs.begin(), specs.end(), [&](const std::string& spec) {
      return own.accuracy.contains(spec);
    });
    suites.erase(name);
    if (has_all) suites[name] = std::move(specs);
  }
  return suites;
}

struct SuiteRuns {
  std::vector<double> accuracy;
  std::vector<double> clean;
  std::int64_t images = 0;
};

}  // namespace

std::vector<SuiteMean> suite_means(const std::vector<RunGroup>& groups,
                                   const EvaluationsOfRuns& evaluations) {
  using Points = std::pair<std::string, std::vector<std::string>>;  // of a suite
  std::map<Points, std::map<std::size_t, SuiteRuns>> by_points;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const StoredRun& run : groups[g].completed) {
      const auto of_run = evaluations.find(run.folder);
      if (of_run == evaluations.end()) continue;
      const OwnEvaluations own = own_evaluations(of_run->second);
      for (const auto& [suite, specs] : suites_of(own)) {
        SuiteRuns& runs = by_points[{suite, specs}][g];
        double sum = 0.0;
        for (const std::string& spec : specs) sum += own.accuracy.at(spec);
        runs.accuracy.push_back(sum / static_cast<double>(specs.size()));
        if (const auto& clean = run.result.test->metrics.accuracy) runs.clean.push_back(*clean);
        runs.images = own.images;
      }
    }
  }
  std::vector<SuiteMean> means;
  for (const auto& [points, of_groups] : by_points) {
    for (const auto& [g, runs] : of_groups) {
      means.push_back({.suite = points.first,
                       .group = groups[g].label,
                       .specs = points.second,
                       .images = runs.images,
                       .accuracy = summary_of_results(groups[g], runs.accuracy),
                       .clean_accuracy = summary_of_results(groups[g], runs.clean)});
    }
  }
  return means;
}

}  // namespace mnist_bench
