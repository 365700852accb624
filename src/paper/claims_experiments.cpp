#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/difference.h"
#include "paper/claims.h"
#include "report/rounding.h"

// Claims that an experiment of its own decides: runs that differ from the paper's in one setting.

namespace mnist_bench {
namespace {

/// A number of each run.
struct Measured {
  const char* what;    ///< "accuracy after one epoch"
  const char* metric;  ///< the key of the one by whose rules it is written
  std::optional<double> (*value)(const RunResult&);

  [[nodiscard]] const Metric& rules() const { return metric_of(metric); }
};

std::optional<double> first_accuracy(const RunResult& run) {
  if (run.epochs.empty() || !run.epochs.front().test) return std::nullopt;
  return run.epochs.front().test->accuracy;
}

std::optional<double> first_loss(const RunResult& run) {
  return run.epochs.empty() ? std::nullopt : std::optional(run.epochs.front().train_loss);
}

std::optional<double> last_accuracy(const RunResult& run) {
  return metric_of(kAccuracyKey).value(run);
}

std::optional<double> first_validation_accuracy(const RunResult& run) {
  if (run.epochs.empty() || !run.epochs.front().validation) return std::nullopt;
  return run.epochs.front().validation->accuracy;
}

constexpr Measured kFirstAccuracy = {"test accuracy after one epoch", kAccuracyKey, first_accuracy};
constexpr Measured kFirstLoss = {"training loss of the first epoch", "loss", first_loss};
constexpr Measured kLastAccuracy = {"test accuracy at the end", kAccuracyKey, last_accuracy};

/// One of two sides of a comparison.
struct Side {
  std::string name;
  const RunGroup* runs = nullptr;
};

/// "95.2 ± 0.3"
std::string mean_text(const Measured& measured, const RunGroup& runs) {
  const SampleSummary summary = summary_by_seed(runs, measured.value);
  return summary_text(summary, measured.rules(), test_images(runs)).mean_and_sd();
}

/// The judge's word on whether `b` is better than `a`, with the sign of "better", and a finding on
/// the two added to `findings`.
NamedJudgement held_against(const std::string& model, const Measured& measured, const Side& a,
                            const Side& b, std::vector<std::string>& findings) {
  const Metric& rules = measured.rules();
  const std::int64_t images = rules.is_share() ? test_images(*b.runs).value_or(0) : 0;
  std::vector<double> better = paired_by_seed(values_by_seed(*a.runs, measured.value),
                                              values_by_seed(*b.runs, measured.value))
                                   .differences;
  std::vector<double> plain = better;
  if (rules.better == Better::lower) {
    for (double& difference : better) difference = -difference;
  }
  const Judgement judgement = judge(better, images);
  const SampleSummary difference = judge(plain, images).difference;
  std::string text = "no common seeds";
  if (difference.mean) {
    const double mean = rules.scale() * *difference.mean;
    const int decimals =
        metric_decimals(rules, rules.scale() * difference.sd.value_or(0.0), mean, images);
    text = signed_text(mean, decimals);
    if (difference.ci95) {
      text += fmt::format(" ({} to {})", rounded(rules.scale() * difference.ci95->low, decimals),
                          rounded(rules.scale() * difference.ci95->high, decimals));
    }
  }
  findings.push_back(fmt::format("{}, {}{}: {} {}, {} {}; {} less {} {}, a difference is {}.",
                                 model, measured.what, rules.is_share() ? " in %" : "", b.name,
                                 mean_text(measured, *b.runs), a.name, mean_text(measured, *a.runs),
                                 b.name, a.name, text, judged_text(judgement)));
  return {fmt::format("{}, {} against {}, {}", model, b.name, a.name, measured.what), judgement};
}

/// Concludes a claim that the second side is better in each of the comparisons.
void conclude(PaperClaim& claim, const std::vector<NamedJudgement>& judgements) {
  if (judgements.empty()) return;
  claim.basis = ClaimBasis::runs;
  claim.tests = tests_in(judgements);
  claim.verdict = verdict_in_parts(judge_jointly(judgements));
}

/// What a claim without its experiment says.
void add_lack(PaperClaim& claim) {
  if (claim.basis == ClaimBasis::runs) return;
  claim.findings.push_back(
      fmt::format("These runs have no such experiment: {}.", claim.experiment));
}

std::vector<PaperModel> models_of(const PaperEvidence& evidence) {
  std::vector<PaperModel> models;
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (model.runs != nullptr && !model.runs->completed.empty()) models.push_back(model);
  }
  return models;
}

/// The variant of `of` in which `is_wanted` holds; null: there is none.
template <class Predicate>
const RunGroup* variant(const PaperEvidence& evidence, const RunGroup& of,
                        const std::vector<std::string>& keys, const Predicate& is_wanted) {
  for (const RunGroup* group : variants_of(evidence, of, keys)) {
    if (is_wanted(config_of(*group))) return group;
  }
  return nullptr;
}

PaperClaim normalization_speed_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.6",
                   .claim = "pixels are scaled or standardized “to ensure faster convergence”",
                   .experiment = "sweep configs/paper/normalization.json"};
  std::vector<NamedJudgement> judgements;
  for (const PaperModel& model : models_of(evidence)) {
    const auto with = [&](Normalization normalization) {
      return variant(evidence, *model.runs, {"data.normalization"}, [&](const auto& config) {
        return config.data.normalization == normalization;
      });
    };
    const Side none = {"bytes", with(Normalization::none)};
    if (none.runs == nullptr) continue;
    for (const Side& scaled :
         {Side{"unit", with(Normalization::unit)}, Side{"standardized", model.runs}}) {
      if (scaled.runs == nullptr) continue;
      for (const Measured& measured : {kFirstLoss, kFirstAccuracy}) {
        judgements.push_back(
            held_against(model.printed->name, measured, none, scaled, claim.findings));
      }
    }
  }
  conclude(claim, judgements);
  add_lack(claim);
  return claim;
}

