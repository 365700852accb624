#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/text.h"
#include "model/summary.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// Seconds to classify the test images, mean over the epochs of a run that ended with it
/// (training.evaluate_every).
std::optional<double> evaluation_seconds(const RunResult& run) {
  std::vector<double> seconds;
  for (const EpochRecord& epoch : run.epochs) {
    if (epoch.test) seconds.push_back(epoch.evaluate_seconds);
  }
  return summary_of(seconds).mean;
}

/// Median microseconds from one image to its class, of the runs that were timed.
ValuesBySeed latency_by_seed(const RunGroup& group) {
  ValuesBySeed medians;
  for (const Latency& one : group.latencies) {
    if (one.seed) medians[static_cast<std::uint64_t>(*one.seed)] = one.p50_us;
  }
  return medians;
}

/// "0.0123 s (0.0119 to 0.0128)"
std::string range_text(const SampleSummary& summary, const char* unit) {
  return fmt::format("{} {} ({} to {})", three_digits(*summary.mean), unit,
                     three_digits(*summary.minimum), three_digits(*summary.maximum));
}

/// Times of both models, and the judge's word on their difference.
struct ComparedTimes {
  std::string finding;
  Judgement judgement;
};

/// `what`: what was timed. Nothing where one of the models has no times.
std::optional<ComparedTimes> compare_times(const std::string& what, const ValuesBySeed& mlp,
                                           const ValuesBySeed& cnn, const char* unit) {
  if (mlp.empty() || cnn.empty()) return std::nullopt;
  const SampleSummary of_mlp = summary_of(values_of(mlp));
  const SampleSummary of_cnn = summary_of(values_of(cnn));
  const Judgement judgement = judge(paired_by_seed(mlp, cnn).differences, /*images=*/0);
  return ComparedTimes{
      .finding =
          fmt::format("Ours, {}: MLP {}, n = {}; CNN {}, n = {}, {} times as long. A "
                      "difference is {}.",
                      what, range_text(of_mlp, unit), of_mlp.n, range_text(of_cnn, unit), of_cnn.n,
                      three_digits(*of_cnn.mean / *of_mlp.mean), judged_text(judgement)),
      .judgement = judgement};
}

/// One image at a time, where both models were timed in one way.
std::optional<ComparedTimes> compare_latencies(const RunGroup& mlp, const RunGroup& cnn) {
  if (mlp.latencies.empty() || cnn.latencies.empty()) return std::nullopt;
  const Latency& a = mlp.latencies.front();
  const Latency& b = cnn.latencies.front();
  if (a.engine != b.engine || a.threads != b.threads) return std::nullopt;
  return compare_times(
      fmt::format("one image at a time, medians over the calls of bench --inference ({}, {})",
                  a.engine, counted(a.threads, "thread")),
      latency_by_seed(mlp), latency_by_seed(cnn), "µs");
}

PaperClaim inference_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Abstract",
                   .claim = "“MLPs offer faster inference”",
                   .findings = {"No table gives an inference time; Table 5 times the training."},
                   .experiment = fmt::format("{}, bench --inference RUN...", kPaperSweep),
                   .basis = ClaimBasis::runs};
  if (evidence.mlp.runs == nullptr || evidence.cnn.runs == nullptr) return claim;
  const RunGroup& mlp = *evidence.mlp.runs;
  const RunGroup& cnn = *evidence.cnn.runs;
  const std::optional<ComparedTimes> one_by_one = compare_latencies(mlp, cnn);
  const std::optional<ComparedTimes> all_at_once = compare_times(
      "to classify all test images, means over the epochs of a run",
      values_by_seed(mlp, evaluation_seconds), values_by_seed(cnn, evaluation_seconds), "s");
  if (!one_by_one && !all_at_once) return claim;
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  for (const auto& times : {one_by_one, all_at_once}) {
    if (!times) continue;
    claim.findings.push_back(times->finding);
    claim.tests += times->judgement.could_decide() ? 1 : 0;
  }
  const ComparedTimes& deciding = one_by_one ? *one_by_one : *all_at_once;
  claim.verdict = claim_verdict(deciding.judgement, /*higher=*/true);
  return claim;
}

