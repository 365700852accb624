#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "paper/claims.h"
#include "paper/experiments.h"

// Claims on how the paper trains, each decided by runs that differ from its setting in one thing.

namespace mnist_bench {
namespace {

std::optional<double> first_validation_accuracy(const RunResult& run) {
  if (run.epochs.empty() || !run.epochs.front().validation) return std::nullopt;
  return run.epochs.front().validation->accuracy;
}

/// Compares the first epoch of two sides, by loss and by accuracy.
void compare_first_epochs(const std::string& model, const Side& a, const Side& b, PaperClaim& claim,
                          std::vector<NamedJudgement>& judgements) {
  for (const Measured& measured : {kFirstLoss, kFirstAccuracy}) {
    judgements.push_back(compare_sides(model, measured, a, b, claim.findings));
  }
}

bool drops_nothing(const ModelConfig& model) {
  if (const auto* mlp = std::get_if<MlpConfig>(&model)) return mlp->dropout == 0;
  const auto* cnn = std::get_if<CnnConfig>(&model);
  return cnn != nullptr && cnn->dropout == 0 && cnn->dropout2d == 0;
}

/// Accuracy on the training images, nothing dropped, less that on the test images.
ValuesBySeed gaps(const PaperEvidence& evidence, const RunGroup& group) {
  const ValuesBySeed on_training = accuracies_on(evidence, group, kOwnTrainingSet, "identity");
  ValuesBySeed gaps;
  for (const auto& [seed, test] : values_by_seed(group, kLastAccuracy.rules())) {
    const auto found = on_training.find(seed);
    if (found != on_training.end()) gaps[seed] = found->second - test;
  }
  return gaps;
}

PaperClaim normalization_speed_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.6",
                   .claim = "pixels are scaled or standardized “to ensure faster convergence”",
                   .experiment = "sweep configs/paper/normalization.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const auto with = [&](Normalization normalization) {
      return with_all_seeds(
          variant(evidence, *model.runs, {"data.normalization", "training.epochs"},
                  [&](const auto& config) { return config.data.normalization == normalization; }),
          *model.runs,
          fmt::format("{} with data.normalization={}", model.printed->name,
                      enum_name(kNormalizations, normalization)),
          missing);
    };
    const Side none = {"bytes", with(Normalization::none)};
    for (const Side& scaled :
         {Side{"unit", with(Normalization::unit)}, Side{"standardized", model.runs}}) {
      if (none.runs == nullptr || scaled.runs == nullptr) continue;
      compare_first_epochs(model.printed->name, none, scaled, claim, judgements);
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
      const RunGroup* const other = with_all_seeds(
          variant(evidence, *model.runs, {"model.initialization", "training.epochs"},
                  [&](const auto& config) { return config.initialization == initialization; }),
          *model.runs, fmt::format("{} with model.initialization={}", model.printed->name, name),
          missing);
      if (other == nullptr) continue;
      compare_first_epochs(model.printed->name, {name, other}, {"he", model.runs}, claim,
                           judgements);
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

// The settings of configs/paper/sgd.json.
constexpr std::array kPlainRates = {0.05, 0.1, 0.2};
constexpr std::array kMomentumRates = {0.005, 0.01, 0.02, 0.05};
/// Of a momentum its rates, ascending.
struct SgdRates {
  double momentum;
  std::span<const double> rates;
};
constexpr std::array<SgdRates, 2> kSgdGrid = {{{0.0, kPlainRates}, {0.9, kMomentumRates}}};
constexpr std::size_t kSgdSettings = kPlainRates.size() + kMomentumRates.size();
constexpr std::int64_t kHeldBack = 10'000;

bool any_diverged(const RunGroup& group) {
  return std::any_of(group.failed.begin(), group.failed.end(),
                     [](const StoredRun& run) { return run.result.status == RunStatus::diverged; });
}

/// The runs with SGD of one setting of the grid.
struct TunedSgd {
  const RunGroup* runs = nullptr;  ///< null: there is none to choose
  SgdRates tried = {};             ///< with its momentum
};

/// Of all settings of the grid, the one that is best on the images held back after one epoch. A
/// setting of which a run diverged is none to choose. What the grid lacks of Adam's seeds is added
/// to `missing`.
TunedSgd tuned_sgd(const PaperEvidence& evidence, const PaperModel& model, const RunGroup& adam,
                   std::vector<std::string>& missing) {
  TunedSgd best;
  double most = 0.0;
  for (const SgdRates& tried : kSgdGrid) {
    for (const double rate : tried.rates) {
      const SgdConfig setting{.learning_rate = rate, .momentum = tried.momentum};
      const RunGroup* const group =
          with_all_seeds(variant(evidence, adam, {"optimizer."},
                                 [&](const ExperimentConfig& config) {
                                   return config.optimizer == OptimizerConfig(setting);
                                 }),
                         adam,
                         fmt::format("{} with SGD, rate {} and momentum {}", model.printed->name,
                                     rate, tried.momentum),
                         missing);
      if (group == nullptr || any_diverged(*group)) continue;
      const SampleSummary accuracy = summary_by_seed(*group, first_validation_accuracy);
      if (!accuracy.mean || (best.runs != nullptr && *accuracy.mean <= most)) continue;
      best = {.runs = group, .tried = tried};
      most = *accuracy.mean;
    }
  }
  return best;
}

/// "rate 0.02, momentum 0.9", and a warning where no smaller or no greater rate was tried.
std::string sgd_text(const TunedSgd& sgd) {
  const double rate = std::get<SgdConfig>(config_of(*sgd.runs).optimizer).learning_rate;
  const auto& [momentum, rates] = sgd.tried;
  std::string text = fmt::format("rate {}, momentum {}.", rate, momentum);
  if (rate == rates.front() || rate == rates.back()) {
    text += fmt::format(" A better rate may lie outside those tried with it, {} to {}.",
                        rates.front(), rates.back());
  }
  return text;
}

/// The runs with Adam to which SGD's are compared: with the paper's setting, images held back, and
/// one epoch.
const RunGroup* adam_for_sgd(const PaperEvidence& evidence, const PaperModel& model,
                             std::vector<std::string>& missing) {
  return with_all_seeds(
      variant(evidence, *model.runs, {"data.validation", "training.epochs"},
              [](const auto& config) {
                return config.data.validation == kHeldBack && config.training.epochs == 1;
              }),
      *model.runs, fmt::format("{} with Adam and images held back", model.printed->name), missing);
}

PaperClaim sgd_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.9",
                   .claim = "Adam “achieves faster convergence compared to standard SGD”",
                   .findings = {"The paper shows no run with SGD and no learning curve."},
                   .experiment = "sweep configs/paper/sgd.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const RunGroup* const adam = adam_for_sgd(evidence, model, missing);
    if (adam == nullptr) continue;
    const TunedSgd sgd = tuned_sgd(evidence, model, *adam, missing);
    if (sgd.runs == nullptr) {
      if (!missing.empty()) continue;
      claim.findings.push_back(fmt::format("{}: with each of {} settings of SGD a run diverged.",
                                           model.printed->name, kSgdSettings));
      judgements.push_back({model.printed->name, Judgement{}});
      continue;
    }
    claim.findings.push_back(fmt::format(
        "{}: of {} settings of SGD, the one with the best accuracy after one epoch on {} images "
        "held back counts: {} Adam has the paper's setting, untuned.",
        model.printed->name, kSgdSettings, with_commas(kHeldBack), sgd_text(sgd)));
    compare_first_epochs(model.printed->name, {"SGD", sgd.runs}, {"Adam", adam}, claim, judgements);
  }
  conclude(claim, judgements, missing);
  return claim;
}

