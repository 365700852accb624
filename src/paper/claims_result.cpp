#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "paper/experiments.h"
#include "report/compare/comparison.h"
#include "report/confused_pairs.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// From a value to the farther end of a range around it.
double largest_distance(const Interval& range, double value) {
  return std::max(value - range.low, range.high - value);
}

PaperClaim outperforms_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 5.1",
                   .claim = "the CNN “outperforms the MLP across all metrics”",
                   .findings = {},
                   .experiment = kPaperSweep,
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
  std::vector<std::string> missing;
  models_of(evidence, missing);
  if (!is_complete(claim, missing)) return claim;
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
      texts.push_back(fmt::format(
          "{} {}", metric.title,
          difference_text(metric, judgements.back().judgement.difference, ours.images)));
    }
    const JointJudgement joint = judge_jointly(judgements);
    claim.findings.push_back(
        fmt::format("Ours, paired by seed, with 95 % t-intervals: {} points, n = {}.",
                    fmt::join(texts, ", "), ours.judgement.difference.n));
    claim.findings.push_back(joint_text(joint));
    claim.tests = tests_in(judgements);
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

/// Pairs of runs, of whatever models, of which one has the higher accuracy and the other the higher
/// macro F1.
struct Discordance {
  std::int64_t pairs = 0;
  std::int64_t discordant = 0;
};
Discordance discordance_of(const std::vector<const RunGroup*>& groups) {
  const Metric& accuracy = metric_of(kAccuracyKey);
  const Metric& macro_f1 = metric_of("macro_f1");
  std::vector<std::pair<double, double>> runs;
  for (const RunGroup* group : groups) {
    for (const StoredRun& run : group->completed) {
      const auto a = accuracy.finite_value(run.result);
      const auto f1 = macro_f1.finite_value(run.result);
      if (a && f1) runs.emplace_back(*a, *f1);
    }
  }
  Discordance found;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t j = i + 1; j < runs.size(); ++j) {
      ++found.pairs;
      const double by_accuracy = runs[i].first - runs[j].first;
      const double by_f1 = runs[i].second - runs[j].second;
      found.discordant += by_accuracy * by_f1 < 0.0 ? 1 : 0;
    }
  }
  return found;
}

PaperClaim macro_f1_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 4.2",
                   .claim =
                       "“relying solely on” accuracy “can mask underlying failures”: macro F1 "
                       "tells more",
                   .findings = {},
                   .experiment = kPaperSweep,
                   .basis = ClaimBasis::runs};
  std::vector<std::string> missing;
  models_of(evidence, missing);
  if (!is_complete(claim, missing)) return claim;
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    claim.findings.push_back(fmt::format("Our {}, in %: accuracy {}, macro F1 {}.",
                                         model.printed->name, ours_text(*model.runs, kAccuracyKey),
                                         ours_text(*model.runs, "macro_f1")));
  }
  const std::int64_t images = test_images(*evidence.mlp.runs).value_or(0);
  const Judgement by_accuracy = judge_models(evidence, metric_of(kAccuracyKey).value, images);
  const Judgement by_f1 = judge_models(evidence, metric_of("macro_f1").value, images);
  const Discordance ranks = discordance_of({evidence.mlp.runs, evidence.cnn.runs});
  claim.findings.push_back(fmt::format(
      "A difference of the models is {} by accuracy, {} by macro F1. Of {} pairs of our runs the "
      "two metrics put {} in another order.",
      judged_text(by_accuracy), judged_text(by_f1), ranks.pairs, ranks.discordant));
  claim.findings.emplace_back(
      "MNIST's classes are of nearly one size, where the two metrics are close. What macro F1 means, "
      "and where it would differ, the confusion matrices show: report DIR -o report.html.");
  claim.tests = tests_in({{"", by_accuracy}, {"", by_f1}});
  if (by_f1.conclusion == Conclusion::shown) {
    const bool same = by_accuracy.conclusion == Conclusion::shown &&
                      by_accuracy.b_is_higher() == by_f1.b_is_higher();
    claim.verdict = same ? ClaimVerdict::does_not_hold : ClaimVerdict::holds;
  } else {
    claim.verdict = ClaimVerdict::undecided;
  }
  return claim;
}

