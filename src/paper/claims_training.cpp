#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

/// v̂ = v/(1 − β₂ᵗ) of all parameters that ever had a gradient (eq. 18), ascending; empty where the
/// run has no checkpoint that can be read.
std::vector<double> second_moments_of(const StoredRun& run) {
  std::vector<double> moments;
  try {
    const Checkpoint checkpoint = read_checkpoint(run.folder);
    const auto* adam = std::get_if<AdamConfig>(&run.result.config.optimizer);
    if (adam == nullptr) return {};
    require_state_of(*adam, checkpoint.state);
    const double correction =
        1.0 - std::pow(adam->beta2, static_cast<double>(checkpoint.state.step));
    for (const NamedTensor& tensor : checkpoint.state.optimizer.at("exp_avg_sq")) {
      for (const float v : tensor.values) {
        if (v > 0.0F) moments.push_back(static_cast<double>(v) / correction);
      }
    }
  } catch (const Error&) {
    return {};
  }
  std::sort(moments.begin(), moments.end());
  return moments;
}

std::optional<std::string> adam_finding(const PaperModel& model) {
  if (!model.has_runs()) return std::nullopt;
  const StoredRun& run = model.runs->completed.front();
  const std::vector<double> moments = second_moments_of(run);
  if (moments.empty()) return std::nullopt;
  const double median = moments[moments.size() / 2];
  // The ratio falls as v does.
  const auto shorter = std::partition_point(moments.begin(), moments.end(), [](double v) {
    return adam_step_ratio(v, kPrintedEpsilon) < 0.9;
  });
  return fmt::format(
      "In our {} (end of seed {}) the median √v is {:.1e}, where eq. 19 takes {:.2f} of eq. 15's "
      "step; for {:.0f} % of the parameters it takes less than 0.90.",
      model.printed->name, run.result.config.seed, std::sqrt(median),
      adam_step_ratio(median, kPrintedEpsilon),
      100.0 * static_cast<double>(shorter - moments.begin()) / static_cast<double>(moments.size()));
}

PaperClaim adam_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Eq. 15 and 19",
      .claim = "both are given as Adam's update: ε outside the root in one, inside in the other",
      .findings = {},
      .basis = ClaimBasis::arithmetic,
      .verdict = adam_step_ratio(kPrintedEpsilon, kPrintedEpsilon) == 1.0
                     ? ClaimVerdict::holds
                     : ClaimVerdict::does_not_hold};
  const double root = std::sqrt(kPrintedEpsilon);
  claim.findings.push_back(fmt::format(
      "They differ: with ε = {:.0e} eq. 19 takes {:.4f} of eq. 15's step at √v = {:.0e}, {:.3f} at "
      "{:.0e} and {:.3f} at {:.0e}.",
      kPrintedEpsilon, adam_step_ratio(100.0 * kPrintedEpsilon, kPrintedEpsilon), 10.0 * root,
      adam_step_ratio(kPrintedEpsilon, kPrintedEpsilon), root,
      adam_step_ratio(0.01 * kPrintedEpsilon, kPrintedEpsilon), 0.1 * root));
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (const auto finding = adam_finding(model)) claim.findings.push_back(*finding);
  }
  claim.findings.emplace_back(
      "PyTorch, and so ours, computes eq. 15, as do Adam's authors (Kingma and Ba, 2015).");
  return claim;
}

PaperClaim initialization_claim() {
  // x = max(0, y) of a normal y with mean 0 and variance 1.
  constexpr double kMeanSquare = 0.5;
  const double variance = kMeanSquare - 0.5 / std::numbers::pi;
  constexpr double kOutput = 2.0 * kMeanSquare;
  constexpr double kPrintedTolerance = 0.05;  // what "≈" may leave open
  return {
      .place = "Sec. 3.10, eq. 20",
      .claim = "Var(W) = 2/n_in so that “Var(y_l) ≈ Var(x_l)”",
      .findings = {fmt::format(
          "Let x = max(0, y) of the layer before, y normal with mean 0 and variance 1: E[x²] = "
          "{:.1f} and Var(x) = 1/2 - 1/(2π) = {:.4f}. Eq. 20 then gives n_in · Var(W) · E[x²] = "
          "{:.1f}: the variance of y is kept from layer to layer, as He et al. want it, and is "
          "{:.2f} times Var(x).",
          kMeanSquare, variance, kOutput, kOutput / variance)},
      .basis = ClaimBasis::arithmetic,
      .verdict = std::abs(kOutput / variance - 1.0) < kPrintedTolerance
                     ? ClaimVerdict::holds
                     : ClaimVerdict::does_not_hold};
}

PaperClaim batch_claim() {
  const std::int64_t whole = kPrintedTrainImages / kPrintedBatch;
  const std::int64_t left = kPrintedTrainImages % kPrintedBatch;
  return {.place = "Algorithm 1, line 5",
          .claim = "“each minibatch … with |B| = M”",
          .findings = {fmt::format(
              "{} images are {} batches of {} and {} more. Dropping those gives {} steps in {} "
              "epochs and leaves out {:.2f} % of the images in each; keeping them, as ours do, "
              "gives {}.",
              with_commas(kPrintedTrainImages), whole, kPrintedBatch, left,
              with_commas(kPrintedEpochs * whole), kPrintedEpochs,
              100.0 * static_cast<double>(left) / static_cast<double>(kPrintedTrainImages),
              with_commas(kPrintedEpochs * (whole + (left > 0 ? 1 : 0))))},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::cannot_be_told};
}