PaperClaim adam_cost_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.9",
      .claim = "“Adam is computationally efficient”",
      .findings =
          {"No time of another optimizer is given, and no bound.",
           "Adam keeps two numbers of each parameter, m and v (eq. 16 and 17), SGD none, or "
           "one with momentum."},
      .experiment = "sweep configs/paper/sgd.json",
      .verdict = ClaimVerdict::cannot_be_told};
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const RunGroup* const adam = adam_for_sgd(evidence, model, missing);
    if (adam == nullptr) continue;
    const TunedSgd sgd = tuned_sgd(evidence, model, *adam, missing);
    if (sgd.runs == nullptr) continue;
    const NamedJudgement judged = compare_sides(model.printed->name, kFirstSeconds,
                                                {"SGD", sgd.runs}, {"Adam", adam}, claim.findings);
    claim.tests += judged.judgement.could_decide() ? 1 : 0;
  }
  return claim;
}

// Those of configs/paper/batches.json and the paper's own.
constexpr std::array<std::int64_t, 3> kSmallBatches = {16, 64, 256};
constexpr std::int64_t kLargestBatch = 1'024;
constexpr std::int64_t kEqualSteps = 500;

PaperClaim minibatch_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.10",
      .claim = "the noise of minibatches leads “to better generalization on the test set”",
      .findings = {"The smaller a batch, the more noise has its gradient. At equal epochs small "
                   "batches also take more steps; at equal steps they see fewer images. Each size "
                   "is held against the largest."},
      .experiment = "sweep configs/paper/batches.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  const RunGroup* const mlp = evidence.mlp.runs;
  const auto each_against_largest = [&](const char* at, std::vector<const RunGroup*> groups) {
    std::stable_sort(groups.begin(), groups.end(), [](const RunGroup* a, const RunGroup* b) {
      return config_of(*a).training.batch_size < config_of(*b).training.batch_size;
    });
    const auto side = [&](std::int64_t size) {
      const auto found = std::find_if(groups.begin(), groups.end(), [&](const RunGroup* group) {
        return config_of(*group).training.batch_size == size;
      });
      return Side{fmt::format("batches of {}", size),
                  with_all_seeds(found == groups.end() ? nullptr : *found, *mlp,
                                 fmt::format("MLP with batches of {} {}", size, at), missing)};
    };
    const Side large = side(kLargestBatch);
    std::vector<std::string> all;
    for (const RunGroup* group : groups) {
      all.push_back(fmt::format("{}: {}", config_of(*group).training.batch_size,
                                mean_text(kLastAccuracy, *group)));
    }
    claim.findings.push_back(
        fmt::format("MLP, {}, accuracy in % by images in a batch: {}.", at, fmt::join(all, ", ")));
    for (const std::int64_t size : kSmallBatches) {
      const Side small = side(size);
      if (large.runs == nullptr || small.runs == nullptr) continue;
      judgements.push_back(
          compare_sides(fmt::format("MLP, {}", at), kLastAccuracy, large, small, claim.findings));
    }
  };
  if (!evidence.mlp.has_runs() || config_of(*mlp).training.steps) {
    missing.emplace_back("runs of the MLP over epochs");
  } else {
    std::vector<const RunGroup*> epochs = variants_of(evidence, *mlp, {"training.batch_size"});
    epochs.push_back(mlp);
    each_against_largest("at equal epochs", epochs);
    std::vector<const RunGroup*> steps =
        variants_of(evidence, *mlp, {"training.batch_size", "training.steps", "training.epochs"});
    std::erase_if(steps, [](const RunGroup* group) {
      return config_of(*group).training.steps != kEqualSteps;
    });
    each_against_largest("at equal steps", steps);
  }
  conclude(claim, judgements, missing);
  return claim;
}