/// Test images of 1 that a run takes for 7, and the other way round, less those of a mean pair of
/// classes.
std::optional<double> ones_and_sevens_beyond_mean(const RunResult& run) {
  if (!run.test || run.test->confusion.size() != kPrintedClasses) return std::nullopt;
  const ConfusionMatrix& confusion = run.test->confusion;
  std::int64_t errors = 0;
  for (std::size_t i = 0; i < confusion.size(); ++i) {
    for (std::size_t j = 0; j < confusion.size(); ++j) errors += i == j ? 0 : confusion[i][j];
  }
  constexpr double kPairs = static_cast<double>(kPrintedClasses * (kPrintedClasses - 1)) / 2.0;
  return static_cast<double>(confusion[1][7] + confusion[7][1]) -
         static_cast<double>(errors) / kPairs;
}

PaperClaim balanced_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 4.2", .claim = "“balanced datasets like MNIST”", .experiment = "data info"};
  const std::vector<std::int64_t>& sizes = evidence.class_sizes;
  if (sizes.empty()) {
    claim.findings = {"No run of ours was tested on all of MNIST's test images."};
    return claim;
  }
  const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
  const double p = equal_classes_p(sizes);
  const auto images = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  claim.findings.push_back(fmt::format(
      "The classes of the test images have {} to {} images. That all ten are equally likely is {} "
      "(chi-square test, p = {:.2g}).",
      with_commas(*least), with_commas(*most), p < kLevel ? "rejected" : "not rejected", p));
  claim.findings.push_back(fmt::format(
      "The difference is small: to answer {} always is right for {} % of them, and macro recall "
      "and accuracy differ by at most {} points for a classifier as good as the paper's MLP.",
      most - sizes.begin(), percent(static_cast<double>(*most) / static_cast<double>(images)),
      percent(largest_distance(attainable_macro_recall(sizes, accuracy_of(kPrintedMlp) / 100.0),
                               accuracy_of(kPrintedMlp) / 100.0))));
  claim.basis = ClaimBasis::arithmetic;
  claim.tests = 1;
  claim.verdict = p < kLevel ? ClaimVerdict::does_not_hold : ClaimVerdict::holds;
  return claim;
}

PaperClaim ones_and_sevens_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 4.2",
                   .claim = "a failure to look out for is “confusing '1' with '7'”",
                   .findings = {"Table 3 shows what a confusion matrix is; none of a model's is "
                                "printed."},
                   .basis = ClaimBasis::runs};
  std::vector<NamedJudgement> judgements;
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (model.runs == nullptr) continue;
    const ValuesBySeed beyond = values_by_seed(*model.runs, ones_and_sevens_beyond_mean);
    if (beyond.empty()) continue;
    judgements.push_back({model.printed->name, judge(values_of(beyond), /*images=*/0)});
    const std::vector<ConfusedPair> pairs = confused_pairs(*model.runs);
    const auto pair = std::find_if(pairs.begin(), pairs.end(), [](const ConfusedPair& each) {
      return each.first == 1 && each.second == 7;
    });
    if (pair == pairs.end()) continue;
    claim.findings.push_back(fmt::format(
        "Our {}: {} of {} confusions in {} are of 1 and 7, rank {} of {} pairs; the most are of {} "
        "and {}. That 1 and 7 are confused {} often than a mean pair is {}.",
        model.printed->name, pair->images(),
        std::accumulate(pairs.begin(), pairs.end(), std::int64_t{0},
                        [](std::int64_t sum, const auto& each) { return sum + each.images(); }),
        counted(beyond.size(), "run"), pair->rank, pairs.size(), pairs.front().first,
        pairs.front().second, judgements.back().judgement.b_is_higher() ? "more" : "less",
        judged_text(judgements.back().judgement)));
  }
  if (judgements.empty()) return claim;
  const JointJudgement joint = judge_jointly(judgements);
  claim.tests = tests_in(judgements);
  claim.verdict = verdict_in_parts(joint);
  return claim;
}

}  // namespace

std::vector<PaperClaim> result_claims(const PaperEvidence& evidence) {
  return {balanced_claim(evidence),        macro_f1_claim(evidence),
          ones_and_sevens_claim(evidence), outperforms_claim(evidence),
          error_reduction_claim(evidence), conclusion_claim(evidence)};
}

}  // namespace mnist_bench