PaperClaim initialization_speed_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.10",
                   .claim = "“Proper initialization is crucial for convergence”: He's is adopted",
                   .experiment = "sweep configs/paper/initialization.json"};
  std::vector<NamedJudgement> judgements;
  for (const PaperModel& model : models_of(evidence)) {
    for (const EnumName<Initialization>& entry : kInitializations) {
      const RunGroup* const other =
          variant(evidence, *model.runs, {"model.initialization"},
                  [&](const auto& config) { return config.initialization == entry.value; });
      if (other == nullptr) continue;
      for (const Measured& measured : {kFirstLoss, kFirstAccuracy}) {
        judgements.push_back(held_against(model.printed->name, measured,
                                          {std::string(entry.name), other}, {"he", model.runs},
                                          claim.findings));
      }
    }
  }
  conclude(claim, judgements);
  add_lack(claim);
  return claim;
}

/// The runs with SGD that are best on the images held back after one epoch; null: there are none.
const RunGroup* tuned_sgd(const PaperEvidence& evidence, const RunGroup& adam) {
  const RunGroup* best = nullptr;
  double most = 0.0;
  for (const RunGroup* group : variants_of(evidence, adam, {"optimizer."})) {
    const SampleSummary accuracy = summary_by_seed(*group, first_validation_accuracy);
    const bool is_sgd = std::holds_alternative<SgdConfig>(config_of(*group).optimizer);
    if (!is_sgd || !accuracy.mean || (best != nullptr && *accuracy.mean <= most)) continue;
    best = group;
    most = *accuracy.mean;
  }
  return best;
}

