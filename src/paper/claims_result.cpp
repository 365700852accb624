#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "report/compare/comparison.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// "accuracy +1.31 (1.20 to 1.42)", of the differences that were judged
std::string difference_text(const Metric& metric, const SampleSummary& difference,
                            std::int64_t images) {
  const double mean = metric.scale() * *difference.mean;
  const double sd = metric.scale() * difference.sd.value_or(0.0);
  const int decimals = metric_decimals(metric, sd, mean, images);
  std::string text = fmt::format("{} {}", metric.title, signed_text(mean, decimals));
  if (const auto& interval = difference.ci95) {
    text += fmt::format(" ({} to {})", rounded(metric.scale() * interval->low, decimals),
                        rounded(metric.scale() * interval->high, decimals));
  }
  return text;
}

ClaimVerdict joint_verdict(const JointJudgement& joint) {
  if (!joint.shown_lower.empty()) return ClaimVerdict::does_not_hold;
  switch (joint.conclusion) {
    case JointConclusion::shown:
      return ClaimVerdict::holds;
    case JointConclusion::in_part:
      return ClaimVerdict::holds_in_part;
    case JointConclusion::suggested:
      return joint.suggested_lower.empty() ? ClaimVerdict::suggested : ClaimVerdict::undecided;
    case JointConclusion::not_shown:
      break;
  }
  return ClaimVerdict::undecided;
}

/// "That the CNN's is higher is shown of accuracy; suggested, not shown of macro F1."
std::string joint_text(const JointJudgement& joint) {
  std::vector<std::string> parts;
  const auto add = [&](const char* words, const std::vector<std::string>& names) {
    if (!names.empty()) parts.push_back(fmt::format("{}: {}", words, fmt::join(names, ", ")));
  };
  add("shown to be higher for the CNN", joint.shown_higher);
  add("shown to be lower", joint.shown_lower);
  add("higher is suggested, not shown", joint.suggested_higher);
  add("lower is suggested, not shown", joint.suggested_lower);
  add("no difference shown", joint.not_shown);
  const std::string text = fmt::format("{}.", fmt::join(parts, "; "));
  return upper_case(text.substr(0, 1)) + text.substr(1);
}

PaperClaim outperforms_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 5.1",
                   .claim = "the CNN “outperforms the MLP across all metrics”",
                   .findings = {},
                   .basis = ClaimBasis::runs,
                   .verdict = ClaimVerdict::open};
  std::vector<std::string> differences;
  std::vector<std::string> runs_needed;
  bool all_higher = true;
  for (const PrintedMean& mlp : kPrintedMlp.means) {
    const PrintedMean& cnn = printed_mean(kPrintedCnn, mlp.metric);
    const std::string& title = metric_of(mlp.metric).title;
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
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  try {
    const GroupComparison ours = compare_groups(*evidence.mlp.runs, *evidence.cnn.runs);
    std::vector<std::string> texts;
    std::vector<NamedJudgement> judgements;
    for (const PrintedMean& mean : kPrintedMlp.means) {
      const auto comparison = std::find_if(
          ours.metrics.begin(), ours.metrics.end(),
          [&](const MetricComparison& candidate) { return candidate.metric->key == mean.metric; });
      if (comparison->differences.empty()) continue;
      const Metric& metric = *comparison->metric;
      judgements.push_back({metric.title, judge(comparison->differences, ours.images)});
      texts.push_back(difference_text(metric, judgements.back().judgement.difference, ours.images));
    }
    const JointJudgement joint = judge_jointly(judgements);
    claim.findings.push_back(
        fmt::format("Ours, paired by seed, with 95 % t-intervals: {} points, n = {}.",
                    fmt::join(texts, ", "), ours.judgement.difference.n));
    claim.findings.push_back(joint_text(joint));
    claim.tests =
        std::count_if(judgements.begin(), judgements.end(),
                      [](const NamedJudgement& each) { return each.judgement.could_decide(); });
    claim.verdict = all_higher ? joint_verdict(joint) : ClaimVerdict::does_not_hold;
  } catch (const Error& error) {
    claim.findings.push_back(fmt::format("Ours cannot be paired: {}.", error.what()));
    claim.verdict = ClaimVerdict::undecided;
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
      .basis = ClaimBasis::arithmetic,
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
    if (std::string(mlp.metric) == kAccuracyKey) continue;
    const PrintedMean& cnn = printed_mean(kPrintedCnn, mlp.metric);
    others.push_back(fmt::format("{} % from {}",
                                 percent(error_reduction(mlp.mean / 100.0, cnn.mean / 100.0), 1),
                                 metric_of(mlp.metric).title));
  }
  others.push_back(fmt::format("{} % with the conclusion's {:.1f}",
                               percent(error_reduction(worse, kPrintedConclusion / 100.0), 1),
                               kPrintedConclusion));
  claim.findings.push_back(fmt::format("Other readings: {}.", fmt::join(others, ", ")));
  if (evidence.mlp.runs != nullptr && evidence.cnn.runs != nullptr) {
    const auto& mlp = evidence.mlp.runs->summaries.at(kAccuracyKey);
    const auto& cnn = evidence.cnn.runs->summaries.at(kAccuracyKey);
    if (mlp.mean && cnn.mean && *mlp.mean < 1.0) {
      claim.findings.push_back(fmt::format("Ours, from the mean accuracies: {} % (n = {} and {}).",
                                           percent(error_reduction(*mlp.mean, *cnn.mean), 1), mlp.n,
                                           cnn.n));
    }
  }
  return claim;
}

PaperClaim conclusion_claim(const PaperEvidence& evidence) {
  const PrintedMean& table = printed_mean(kPrintedCnn, kAccuracyKey);
  const double difference = kPrintedConclusion - table.mean;
  PaperClaim claim{.place = "Sec. 6",
                   .claim = fmt::format("the CNN is “superior in terms of accuracy ({:.1f}%)”",
                                        kPrintedConclusion),
                   .findings = {},
                   .basis = ClaimBasis::arithmetic,
                   .verdict = std::abs(difference) <= table.sd ? ClaimVerdict::holds
                                                               : ClaimVerdict::does_not_hold};
  claim.findings.push_back(
      fmt::format("Table 4 has {:.1f} ± {:.1f}: {:.1f} points or {:.1f} times its ± less. {:.1f} "
                  "would be {:.1f} % errors, {:.2f} times fewer than Table 4's {:.1f} %.",
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
    const SampleSummary& ours = evidence.cnn.runs->summaries.at(kAccuracyKey);
    if (ours.maximum) {
      claim.findings.push_back(
          fmt::format("The best of our {} CNN runs has {} %.", ours.n,
                      percent_of_images(*ours.maximum, *test_images(*evidence.cnn.runs))));
    }
  }
  return claim;
}

}  // namespace

std::vector<PaperClaim> result_claims(const PaperEvidence& evidence) {
  return {outperforms_claim(evidence), error_reduction_claim(evidence), conclusion_claim(evidence)};
}

}  // namespace mnist_bench
