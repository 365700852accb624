#include "report/spread_json.h"

#include <nlohmann/json.hpp>

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

Json to_json(const Spread& spread) {
  return {
      {"n", spread.n},
      {"mean", optional(spread.mean)},
      {"sd", optional(spread.sd)},
      {"ci95", spread.ci95 ? Json::array({spread.ci95->low, spread.ci95->high}) : Json(nullptr)},
      {"min", optional(spread.minimum)},
      {"max", optional(spread.maximum)}};
}

}  // namespace mnist_bench
