#include "report/spread_json.h"

#include "base/json_of.h"

namespace mnist_bench {

nlohmann::ordered_json to_json(const Spread& spread) {
  return {
      {"n", spread.n},
      {"mean", json_of(spread.mean)},
      {"sd", json_of(spread.sd)},
      {"ci95", spread.ci95 ? nlohmann::ordered_json::array({spread.ci95->low, spread.ci95->high})
                           : nlohmann::ordered_json(nullptr)},
      {"min", json_of(spread.minimum)},
      {"max", json_of(spread.maximum)}};
}

}  // namespace mnist_bench
