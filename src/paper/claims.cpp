#include "paper/claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "config/difference.h"
#include "report/rounding.h"

namespace mnist_bench {

const ExperimentConfig& config_of(const RunGroup& group) { return first_run(group).result.config; }

const PrintedMean& printed_mean(const PrintedModel& model, const std::string& metric_key) {
  return *std::find_if(model.means.begin(), model.means.end(),
                       [&](const PrintedMean& mean) { return mean.metric == metric_key; });
}

double accuracy_of(const PrintedModel& model) { return printed_mean(model, kAccuracyKey).mean; }

Interval unrounded(double printed) {
  return {.low = (printed - kPrintedHalfUnit) / 100.0,
          .high = (printed + kPrintedHalfUnit) / 100.0};
}

std::string percent(double share, int decimals) { return rounded(100.0 * share, decimals); }

std::optional<std::string> other_difference(const PaperEvidence& evidence) {
  if (!evidence.mlp.has_runs() || !evidence.cnn.has_runs()) return std::nullopt;
  const RunGroup& mlp = *evidence.mlp.runs;
  const RunGroup& cnn = *evidence.cnn.runs;
  const RunResult& a = mlp.completed.front().result;
  const RunResult& b = cnn.completed.front().result;
  ExperimentConfig of_the_cnn = a.config;
  of_the_cnn.seed = b.config.seed;
  of_the_cnn.model = b.config.model;  // the one difference that the claims are about
  std::vector<std::string> found = differences_between(of_the_cnn, b.config);
  if (mlp.device != cnn.device) found.push_back("device: " + mlp.device + " → " + cnn.device);
  if (!share_test_images(mlp, cnn)) found.emplace_back("the test images");
  if (found.empty()) return std::nullopt;
  return fmt::format("Ours differ in more than the model, so they say nothing of it: {}.",
                     fmt::join(found, ", "));
}

Judgement judge_groups(const RunGroup& a, const RunGroup& b,
                       std::optional<double> (*value)(const RunResult&), std::int64_t images) {
  return judge(paired_by_seed(values_by_seed(a, value), values_by_seed(b, value)).differences,
               images);
}

Judgement judge_models(const PaperEvidence& evidence,
                       std::optional<double> (*value)(const RunResult&), std::int64_t images) {
  if (evidence.mlp.runs == nullptr || evidence.cnn.runs == nullptr) return judge({}, images);
  return judge_groups(*evidence.mlp.runs, *evidence.cnn.runs, value, images);
}

std::string difference_text(const Metric& metric, const SampleSummary& difference,
                            std::int64_t images) {
  const double mean = metric.scale() * *difference.mean;
  const double sd = metric.scale() * difference.sd.value_or(0.0);
  const int decimals = metric_decimals(metric, sd, mean, images);
  std::string text = signed_text(mean, decimals);
  if (const auto& interval = difference.ci95) {
    text += fmt::format(" ({} to {})", rounded(metric.scale() * interval->low, decimals),
                        rounded(metric.scale() * interval->high, decimals));
  }
  return text;
}

std::string judged_text(const Judgement& judgement) {
  return fmt::format("{} (n = {})", to_string(judgement.conclusion), judgement.difference.n);
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

ClaimVerdict verdict_in_parts(const JointJudgement& joint) {
  if (!joint.shown_higher.empty() && !joint.shown_lower.empty()) return ClaimVerdict::holds_in_part;
  return joint_verdict(joint);
}

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

std::int64_t tests_in(const std::vector<NamedJudgement>& judgements) {
  return std::count_if(judgements.begin(), judgements.end(),
                       [](const NamedJudgement& each) { return each.judgement.could_decide(); });
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

std::string ours_text(const RunGroup& runs, const char* metric_key) {
  const Metric& metric = metric_of(metric_key);
  const SampleSummary& summary = runs.summaries.at(metric.key);
  if (!summary.mean) return "–";
  return fmt::format("{} (n = {})", summary_text(summary, metric, test_images(runs)).mean_and_sd(),
                     summary.n);
}

}  // namespace mnist_bench
