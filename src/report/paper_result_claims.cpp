#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/comparison.h"
#include "report/paper_arithmetic.h"
#include "report/paper_claims.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// "accuracy +1.31 (1.20 to 1.42)"
std::string difference_text(const MeasureComparison& comparison) {
  const Measure& measure = *comparison.measure;
  const Spread& difference = comparison.difference;
  const double mean = measure.scale * *difference.mean;
  const int decimals = decimals_for(measure.scale * *difference.sd, mean, measure.decimals);
  return fmt::format("{} {} ({})", measure.title, signed_text(mean, decimals),
                     spread_text(difference, measure).interval());
}

PaperClaim outperforms_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 5.1",
                   .claim = "the CNN “outperforms the MLP across all metrics”",
                   .findings = {},
                   .verdict = ClaimVerdict::open};
  std::vector<std::string> differences;
  std::vector<std::string> runs_needed;
  bool all_higher = true;
  for (const PrintedMean& mlp : kPrintedMlp.means) {
    const PrintedMean& cnn = printed_mean(kPrintedCnn, mlp.measure);
    const std::string& title = measure_of(mlp.measure).title;
    differences.push_back(fmt::format("{} {:+.1f}", title, cnn.mean - mlp.mean));
    runs_needed.push_back(fmt::format(
        "{} for {}", runs_for_significance(cnn.mean - mlp.mean, mlp.sd, cnn.sd), title));
    all_higher = all_higher && cnn.mean > mlp.mean;
  }
  claim.findings.push_back(
      fmt::format("Table 4: {} points. No test is made.", fmt::join(differences, ", ")));
  claim.findings.push_back(
      fmt::format("If each ± is an SD over n runs, Welch's t-test finds the difference significant "
                  "(p < 0.05) from this n on: {}.",
                  fmt::join(runs_needed, ", ")));
  if (evidence.mlp.runs == nullptr || evidence.cnn.runs == nullptr) return claim;
  try {
    const GroupComparison ours = compare_groups(*evidence.mlp.runs, *evidence.cnn.runs);
    if (ours.seeds.size() < 2) return claim;
    std::vector<std::string> texts;
    bool clear = true;
    bool reversed = false;
    for (const PrintedMean& mean : kPrintedMlp.means) {
      const auto comparison = std::find_if(ours.measures.begin(), ours.measures.end(),
                                           [&](const MeasureComparison& candidate) {
                                             return candidate.measure->key == mean.measure;
                                           });
      texts.push_back(difference_text(*comparison));
      clear = clear && comparison->difference.ci95->low > 0.0;
      reversed = reversed || comparison->difference.ci95->high < 0.0;
    }
    claim.findings.push_back(
        fmt::format("Ours, paired by seed, with 95 % t-intervals: {} points, n = {}.",
                    fmt::join(texts, ", "), ours.seeds.size()));
    claim.verdict = reversed              ? ClaimVerdict::does_not_hold
                    : all_higher && clear ? ClaimVerdict::holds
                                          : ClaimVerdict::cannot_be_told;
  } catch (const Error& error) {
    claim.findings.push_back(fmt::format("Ours cannot be paired: {}.", error.what()));
  }
  return claim;
}

