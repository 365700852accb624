#include "report/paper_claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/rounding.h"

namespace mnist_bench {

const PrintedMean& printed_mean(const PrintedModel& model, const std::string& measure_key) {
  return *std::find_if(model.means.begin(), model.means.end(),
                       [&](const PrintedMean& mean) { return mean.measure == measure_key; });
}

double accuracy_of(const PrintedModel& model) { return printed_mean(model, "accuracy").mean; }

Interval unrounded(double printed) {
  return {.low = (printed - kPrintedHalfUnit) / 100.0,
          .high = (printed + kPrintedHalfUnit) / 100.0};
}

std::string percent(double share, int decimals) { return rounded(100.0 * share, decimals); }

const Measure& measure_of(const char* key) {
  return *std::find_if(measures().begin(), measures().end(),
                       [&](const Measure& measure) { return measure.key == key; });
}

std::string ours_text(const RunGroup& runs, const char* measure_key) {
  const Measure& measure = measure_of(measure_key);
  const Spread& spread = runs.*measure.spread;
  if (!spread.mean) return "–";
  return fmt::format("{} (n = {})", spread_text(spread, measure).mean_and_sd(), spread.n);
}

}  // namespace mnist_bench