PaperClaim sgd_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.9",
                   .claim = "Adam “achieves faster convergence compared to standard SGD”",
                   .findings = {"The paper shows no run with SGD and no learning curve."},
                   .experiment = "sweep configs/paper/sgd.json"};
  std::vector<NamedJudgement> judgements;
  for (const PaperModel& model : models_of(evidence)) {
    for (const RunGroup* adam :
         variants_of(evidence, *model.runs, {"data.validation", "training.epochs"})) {
      const RunGroup* const sgd = tuned_sgd(evidence, *adam);
      if (sgd == nullptr) continue;
      const auto& settings = std::get<SgdConfig>(config_of(*sgd).optimizer);
      claim.findings.push_back(fmt::format(
          "{}: of {} settings of SGD, the one with the best accuracy after one epoch on {} images "
          "held back counts: rate {}, momentum {}. Adam has the paper's setting, untuned.",
          model.printed->name, variants_of(evidence, *adam, {"optimizer."}).size(),
          *config_of(*sgd).data.validation, settings.learning_rate, settings.momentum));
      for (const Measured& measured : {kFirstLoss, kFirstAccuracy}) {
        judgements.push_back(held_against(model.printed->name, measured, {"SGD", sgd},
                                          {"Adam", adam}, claim.findings));
      }
    }
  }
  conclude(claim, judgements);
  add_lack(claim);
  return claim;
}

PaperClaim minibatch_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.10",
      .claim = "the noise of minibatches leads “to better generalization on the test set”",
      .findings = {"The smaller a batch, the more noise has its gradient. At equal epochs small "
                   "batches also take more steps; at equal steps they see fewer images."},
      .experiment = "sweep configs/paper/batches.json"};
  std::vector<NamedJudgement> judgements;
  const auto smallest_against_largest = [&](const PaperModel& model, const char* at,
                                            std::vector<const RunGroup*> groups) {
    std::sort(groups.begin(), groups.end(), [](const RunGroup* a, const RunGroup* b) {
      return config_of(*a).training.batch_size < config_of(*b).training.batch_size;
    });
    if (groups.size() < 2) return;
    std::vector<std::string> all;
    for (const RunGroup* group : groups) {
      all.push_back(fmt::format("{}: {}", config_of(*group).training.batch_size,
                                mean_text(kLastAccuracy, *group)));
    }
    claim.findings.push_back(fmt::format("{}, {}, accuracy in % by images in a batch: {}.",
                                         model.printed->name, at, fmt::join(all, ", ")));
    const auto side = [&](const RunGroup* group) {
      return Side{fmt::format("batches of {}", config_of(*group).training.batch_size), group};
    };
    NamedJudgement judged = held_against(model.printed->name, kLastAccuracy, side(groups.back()),
                                         side(groups.front()), claim.findings);
    judged.name += fmt::format(", {}", at);
    judgements.push_back(std::move(judged));
  };
  for (const PaperModel& model : models_of(evidence)) {
    std::vector<const RunGroup*> epochs =
        variants_of(evidence, *model.runs, {"training.batch_size"});
    epochs.push_back(model.runs);
    smallest_against_largest(model, "at equal epochs", epochs);
    std::vector<const RunGroup*> steps = variants_of(
        evidence, *model.runs, {"training.batch_size", "training.steps", "training.epochs"});
    std::erase_if(steps, [](const RunGroup* group) { return !config_of(*group).training.steps; });
    if (!steps.empty()) {
      std::erase_if(steps,
                    [wanted = config_of(*steps.front()).training.steps](const RunGroup* group) {
                      return config_of(*group).training.steps != wanted;
                    });
    }
    smallest_against_largest(model, "at equal steps", steps);
  }
  conclude(claim, judgements);
  add_lack(claim);
  return claim;
}

/// How far a CNN's numbers may be from the MLP's to count as equal.
constexpr double kEqualWithin = 0.01;