PaperClaim moment_bias_claim() {
  return {.place = "Sec. 3.9, eq. 18",
          .claim =
              "m and v, “initialized as vectors of 0's”, are “biased towards zero”, and "
              "eq. 18 counteracts it",
          .findings = {fmt::format(
              "By eq. 16 and 17 the weights of the gradients up to step t add up to 1 - βᵗ: for m "
              "{:.2f} at t = 1 and {:.2f} at t = 10, for v {:.3f} and {:.3f}. Eq. 18 divides by "
              "just that; for gradients of one distribution m̂ and v̂ then have no bias.",
              1.0 - 0.9, 1.0 - std::pow(0.9, 10), 1.0 - 0.999, 1.0 - std::pow(0.999, 10))},
          .basis = ClaimBasis::arithmetic,
          .verdict = ClaimVerdict::holds};
}

PaperClaim whole_gradient_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.10",
      .claim =
          "the true gradient “over the entire dataset population” is “computationally "
          "prohibitive”",
      .findings =
          {"The population is not known, so that no computation gives its gradient. That of "
           "all training images is one epoch's work without its updates. No bound is "
           "given; what it costs is the steps that could be taken instead."},
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::cannot_be_told};
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (!model.has_runs()) continue;
    claim.findings.push_back(fmt::format("Our {} takes {} s for an epoch, with its updates.",
                                         model.printed->name,
                                         ours_text(*model.runs, "seconds_per_epoch")));
  }
  return claim;
}

PaperClaim unbiased_claim() {
  return {
      .place = "Sec. 3.10, eq. 21",
      .claim =
          "the gradient of a minibatch is an “unbiased estimator of the true gradient”, "
          "that “over the entire dataset population”",
      .findings = {"For fixed parameters and the empirical risk, the mean loss over the training "
                   "images, yes: in a random order each image is equally likely to be in each "
                   "batch. But Algorithm 1 shuffles once an epoch: from the second batch on, "
                   "the parameters depend on the images used so far, and the next ones are "
                   "drawn from the rest.",
                   "For the expected loss over the population, in the first epoch, where each "
                   "batch is new to the parameters; not from the second on, when they have "
                   "seen all images."},
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::holds_in_part};
}

PaperClaim minima_claim() {
  return {.place = "Sec. 3.10",
          .claim = "the noise helps to “escape sharp local minima and saddle points”",
          .findings = {"No sharpness is measured or defined, and no measure of it follows from the "
                       "function that a network computes: with relu a layer's weights and biases "
                       "can be divided by any positive number and the next layer's weights "
                       "multiplied by it. The function stays the same; its derivatives by these "
                       "weights are scaled (Dinh et al. 2017).",
                       "What is to follow from it, better generalization, is a claim of its own."},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::cannot_be_told};
}

PaperClaim exact_gradient_claim() {
  constexpr double kMachinePrecision = 0x1p-24;  // relative error of rounding to float32
  // "Up to" leaves room for the roundings of a handful of operations.
  constexpr double kRoom = 16.0;
  const double error = float_gradient_error(
      std::vector<std::int64_t>(kPrintedMlpUnits.begin(), kPrintedMlpUnits.end()));
  return {.place = "Sec. 3.10",
          .claim =
              "automatic differentiation ensures “exact gradient computation up to machine "
              "precision”",
          .findings = {fmt::format(
                           "The gradient of an MLP of {} units by the chain rule, eq. 5 to 7, in "
                           "float32 and in float64: the largest difference is {:.2g} times the "
                           "largest derivative of the layer, {:.2g} times float32's precision of "
                           "{:.2g}.",
                           fmt::join(kPrintedMlpUnits, ", "), error, error / kMachinePrecision,
                           kMachinePrecision),
                       "The chain rule adds no error of its own, unlike differences of the loss; "
                       "the sums over units round. Where relu's input is 0 there is no derivative, "
                       "and eq. 6 takes 0."},
          .basis = ClaimBasis::arithmetic,
          .verdict = error <= kRoom * kMachinePrecision ? ClaimVerdict::holds
                                                        : ClaimVerdict::does_not_hold};
}

PaperClaim conditions_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 1",
      .claim = "both models are trained “under identical training conditions”",
      .findings =
          {"Optimizer, learning rate, batch and epochs are the same (Sec. 4.1). The dropout "
           "is not: one layer in Table 1, two in Table 2. Nor are the number of parameters "
           "and the arithmetic; no run equalizes either."},
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::holds_in_part};
  if (!evidence.mlp.has_runs() || !evidence.cnn.has_runs()) return claim;
  const auto other = other_difference(evidence);
  claim.findings.push_back(other.value_or("Ours: the configs differ in model.* alone."));
  return claim;
}

}  // namespace

std::vector<PaperClaim> training_claims(const PaperEvidence& evidence) {
  return {conditions_claim(evidence),
          adam_claim(evidence),
          initialization_claim(),
          batch_claim(),
          whole_gradient_claim(evidence),
          unbiased_claim(),
          moment_bias_claim(),

          minima_claim(),
          exact_gradient_claim()};
}

}  // namespace mnist_bench
