#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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

/// Parts that a claim's experiment lacks and that are named.
constexpr std::size_t kMostMissing = 4;

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

/// The same differences the other way round.
SampleSummary negated(SampleSummary differences) {
  if (differences.mean) *differences.mean *= -1;
  if (differences.ci95) {
    differences.ci95 = Interval{.low = -differences.ci95->high, .high = -differences.ci95->low};
  }
  return differences;
}

/// The judge's word on whether `b` is better than `a`, with the sign of "better", and a finding on
/// the two added to `findings`.
NamedJudgement held_against(const std::string& model, const Measured& measured, const Side& a,
                            const Side& b, std::vector<std::string>& findings) {
  const Metric& rules = measured.rules();
  const std::int64_t images = rules.is_share() ? test_images(*b.runs).value_or(0) : 0;
  const bool is_lower_better = rules.better == Better::lower;
  const Judgement judgement = is_lower_better
                                  ? judge_groups(*b.runs, *a.runs, measured.value, images)
                                  : judge_groups(*a.runs, *b.runs, measured.value, images);
  const SampleSummary difference =
      is_lower_better ? negated(judgement.difference) : judgement.difference;
  findings.push_back(fmt::format(
      "{}, {}{}: {} {}, {} {}; {} less {} {}, a difference is {}.", model, measured.what,
      rules.is_share() ? " in %" : "", b.name, mean_text(measured, *b.runs), a.name,
      mean_text(measured, *a.runs), b.name, a.name,
      difference.mean ? difference_text(rules, difference, images) : "no common seeds",
      judged_text(judgement)));
  return {fmt::format("{}, {} against {}, {}", model, b.name, a.name, measured.what), judgement};
}

/// The same of what the first epoch comes to, by loss and by accuracy.
void hold_first_epochs_against(const std::string& model, const Side& a, const Side& b,
                               PaperClaim& claim, std::vector<NamedJudgement>& judgements) {
  for (const Measured& measured : {kFirstLoss, kFirstAccuracy}) {
    judgements.push_back(held_against(model, measured, a, b, claim.findings));
  }
}

/// Concludes a claim that the second side is better in each of the comparisons, or says what of its
/// experiment is missing: a verdict must not depend on which part of it somebody ran.
void conclude(PaperClaim& claim, const std::vector<NamedJudgement>& judgements,
              const std::vector<std::string>& missing) {
  if (!missing.empty()) {
    claim.findings.push_back(fmt::format("The experiment is not complete ({}); it lacks {}.",
                                         claim.experiment, listed(missing, kMostMissing)));
    return;
  }
  claim.basis = ClaimBasis::runs;
  claim.tests = tests_in(judgements);
  claim.verdict = verdict_in_parts(judge_jointly(judgements));
}

/// Those with completed runs; the others are added to `missing`.
std::vector<PaperModel> models_of(const PaperEvidence& evidence,
                                  std::vector<std::string>& missing) {
  std::vector<PaperModel> models;
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (model.runs != nullptr && !model.runs->completed.empty()) {
      models.push_back(model);
    } else {
      missing.push_back(fmt::format("runs of the {}", model.printed->name));
    }
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
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const auto with = [&](Normalization normalization) {
      const RunGroup* const found =
          variant(evidence, *model.runs, {"data.normalization"},
                  [&](const auto& config) { return config.data.normalization == normalization; });
      if (found == nullptr) {
        missing.push_back(fmt::format("{} with data.normalization={}", model.printed->name,
                                      enum_name(kNormalizations, normalization)));
      }
      return found;
    };
    const Side none = {"bytes", with(Normalization::none)};
    for (const Side& scaled :
         {Side{"unit", with(Normalization::unit)}, Side{"standardized", model.runs}}) {
      if (none.runs == nullptr || scaled.runs == nullptr) continue;
      hold_first_epochs_against(model.printed->name, none, scaled, claim, judgements);
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

PaperClaim initialization_speed_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.10",
                   .claim = "“Proper initialization is crucial for convergence”: He's is adopted",
                   .experiment = "sweep configs/paper/initialization.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    for (const Initialization initialization : {Initialization::xavier, Initialization::pytorch}) {
      const std::string name(enum_name(kInitializations, initialization));
      const RunGroup* const other =
          variant(evidence, *model.runs, {"model.initialization"},
                  [&](const auto& config) { return config.initialization == initialization; });
      if (other == nullptr) {
        missing.push_back(
            fmt::format("{} with model.initialization={}", model.printed->name, name));
        continue;
      }
      hold_first_epochs_against(model.printed->name, {name, other}, {"he", model.runs}, claim,
                                judgements);
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

// The settings of configs/paper/sgd.json.
constexpr std::array kSgdRates = {0.03, 0.1, 0.3};
constexpr std::array kSgdMomenta = {0.0, 0.9};

/// The runs with SGD, of all settings of the grid, that are best on the images held back after one
/// epoch. A setting of which a run failed is none to choose. Null: there are none; what the grid
/// lacks of Adam's seeds is added to `missing`.
const RunGroup* tuned_sgd(const PaperEvidence& evidence, const PaperModel& model,
                          const RunGroup& adam, std::vector<std::string>& missing) {
  const RunGroup* best = nullptr;
  double most = 0.0;
  for (const double rate : kSgdRates) {
    for (const double momentum : kSgdMomenta) {
      const RunGroup* const group =
          variant(evidence, adam, {"optimizer."}, [&](const ExperimentConfig& config) {
            return config.optimizer ==
                   OptimizerConfig(SgdConfig{.learning_rate = rate, .momentum = momentum});
          });
      const bool failed = group != nullptr && !group->failed.empty();
      if (group == nullptr || (!failed && group->completed.size() < adam.completed.size())) {
        missing.push_back(fmt::format("{} with SGD, rate {} and momentum {}", model.printed->name,
                                      rate, momentum));
        continue;
      }
      const SampleSummary accuracy = summary_by_seed(*group, first_validation_accuracy);
      if (failed || !accuracy.mean || (best != nullptr && *accuracy.mean <= most)) continue;
      best = group;
      most = *accuracy.mean;
    }
  }
  return best;
}

PaperClaim sgd_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.9",
                   .claim = "Adam “achieves faster convergence compared to standard SGD”",
                   .findings = {"The paper shows no run with SGD and no learning curve."},
                   .experiment = "sweep configs/paper/sgd.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const RunGroup* const adam =
        variant(evidence, *model.runs, {"data.validation", "training.epochs"},
                [](const auto& config) { return config.data.validation.has_value(); });
    if (adam == nullptr) {
      missing.push_back(fmt::format("{} with Adam and images held back", model.printed->name));
      continue;
    }
    const RunGroup* const sgd = tuned_sgd(evidence, model, *adam, missing);
    if (sgd == nullptr) continue;
    const auto& settings = std::get<SgdConfig>(config_of(*sgd).optimizer);
    claim.findings.push_back(fmt::format(
        "{}: of {} settings of SGD, the one with the best accuracy after one epoch on {} images "
        "held back counts: rate {}, momentum {}. Adam has the paper's setting, untuned.",
        model.printed->name, kSgdRates.size() * kSgdMomenta.size(),
        *config_of(*sgd).data.validation, settings.learning_rate, settings.momentum));
    hold_first_epochs_against(model.printed->name, {"SGD", sgd}, {"Adam", adam}, claim, judgements);
  }
  conclude(claim, judgements, missing);
  return claim;
}

