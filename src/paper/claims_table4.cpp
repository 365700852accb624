#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr double kHalf = kPrintedHalfUnit;

/// Eq. 22 of each class against the rest, mean over the classes, straight from a confusion matrix.
double mean_two_class_accuracy(const ConfusionMatrix& counts) {
  double images = 0.0;
  double errors = 0.0;
  for (std::size_t truth = 0; truth < counts.size(); ++truth) {
    for (std::size_t predicted = 0; predicted < counts.size(); ++predicted) {
      const auto count = static_cast<double>(counts[truth][predicted]);
      images += count;
      if (truth != predicted) errors += 2.0 * count;
    }
  }
  return 1.0 - errors / (images * static_cast<double>(counts.size()));
}

PaperClaim accuracy_formula_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 4.2, eq. 22",
                   .claim =
                       "(TP + TN)/(TP + TN + FP + FN) is the “overall proportion of correct "
                       "predictions across all classes”",
                   .findings = {"True negatives exist for two classes. For ten, each taken against "
                                "the rest and averaged, eq. 22 is 1 - 2(1 - a)/10, where a is that "
                                "proportion."},
                   .basis = ClaimBasis::arithmetic,
                   .verdict = ClaimVerdict::holds};
  const double mlp = accuracy_of(kPrintedMlp) / 100.0;
  const double cnn = accuracy_of(kPrintedCnn) / 100.0;
  for (const double proportion : {mlp, cnn}) {
    const double apart = one_against_rest_accuracy(kPrintedClasses, proportion) - proportion;
    if (std::abs(100.0 * apart) > kHalf) claim.verdict = ClaimVerdict::does_not_hold;
  }
  claim.findings.push_back(fmt::format(
      "Proportions of {:.1f} and {:.1f} % would print as {} and {} %, and no classifier as less "
      "than {} %. Table 4 has the proportion, or its proportions were {} and {} %, far below its "
      "recalls.",
      100.0 * mlp, 100.0 * cnn, percent(one_against_rest_accuracy(kPrintedClasses, mlp)),
      percent(one_against_rest_accuracy(kPrintedClasses, cnn)),
      percent(one_against_rest_accuracy(kPrintedClasses, 0.0), 0),
      percent(1.0 - (1.0 - mlp) * kPrintedClasses / 2.0, 1),
      percent(1.0 - (1.0 - cnn) * kPrintedClasses / 2.0, 1)));
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (!model.has_runs()) continue;
    const RunResult& run = model.runs->completed.front().result;
    claim.findings.push_back(fmt::format(
        "Our {}, seed {}: {} % of the images are right; eq. 22 over its confusion matrix gives {} "
        "%.",
        model.printed->name, run.config.seed,
        percent_of_images(run.test->metrics.accuracy.value_or(0.0), run.test->metrics.samples),
        percent_of_images(mean_two_class_accuracy(run.test->confusion),
                          run.test->metrics.samples)));
  }
  return claim;
}

/// The greatest distance between a run's accuracy and its macro recall.
std::optional<double> widest_gap(const PaperModel& model) {
  if (!model.has_runs()) return std::nullopt;
  double widest = 0.0;
  for (const StoredRun& run : model.runs->completed) {
    const ClassificationMetrics& metrics = run.result.test->metrics;
    widest = std::max(widest, std::abs(metrics.accuracy.value_or(0.0) - metrics.macro.recall));
  }
  return widest;
}

PaperClaim recall_claim(const PaperModel& model, const std::vector<std::int64_t>& class_sizes) {
  const PrintedMean& accuracy = printed_mean(*model.printed, kAccuracyKey);
  const PrintedMean& recall = printed_mean(*model.printed, "macro_recall");
  PaperClaim claim{.place = "Table 4, " + std::string(model.printed->name),
                   .claim = fmt::format("accuracy {:.1f} and macro recall {:.1f} from the same "
                                        "predictions",
                                        accuracy.mean, recall.mean),
                   .findings = {},
                   .basis = ClaimBasis::arithmetic};
  if (class_sizes.empty()) {
    claim.findings.emplace_back(
        "This needs the class sizes of MNIST's test set, from a run that was tested on all of it.");
    return claim;
  }
  const Interval a = unrounded(accuracy.mean);
  const Interval r = unrounded(recall.mean);
  const Interval range = {.low = attainable_macro_recall(class_sizes, a.low).low,
                          .high = attainable_macro_recall(class_sizes, a.high).high};
  const bool possible = range.low <= r.high && r.low <= range.high;
  claim.verdict = possible ? ClaimVerdict::holds : ClaimVerdict::does_not_hold;
  claim.findings.push_back(fmt::format(
      "Accuracy is the mean of the classes' recalls weighted by their sizes. On MNIST's test set "
      "an accuracy of {} to {} (printed {:.1f}) allows a macro recall of {} to {}, the least when "
      "every error falls on the smallest class; {:.1f} stands for {} to {}, which is {}.",
      percent(a.low), percent(a.high), accuracy.mean, percent(range.low), percent(range.high),
      recall.mean, percent(r.low), percent(r.high), possible ? "possible" : "out of reach"));
  claim.findings.emplace_back(
      "Nor do means over several runs get there: the least macro recall is convex in the "
      "accuracy.");
  if (possible) claim.findings.pop_back();
  const double images = std::accumulate(class_sizes.begin(), class_sizes.end(), 0.0);
  const double smallest =
      static_cast<double>(*std::min_element(class_sizes.begin(), class_sizes.end()));
  claim.findings.push_back(fmt::format(
      "Whatever the recalls, {:.1f} points between the two take an SD over the classes of {} "
      "points or more; Table 4 prints ± {:.1f}, with which they are at most {} points apart.",
      accuracy.mean - recall.mean,
      percent(*least_recall_sd(class_sizes, accuracy.mean / 100.0, recall.mean / 100.0), 1),
      recall.sd, rounded(recall.sd / *least_recall_sd(class_sizes, 1.0, 0.0), 2)));
  claim.findings.push_back(fmt::format(
      "A test set on which both could be so has at most {} % of its images in its smallest class; "
      "MNIST has {} %.",
      percent(largest_smallest_class(kPrintedClasses, a.low, r.high)), percent(smallest / images)));
  if (const auto gap = widest_gap(model)) {
    claim.findings.push_back(fmt::format(
        "In our runs the two are never more than {} points apart (n = {}).",
        percent_of_images(*gap, *test_images(*model.runs)), model.runs->completed.size()));
  }
  return claim;
}