PaperClaim dropout_claim() {
  const MlpConfig mlp;
  const CnnConfig cnn;
  const auto units = static_cast<double>(kPrintedMlpUnits[2]);
  return {
      .place = "Sec. 3.5, eq. 9",
      .claim = "“p is the probability of retaining a neuron”",
      .findings = {"No value of p is printed, and the Dropout(p) of PyTorch, the framework of Sec. "
                   "4.1, drops with probability p. Only p = 0.5 means the same both ways.",
                   fmt::format(
                       "Our defaults are probabilities to drop: MLP {}, which keeps {:.1f} of "
                       "{} units on average and would keep {:.1f} if read as eq. 9; CNN {} of "
                       "the channels and {} of the units.",
                       mlp.dropout, (1.0 - mlp.dropout) * units, kPrintedMlpUnits[2],
                       mlp.dropout * units, cnn.dropout2d, cnn.dropout),
                   "Eq. 9 and 10 mask single units; the DROPOUT2D of Table 2 drops whole channels, "
                   "which the text does not describe."},
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::cannot_be_told};
}

PaperClaim expectation_claim() {
  return {.place = "Sec. 3.5, eq. 10",
          .claim =
              "“E[ã] = p · a”, which tests match by scaling the weights by p, or training by "
              "“inverted dropout”",
          .findings = {"By eq. 9 each unit is kept with probability p, so that E[r · a] = p · a.",
                       "Inverted dropout, which PyTorch and ours do, divides what is kept by p: "
                       "then E[ã] = a, and nothing is scaled in tests."},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::holds};
}

PaperClaim data_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.6",
                   .claim = "“60,000 training images and 10,000 testing images”",
                   .findings = {},
                   .basis = ClaimBasis::runs};
  const RunGroup* group = evidence.mlp.runs != nullptr ? evidence.mlp.runs : evidence.cnn.runs;
  if (group == nullptr || group->completed.empty() || !group->completed.front().result.data) {
    claim.findings = {"No completed run of ours says what it was trained and tested on."};
    return claim;
  }
  const DataSummary& data = *group->completed.front().result.data;
  claim.findings.push_back(fmt::format("Ours: {} and {}.", with_commas(data.train.samples),
                                       with_commas(data.test.samples)));
  const auto& sizes = evidence.class_sizes;
  if (!sizes.empty()) {
    const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
    claim.findings.push_back(fmt::format(
        "The ten classes of the test images are not of one size: {} (the digit {}) to {} (the "
        "digit {}).",
        with_commas(*least), least - sizes.begin(), with_commas(*most), most - sizes.begin()));
  }
  if (data.dataset == "mnist" && data.train.samples == kPrintedTrainImages &&
      data.test.samples == kPrintedTestImages) {
    claim.verdict = ClaimVerdict::holds;
  } else {
    claim.findings.emplace_back("These runs used a part of the data, or other data.");
  }
  return claim;
}

PaperClaim normalization_claim() {
  // Second moments of the input: E[x²] = mean² + SD².
  const double unit = kPrintedPixelMean * kPrintedPixelMean + kPrintedPixelSd * kPrintedPixelSd;
  constexpr double kStandardized = 1.0;
  return {.place = "Sec. 3.6",
          .claim = "pixels “scaled … to [0, 1] (or standardized …)”",
          .findings = {fmt::format(
              "The two are different inputs: with μ = {} and σ = {}, the mean square of a pixel is "
              "{:.3f} or {:.0f}, and the outputs of the MLP's first layer, initialized by eq. 20, "
              "have {:.1f} times the variance after standardization. Which one was used is not "
              "said; ours by default: standardized.",
              kPrintedPixelMean, kPrintedPixelSd, unit, kStandardized, kStandardized / unit)},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::cannot_be_told};
}

PaperClaim softmax_claim() {
  const auto others = static_cast<double>(kPrintedClasses - 1);
  return {.place = "Sec. 3.7",
          .claim = "output layer “followed by a Softmax function”",
          .findings = {fmt::format(
              "Tables 1 and 2 end with the linear layer. PyTorch's CrossEntropyLoss has the "
              "softmax in it; with another one before it the loss could not fall below ln(1 + "
              "{:.0f}/e) = {:.4f}, whatever the network learns. No loss is printed to tell by.",
              others, std::log(1.0 + others / std::numbers::e))},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::cannot_be_told};
}