// The ends of configs/paper/batches.json.
constexpr std::int64_t kSmallestBatch = 16;
constexpr std::int64_t kLargestBatch = 1'024;
constexpr std::int64_t kEqualSteps = 500;

PaperClaim minibatch_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.10",
      .claim = "the noise of minibatches leads “to better generalization on the test set”",
      .findings = {"The smaller a batch, the more noise has its gradient. At equal epochs small "
                   "batches also take more steps; at equal steps they see fewer images."},
      .experiment = "sweep configs/paper/batches.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  const auto smallest_against_largest = [&](const char* at, std::vector<const RunGroup*> groups) {
    std::sort(groups.begin(), groups.end(), [](const RunGroup* a, const RunGroup* b) {
      return config_of(*a).training.batch_size < config_of(*b).training.batch_size;
    });
    const auto side = [&](std::int64_t size) {
      const auto found = std::find_if(groups.begin(), groups.end(), [&](const RunGroup* group) {
        return config_of(*group).training.batch_size == size;
      });
      if (found != groups.end()) return Side{fmt::format("batches of {}", size), *found};
      missing.push_back(fmt::format("MLP with batches of {} {}", size, at));
      return Side{};
    };
    const Side large = side(kLargestBatch);
    const Side small = side(kSmallestBatch);
    if (large.runs == nullptr || small.runs == nullptr) return;
    std::vector<std::string> all;
    for (const RunGroup* group : groups) {
      all.push_back(fmt::format("{}: {}", config_of(*group).training.batch_size,
                                mean_text(kLastAccuracy, *group)));
    }
    claim.findings.push_back(
        fmt::format("MLP, {}, accuracy in % by images in a batch: {}.", at, fmt::join(all, ", ")));
    NamedJudgement judged = held_against("MLP", kLastAccuracy, large, small, claim.findings);
    judged.name += fmt::format(", {}", at);
    judgements.push_back(std::move(judged));
  };
  const RunGroup* const mlp = evidence.mlp.runs;
  if (mlp == nullptr || mlp->completed.empty() || config_of(*mlp).training.steps) {
    missing.emplace_back("runs of the MLP over epochs");
  } else {
    std::vector<const RunGroup*> epochs = variants_of(evidence, *mlp, {"training.batch_size"});
    epochs.push_back(mlp);
    smallest_against_largest("at equal epochs", epochs);
    std::vector<const RunGroup*> steps =
        variants_of(evidence, *mlp, {"training.batch_size", "training.steps", "training.epochs"});
    std::erase_if(steps, [](const RunGroup* group) {
      return config_of(*group).training.steps != kEqualSteps;
    });
    smallest_against_largest("at equal steps", steps);
  }
  conclude(claim, judgements, missing);
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
  std::vector<std::string> missing;
  if (evidence.mlp.runs == nullptr || !evidence.mlp.runs->model) {
    missing.emplace_back("runs of the MLP");
  } else {
    const RunGroup& mlp = *evidence.mlp.runs;
    const std::vector<const RunGroup*> others = variants_of(evidence, mlp, {"model."});
    for (const auto& [words, count] : {std::pair("equal parameters", &ModelSummary::parameters),
                                       std::pair("equal MACs", &ModelSummary::macs)}) {
      const RunGroup* const cnn = equal_cnn(others, *mlp.model, count);
      if (cnn == nullptr) {
        missing.push_back(fmt::format("a CNN with {}", words));
        continue;
      }
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
  conclude(claim, judgements, missing);
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
