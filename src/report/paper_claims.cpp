#include "report/paper_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

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

Judgement judge_models(const PaperEvidence& evidence,
                       std::optional<double> (*value)(const RunResult&)) {
  std::vector<double> differences;
  if (evidence.mlp.runs == nullptr || evidence.cnn.runs == nullptr) return judge(differences);
  std::map<std::uint64_t, double> of_mlp;
  for (const StoredRun& run : evidence.mlp.runs->completed) {
    if (const auto found = value(run.result)) of_mlp[run.result.config.seed] = *found;
  }
  for (const StoredRun& run : evidence.cnn.runs->completed) {
    const auto found = value(run.result);
    const auto other = of_mlp.find(run.result.config.seed);
    if (found && other != of_mlp.end()) differences.push_back(*found - other->second);
  }
  return judge(differences);
}

std::string judged_text(const Judgement& judgement) {
  return fmt::format("{} (n = {})", to_string(judgement.conclusion), judgement.difference.n);
}

ClaimVerdict claim_verdict(const Judgement& judgement, bool higher) {
  const bool as_claimed = judgement.b_is_higher() == higher;
  switch (judgement.conclusion) {
    case Conclusion::shown:
      return as_claimed ? ClaimVerdict::holds : ClaimVerdict::does_not_hold;
    case Conclusion::suggested:
      return as_claimed ? ClaimVerdict::suggested : ClaimVerdict::undecided;
    case Conclusion::not_shown:
      break;
  }
  return ClaimVerdict::undecided;
}

std::string ours_text(const RunGroup& runs, const char* measure_key) {
  const Measure& measure = measure_of(measure_key);
  const Spread& spread = runs.*measure.spread;
  if (!spread.mean) return "–";
  return fmt::format("{} (n = {})", spread_text(spread, measure, test_images(runs)).mean_and_sd(),
                     spread.n);
}

}  // namespace mnist_bench