PaperClaim convolution_claim() {
  const std::int64_t area = kPrintedKernel * kPrintedKernel;
  const std::int64_t channels = kTable2[0].parameters / (area + 1);
  const std::int64_t map = kPrintedSide - kPrintedKernel + 1;
  return {.place = "Sec. 3.8, eq. 11",
          .claim =
              "the networks' convolution is S(i, j) = Σ I(i + u, j + v) · K(u, v), with the "
              "“convolution operator”",
          .findings =
              {"This is a cross-correlation: a convolution has I(i − u, j − v). It is what "
               "PyTorch, and so ours, computes; kernels that are learned do not mind.",
               fmt::format(
                   "Without a bias the first layer has {} parameters; Table 2 has {}, with one "
                   "for each of {} channels. Without padding its maps have {} by {} values, and "
                   "the first dense layer does not fit Table 2. Nor does eq. 11 add up input "
                   "channels, of which the second layer has {}.",
                   area * channels, kTable2[0].parameters, channels, map, map, channels)},
          .basis = ClaimBasis::arithmetic,
          .verdict = area * channels == kTable2[0].parameters ? ClaimVerdict::holds
                                                              : ClaimVerdict::does_not_hold};
}

PaperClaim order_claim() {
  return {.place = "Sec. 3.8, eq. 12",
          .claim =
              "after convolution relu “is applied”; Table 2 has pooling, and in the second "
              "block dropout, between the two",
          .findings = {"Both are the same function. The larger of two values stays the larger when "
                       "both become max(0, x), so that max pooling and relu can change places; so "
                       "can relu and dropout, which multiplies a channel by 0 or by 1/(1 − p). The "
                       "order of Table 2 takes relu of a quarter of the values."},
          .basis = ClaimBasis::arithmetic,
          .verdict = ClaimVerdict::holds};
}

/// The number of outputs that a layer of `parameters` has, if it comes out even.
std::optional<std::int64_t> outputs_of(std::int64_t parameters, std::int64_t per_output) {
  if (parameters % per_output != 0) return std::nullopt;
  return parameters / per_output;
}

PaperClaim layers_claim() {
  PaperClaim claim{.place = "Tables 1, 2 and 5",
                   .claim = "the layers' parameters, and their totals",
                   .findings = {},
                   .basis = ClaimBasis::arithmetic};
  const auto total = [](const PrintedModel& model) {
    return std::accumulate(
        model.layers.begin(), model.layers.end(), std::int64_t{0},
        [](std::int64_t sum, const auto& layer) { return sum + layer.parameters; });
  };
  const auto& units = kPrintedMlpUnits;
  const std::int64_t mlp = summarize(MlpConfig{.hidden = {units[1], units[2]}},
                                     {.rows = kPrintedSide, .columns = kPrintedSide}, units[3])
                               .parameters;
  claim.findings.push_back(fmt::format(
      "MLP: Table 1 adds up to {}, Table 5 has {}, and layers of {}, {}, {} and {} units have {}.",
      with_commas(total(kPrintedMlp)), with_commas(kPrintedMlp.parameters), units[0], units[1],
      units[2], units[3], with_commas(mlp)));
  const std::int64_t map = kPrintedSide / kPrintedPool / kPrintedPool;
  const std::int64_t weights = kPrintedKernel * kPrintedKernel;
  const auto first = outputs_of(kTable2[0].parameters, weights + 1);
  const auto second = outputs_of(kTable2[3].parameters, weights * first.value_or(0) + 1);
  const auto hidden = outputs_of(kTable2[8].parameters, second.value_or(0) * map * map + 1);
  const auto last = outputs_of(kTable2[11].parameters, hidden.value_or(0) + 1);
  const bool fits = first && second && hidden && last == kPrintedClasses;
  claim.findings.push_back(fmt::format(
      "CNN: Table 2 adds up to {}, Table 5 has {}. The text gives no channels; {} by {} kernels "
      "with padding and two poolings fit Table 2 with {}.",
      with_commas(total(kPrintedCnn)), with_commas(kPrintedCnn.parameters), kPrintedKernel,
      kPrintedKernel,
      fits ? fmt::format("{} and {} channels and {} hidden units", *first, *second, *hidden)
           : "no whole number of channels and units"));
  const bool holds = fits && total(kPrintedMlp) == kPrintedMlp.parameters &&
                     mlp == kPrintedMlp.parameters && total(kPrintedCnn) == kPrintedCnn.parameters;
  claim.verdict = holds ? ClaimVerdict::holds : ClaimVerdict::does_not_hold;
  return claim;
}

}  // namespace

std::vector<PaperClaim> method_claims(const PaperEvidence& evidence) {
  return {inference_claim(evidence), dropout_claim(),       expectation_claim(),
          data_claim(evidence),      normalization_claim(), softmax_claim(),
          convolution_claim(),       order_claim(),         layers_claim()};
}

}  // namespace mnist_bench
