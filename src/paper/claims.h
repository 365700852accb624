#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/judge.h"
#include "paper/check.h"
#include "paper/printed.h"
#include "report/evaluations.h"
#include "report/groups.h"
#include "report/severity.h"

namespace mnist_bench {

/// Our runs of one of the paper's models.
struct PaperModel {
  const PrintedModel* printed = nullptr;
  const RunGroup* runs = nullptr;  ///< null: none

  /// Whether some are completed.
  [[nodiscard]] bool has_runs() const { return runs != nullptr && !runs->completed.empty(); }
};

/// Where evidence lists something of both models.
inline constexpr std::size_t kMlp = 0;
inline constexpr std::size_t kCnn = 1;

/// What makes the runs of both models.
inline constexpr const char* kPaperSweep = "sweep configs/paper/sweep.json";
/// The suite of transforms that claims on robustness are decided by.
inline constexpr const char* kPaperSuite = "standard";

/// What the claims are checked against, besides the paper itself.
struct PaperEvidence {
  PaperModel mlp;
  PaperModel cnn;
  /// All groups of the report.
  std::span<const RunGroup> groups = {};
  const EvaluationsOfRuns& evaluations;
  /// The same experiments on images with permuted pixels.
  PaperModel permuted_mlp = {};
  PaperModel permuted_cnn = {};
  /// Both models' accuracies on the test images of the suite kPaperSuite, [kMlp] and [kCnn]; empty
  /// unless both have runs.
  std::vector<TransformFamily> families = {};
  std::vector<TransformFamily> permuted_families = {};
  /// Images of each class among MNIST's 10,000 test images; empty when no run was tested on all of
  /// them.
  std::vector<std::int64_t> class_sizes;
};

/// Table 1 or 2 compared with our model.
std::vector<PaperLayer> check_layers(const PaperModel& model);
/// Tables 4 and 5 compared with our runs.
std::vector<PaperCell> check_cells(const PaperEvidence& evidence);

/// Abstract and Sec. 3.5 to 3.7: what is computed, and on what.
std::vector<PaperClaim> method_claims(const PaperEvidence& evidence);
/// Sec. 3.9, 3.10 and Algorithm 1: how it is trained.
std::vector<PaperClaim> training_claims(const PaperEvidence& evidence);
/// Sec. 4.2 and Table 4: whether its numbers can be.
std::vector<PaperClaim> table4_claims(const PaperEvidence& evidence, const PaperCheck& check);
/// Sec. 4.2, 5.1 and 6: how results are to be read, and what the paper concludes from Table 4.
std::vector<PaperClaim> result_claims(const PaperEvidence& evidence);
/// Sec. 5.2 and 5.3: time, parameters, complexity.
std::vector<PaperClaim> cost_claims(const PaperEvidence& evidence);
/// Abstract, Sec. 5.4 and 6: shifted, distorted, noisy images, and spatial information.
std::vector<PaperClaim> robustness_claims(const PaperEvidence& evidence);

/// Sec. 3.5, 3.6, 3.9 and 3.10: what runs show that differ from ours in one setting.
std::vector<PaperClaim> experiment_claims(const PaperEvidence& evidence);
/// Of these, the one on the magnitude of a network's signals (eq. 20).
PaperClaim magnitude_claim(const PaperEvidence& evidence);
/// Sec. 2, 5.2 and 6: what other networks and classifiers show, and ours on other images.
std::vector<PaperClaim> network_claims(const PaperEvidence& evidence);
/// Sec. 6: its future work on noisy inputs.
std::vector<PaperClaim> noise_claims(const PaperEvidence& evidence);

/// Of all runs of the group.
const ExperimentConfig& config_of(const RunGroup& group);

/// What our two models' runs differ in besides the model (settings, device, test images), as a
/// sentence; then their difference says nothing of the models. Absent: nothing, or one has no runs.
std::optional<std::string> other_difference(const PaperEvidence& evidence);

/// The judge's word on a value of each run of two groups, b − a, seed by seed; as for judge_models.
Judgement judge_groups(const RunGroup& a, const RunGroup& b,
                       std::optional<double> (*value)(const RunResult&), std::int64_t images);
/// The judge's word on a value of each run, CNN − MLP, seed by seed; `value` may lack. Seeds whose
/// runs lack it, or that one side lacks, are left out. `images`: which it is a share of, 0 for a
/// time.
Judgement judge_models(const PaperEvidence& evidence,
                       std::optional<double> (*value)(const RunResult&), std::int64_t images = 0);
/// "shown", "suggested, not shown" or "not shown", with n.
std::string judged_text(const Judgement& judgement);
/// "+1.31 (1.20 to 1.42)": the mean of differences and its 95 % interval, as the metric is written.
std::string difference_text(const Metric& metric, const SampleSummary& difference,
                            std::int64_t images);
/// The verdict on "the CNN's is higher in all of them": one that is shown to be lower refutes it.
ClaimVerdict joint_verdict(const JointJudgement& joint);
/// The same where some that are higher and some that are lower mean that it holds in part.
ClaimVerdict verdict_in_parts(const JointJudgement& joint);
/// "Shown to be higher for the CNN: accuracy; no difference shown: macro F1."
std::string joint_text(const JointJudgement& joint);
/// How many of the comparisons are conclusions at 5 %.
std::int64_t tests_in(const std::vector<NamedJudgement>& judgements);
/// The verdict on "the CNN's is higher"; on "lower" where `higher` is false.
ClaimVerdict claim_verdict(const Judgement& judgement, bool higher);

/// "97.70 ± 0.17 (n = 5)" of the metric with this key, or "–".
std::string ours_text(const RunGroup& runs, const char* metric_key);

const PrintedMean& printed_mean(const PrintedModel& model, const std::string& metric_key);
/// Table 4's, in per cent.
double accuracy_of(const PrintedModel& model);
/// What a number of Table 4 may have been before it was rounded, as a share.
Interval unrounded(double printed);
/// A share in per cent, without the sign.
std::string percent(double share, int decimals = 2);

}  // namespace mnist_bench