PaperClaim overfitting_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 3.5",
                   .claim = "dropout is applied “to mitigate overfitting”",
                   .findings = {"Overfitting is measured by how much better the training images "
                                "are recognized than the test images, with nothing dropped."},
                   .experiment = "sweep configs/paper/dropout.json, evaluate RUN... --split train"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const RunGroup* const without = with_all_seeds(
        variant(evidence, *model.runs, {"model.dropout", "model.dropout2d"},
                [](const auto& config) { return drops_nothing(config.model); }),
        *model.runs, fmt::format("{} without dropout", model.printed->name), missing);
    if (without == nullptr) continue;
    const Sample with_gap = {"with dropout", gaps(evidence, *model.runs)};
    const Sample without_gap = {"without", gaps(evidence, *without)};
    if (!has_all_values(with_gap.values, *model.runs) ||
        !has_all_values(without_gap.values, *without)) {
      missing.push_back(
          fmt::format("evaluations of the {} on its training images", model.printed->name));
      continue;
    }
    const Quantity gap = {.what = "training less test accuracy",
                          .rules = metric_of(kAccuracyKey),
                          .better = Better::lower,
                          .images = test_images(*model.runs).value_or(0)};
    judgements.push_back(
        compare_sides(model.printed->name, gap, without_gap, with_gap, claim.findings));
    const NamedJudgement accuracy =
        compare_sides(model.printed->name, kLastAccuracy, {"without dropout", without},
                      {"with dropout", model.runs}, claim.findings);
    claim.tests += accuracy.judgement.could_decide() ? 1 : 0;
  }
  conclude(claim, judgements, missing);
  return claim;
}

}  // namespace

std::vector<PaperClaim> experiment_claims(const PaperEvidence& evidence) {
  return {
      overfitting_claim(evidence), normalization_speed_claim(evidence),  sgd_claim(evidence),
      adam_cost_claim(evidence),   initialization_speed_claim(evidence), magnitude_claim(evidence),
      minibatch_claim(evidence)};
}

}  // namespace mnist_bench
