#include "report/sample_summary_json.h"

#include "base/json_of.h"
#include "evaluate/interval_json.h"

namespace mnist_bench {

nlohmann::ordered_json to_json(const SampleSummary& summary) {
  nlohmann::ordered_json json = {{"n", summary.n},
                                 {"mean", json_of(summary.mean)},
                                 {"sd", json_of(summary.sd)},
                                 {"ci95", interval_json(summary.ci95)},
                                 {"min", json_of(summary.minimum)},
                                 {"max", json_of(summary.maximum)}};
  if (summary.is_deterministic) json["deterministic"] = true;
  return json;
}

}  // namespace mnist_bench