PaperClaim f1_claim() {
  PaperClaim claim{.place = "Table 4, eq. 25",
                   .claim = "the F1-scores, given precision and recall",
                   .findings = {"The mean of the classes' F1 is at most the harmonic mean of macro "
                                "precision and macro recall, as F1 is concave."},
                   .basis = ClaimBasis::arithmetic,
                   .verdict = ClaimVerdict::holds};
  const auto harmonic = [](double p, double r) { return 2.0 * p * r / (p + r); };
  for (const PrintedModel& model : {kPrintedMlp, kPrintedCnn}) {
    const double p = printed_mean(model, "macro_precision").mean;
    const double r = printed_mean(model, "macro_recall").mean;
    const double f1 = printed_mean(model, "macro_f1").mean;
    const double most = harmonic(p + kHalf, r + kHalf);
    const bool possible = f1 - kHalf <= most;
    claim.findings.push_back(fmt::format(
        "{}: that is {:.2f} for {:.1f} and {:.1f}, and at most {:.2f} for what these may have been "
        "before rounding; {:.1f} is printed, {} or more: {}.",
        model.name, harmonic(p, r), p, r, most, f1, rounded(f1 - kHalf, 2),
        possible ? "possible" : "out of reach"));
    if (!possible) claim.verdict = ClaimVerdict::does_not_hold;
  }
  return claim;
}

PaperClaim rates_claim() {
  // Of a tenth of the images, at the most that recall can be.
  const auto false_positive_rate = [](double precision) {
    return (1.0 - precision) / precision / (kPrintedClasses - 1);
  };
  return {.place = "Sec. 4.2, eq. 23 and 24",
          .claim =
              "high precision “indicates a low false positive rate”, high recall “a low false "
              "negative rate”",
          .findings = {"The false negative rate is 1 less recall. 1 less precision is the false "
                       "discovery rate: of the images called k those that are not.",
                       fmt::format("With ten equal classes a precision of 97 % means a false "
                                   "positive rate of at most {:.2f} %. It is low for bad "
                                   "precision, too: at 50 % at most {:.1f} %.",
                                   100.0 * false_positive_rate(0.97),
                                   100.0 * false_positive_rate(0.5))},
          .basis = ClaimBasis::arithmetic,
          .verdict = ClaimVerdict::holds};
}

PaperClaim deviation_claim(const PaperCheck& check) {
  PaperClaim claim{.place = "Table 4",
                   .claim = "what the ± is",
                   .findings = {},
                   .basis = ClaimBasis::reading,
                   .verdict = ClaimVerdict::cannot_be_told};
  const auto sampling_error = [](const PrintedModel& model) {
    const double a = accuracy_of(model) / 100.0;
    return percent(std::sqrt(a * (1.0 - a) / static_cast<double>(kPrintedTestImages)));
  };
  claim.findings.push_back(fmt::format(
      "The text says neither over what it is taken nor of how many runs. Accuracy is one number "
      "per run: its ± may be an SD over runs or the sampling error √(a(1 - a)/N), which is {} for "
      "the MLP and {} for the CNN.",
      sampling_error(kPrintedMlp), sampling_error(kPrintedCnn)));
  for (const PrintedModel& model : {kPrintedMlp, kPrintedCnn}) {
    const double ratio =
        printed_mean(model, "macro_recall").sd / printed_mean(model, kAccuracyKey).sd;
    std::string text = fmt::format("{}: recall's ± is {:.1f} times accuracy's", model.name, ratio);
    std::optional<double> accuracy;
    std::optional<double> recall;
    for (const PaperCell& cell : check.cells) {
      if (cell.model != model.name) continue;
      if (cell.metric->key == kAccuracyKey) accuracy = cell.ours.sd;
      if (cell.metric->key == "macro_recall") recall = cell.ours.sd;
    }
    if (accuracy && recall && *accuracy > 0.0) {
      text += fmt::format("; over our seeds it is {:.1f} times", *recall / *accuracy);
    }
    claim.findings.push_back(text + ".");
  }
  std::int64_t known = 0;
  std::int64_t to_classes = 0;
  for (const PaperCell& cell : check.cells) {
    const auto nearer = nearer_of(cell);
    if (!nearer) continue;
    ++known;
    if (*nearer == Nearer::classes) ++to_classes;
  }
  if (known > 0) {
    claim.findings.push_back(fmt::format(
        "Of the {} ± of recall, precision and F1, {} {} nearer to our SD over the classes than to "
        "the one over the seeds (table above).",
        known, to_classes, singular_or_plural(to_classes, "is", "are")));
  }
  return claim;
}

}  // namespace

std::vector<PaperClaim> table4_claims(const PaperEvidence& evidence, const PaperCheck& check) {
  return {accuracy_formula_claim(evidence),
          recall_claim(evidence.mlp, evidence.class_sizes),
          recall_claim(evidence.cnn, evidence.class_sizes),
          f1_claim(),
          rates_claim(),
          deviation_claim(check)};
}

}  // namespace mnist_bench
