#include "report/sample_summary_json.h"

#include "base/json_of.h"

namespace mnist_bench {

nlohmann::ordered_json to_json(const SampleSummary& summary) {
  return {
      {"n", summary.n},
      {"mean", json_of(summary.mean)},
      {"sd", json_of(summary.sd)},
      {"ci95", summary.ci95 ? nlohmann::ordered_json::array({summary.ci95->low, summary.ci95->high})
                            : nlohmann::ordered_json(nullptr)},
      {"min", json_of(summary.minimum)},
      {"max", json_of(summary.maximum)}};
}

}  // namespace mnist_bench