PaperClaim error_reduction_claim(const PaperEvidence& evidence) {
  const double worse = accuracy_of(kPrintedMlp) / 100.0;
  const double better = accuracy_of(kPrintedCnn) / 100.0;
  const double reduction = error_reduction(worse, better);
  PaperClaim claim{
      .place = "Sec. 5.1",
      .claim = fmt::format("the CNN reduces “the error rate by approximately {:.0f} %”",
                           kPrintedErrorReduction),
      .findings = {},
      .verdict = std::abs(100.0 * reduction - kPrintedErrorReduction) < 0.5
                     ? ClaimVerdict::holds
                     : ClaimVerdict::does_not_hold};
  const Interval a = unrounded(100.0 * worse);
  const Interval b = unrounded(100.0 * better);
  claim.findings.push_back(fmt::format(
      "From the accuracies 1 - {:.1f}/{:.1f} = {} %; {} to {} % for what they may have been before "
      "rounding.",
      100.0 * (1.0 - better), 100.0 * (1.0 - worse), percent(reduction, 1),
      percent(error_reduction(a.high, b.low), 1), percent(error_reduction(a.low, b.high), 1)));
  std::vector<std::string> others;
  for (const PrintedMean& mlp : kPrintedMlp.means) {
    if (std::string(mlp.measure) == "accuracy") continue;
    const PrintedMean& cnn = printed_mean(kPrintedCnn, mlp.measure);
    others.push_back(fmt::format("{} % from {}",
                                 percent(error_reduction(mlp.mean / 100.0, cnn.mean / 100.0), 1),
                                 measure_of(mlp.measure).title));
  }
  others.push_back(fmt::format("{} % with the conclusion's {:.1f}",
                               percent(error_reduction(worse, kPrintedConclusion / 100.0), 1),
                               kPrintedConclusion));
  claim.findings.push_back(fmt::format("Other readings: {}.", fmt::join(others, ", ")));
  if (evidence.mlp.runs != nullptr && evidence.cnn.runs != nullptr) {
    const auto& mlp = evidence.mlp.runs->accuracy;
    const auto& cnn = evidence.cnn.runs->accuracy;
    if (mlp.mean && cnn.mean && *mlp.mean < 1.0) {
      claim.findings.push_back(fmt::format("Ours, from the mean accuracies: {} % (n = {} and {}).",
                                           percent(error_reduction(*mlp.mean, *cnn.mean), 1), mlp.n,
                                           cnn.n));
    }
  }
  return claim;
}

PaperClaim conclusion_claim(const PaperEvidence& evidence) {
  const PrintedMean& table = printed_mean(kPrintedCnn, "accuracy");
  const double difference = kPrintedConclusion - table.mean;
  PaperClaim claim{.place = "Sec. 6",
                   .claim = fmt::format("the CNN is “superior in terms of accuracy ({:.1f}%)”",
                                        kPrintedConclusion),
                   .findings = {},
                   .verdict = std::abs(difference) <= table.sd ? ClaimVerdict::holds
                                                               : ClaimVerdict::does_not_hold};
  claim.findings.push_back(
      fmt::format("Table 4 has {:.1f} ± {:.1f}: {:.1f} points or {:.1f} times its ± less. {:.1f} "
                  "would be {:.1f} "
                  "% errors, {:.2f} times fewer than Table 4's {:.1f} %.",
                  table.mean, table.sd, difference, difference / table.sd, kPrintedConclusion,
                  100.0 - kPrintedConclusion, (100.0 - table.mean) / (100.0 - kPrintedConclusion),
                  100.0 - table.mean));
  // Eq. 22 taken literally: the proportion right that it would print as the conclusion's number.
  const Interval c = unrounded(kPrintedConclusion);
  const auto proportion = [](double printed) {
    return 1.0 - (1.0 - printed) * static_cast<double>(kPrintedClasses) / 2.0;
  };
  claim.findings.push_back(fmt::format(
      "Nor is it eq. 22 of each class against the rest: that is {:.1f} for {} to {} % right.",
      kPrintedConclusion, percent(proportion(c.low)), percent(proportion(c.high))));
  if (evidence.cnn.runs != nullptr) {
    const Spread& ours = evidence.cnn.runs->accuracy;
    if (ours.maximum) {
      claim.findings.push_back(
          fmt::format("The best of our {} CNN runs has {} %.", ours.n, percent(*ours.maximum)));
    }
  }
  return claim;
}

}  // namespace

std::vector<PaperClaim> result_claims(const PaperEvidence& evidence) {
  return {outperforms_claim(evidence), error_reduction_claim(evidence), conclusion_claim(evidence)};
}

}  // namespace mnist_bench