/// The CNN among the groups whose `count` is nearest to the MLP's, if it is within kEqualWithin.
const RunGroup* equal_cnn(const std::vector<const RunGroup*>& groups, const ModelSummary& mlp,
                          std::int64_t ModelSummary::*count) {
  const auto distance = [&](const RunGroup* group) {
    return std::abs(static_cast<double>((*group->model).*count) / static_cast<double>(mlp.*count) -
                    1.0);
  };
  const RunGroup* nearest = nullptr;
  for (const RunGroup* group : groups) {
    if (!group->model || group->model->type != CnnConfig::kType) continue;
    if (distance(group) > kEqualWithin) continue;
    if (nearest == nullptr || distance(group) < distance(nearest)) nearest = group;
  }
  return nearest;
}

PaperClaim trade_off_claim(const PaperEvidence& evidence) {
  const auto points_per_100k = [](const PrintedModel& model) {
    return model.means[0].mean * 1e5 / static_cast<double>(model.parameters);
  };
  PaperClaim claim{
      .place = "Sec. 5.2",
      .claim = "CNNs “provide a better parameter-efficiency trade-off relative to their accuracy”",
      .findings = {fmt::format(
          "No measure of it is given. Accuracy per 100,000 parameters is {:.1f} points for the MLP "
          "and {:.1f} for the CNN, which speaks against it, but an MLP of the CNN's size, or a CNN "
          "of the MLP's, is not tried.",
          points_per_100k(kPrintedMlp), points_per_100k(kPrintedCnn))},
      .experiment = "sweep configs/paper/efficiency.json"};
  std::vector<NamedJudgement> judgements;
  if (evidence.mlp.runs != nullptr && evidence.mlp.runs->model) {
    const RunGroup& mlp = *evidence.mlp.runs;
    const std::vector<const RunGroup*> others = variants_of(evidence, mlp, {"model."});
    for (const auto& [words, count] : {std::pair("equal parameters", &ModelSummary::parameters),
                                       std::pair("equal MACs", &ModelSummary::macs)}) {
      const RunGroup* const cnn = equal_cnn(others, *mlp.model, count);
      if (cnn == nullptr) continue;
      claim.findings.push_back(fmt::format(
          "At {}: a CNN with {} and {} channels and {} hidden units has {} parameters and {} "
          "multiply-accumulates, the MLP {} and {}.",
          words, std::get<CnnConfig>(config_of(*cnn).model).conv1_channels,
          std::get<CnnConfig>(config_of(*cnn).model).conv2_channels,
          std::get<CnnConfig>(config_of(*cnn).model).hidden, with_commas(cnn->model->parameters),
          with_commas(cnn->model->macs), with_commas(mlp.model->parameters),
          with_commas(mlp.model->macs)));
      judgements.push_back(held_against(fmt::format("At {}", words), kLastAccuracy, {"MLP", &mlp},
                                        {"CNN", cnn}, claim.findings));
    }
  }
  conclude(claim, judgements);
  add_lack(claim);
  return claim;
}

}  // namespace

std::vector<const RunGroup*> variants_of(const PaperEvidence& evidence, const RunGroup& of,
                                         const std::vector<std::string>& keys) {
  const auto is_among = [&](const KeyDifference& difference) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return key.ends_with('.') ? difference.key.starts_with(key) : difference.key == key;
    });
  };
  std::vector<const RunGroup*> variants;
  for (const RunGroup& group : evidence.groups) {
    if (group.completed.empty() || group.device != of.device) continue;
    std::vector<KeyDifference> differences = config_differences(config_of(of), config_of(group));
    std::erase_if(differences, [](const KeyDifference& difference) {
      return difference.key == "name" || difference.key == "seed";
    });
    if (differences.empty()) continue;
    if (std::all_of(differences.begin(), differences.end(), is_among)) variants.push_back(&group);
  }
  return variants;
}

std::vector<PaperClaim> experiment_claims(const PaperEvidence& evidence) {
  return {normalization_speed_claim(evidence), sgd_claim(evidence),
          initialization_speed_claim(evidence), minibatch_claim(evidence),
          trade_off_claim(evidence)};
}

}  // namespace mnist_bench
