#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "config/difference.h"
#include "paper/claims.h"
#include "paper/experiments.h"
#include "report/rounding.h"
#include "transform/suite.h"

// Claims on what other networks, other classifiers, fewer images and other resolutions would show.

namespace mnist_bench {
namespace {

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
  if (!evidence.mlp.has_runs() || !evidence.mlp.runs->model) {
    missing.emplace_back("runs of the MLP");
  } else {
    const RunGroup& mlp = *evidence.mlp.runs;
    const std::vector<const RunGroup*> others = variants_of(evidence, mlp, {"model."});
    for (const auto& [words, count] : {std::pair("equal parameters", &ModelSummary::parameters),
                                       std::pair("equal MACs", &ModelSummary::macs)}) {
      const RunGroup* const cnn = with_all_seeds(equal_cnn(others, *mlp.model, count), mlp,
                                                 fmt::format("a CNN with {}", words), missing);
      if (cnn == nullptr) continue;
      claim.findings.push_back(fmt::format(
          "At {}: a CNN with {} and {} channels and {} hidden units has {} parameters and {} "
          "multiply-accumulates, the MLP {} and {}.",
          words, std::get<CnnConfig>(config_of(*cnn).model).conv1_channels,
          std::get<CnnConfig>(config_of(*cnn).model).conv2_channels,
          std::get<CnnConfig>(config_of(*cnn).model).hidden, with_commas(cnn->model->parameters),
          with_commas(cnn->model->macs), with_commas(mlp.model->parameters),
          with_commas(mlp.model->macs)));
      judgements.push_back(compare_sides(fmt::format("At {}", words), kLastAccuracy, {"MLP", &mlp},
                                         {"CNN", cnn}, claim.findings));
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

/// Our two models with other settings of some keys, beside each other.
struct Pair {
  std::string name;  ///< "100 images"
  const RunGroup* mlp = nullptr;
  const RunGroup* cnn = nullptr;
};

std::string means_text(const std::vector<Pair>& pairs, const RunGroup* Pair::*model,
                       const Measured& measured) {
  std::vector<std::string> texts;
  for (const Pair& pair : pairs) {
    texts.push_back(fmt::format("{} {}", pair.name, mean_text(measured, *(pair.*model))));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// The settings of configs/paper/data.json.
constexpr std::array<std::int64_t, 6> kDataSizes = {100, 300, 1'000, 3'000, 10'000, 60'000};
constexpr std::int64_t kDataSteps = 500;

PaperClaim small_problem_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 6",
                   .claim = "MLPs are “simpler and faster to train for small-scale problems”",
                   .findings = {fmt::format(
                       "No small problem is tried. Ours: {} steps on each number of training "
                       "images, the same images for all seeds.",
                       with_commas(kDataSteps))},
                   .experiment = "sweep configs/paper/data.json"};
  std::vector<NamedJudgement> on_time;
  std::vector<NamedJudgement> on_accuracy;
  std::vector<std::string> missing;
  std::vector<Pair> pairs;
  const std::vector<PaperModel> models = models_of(evidence, missing);
  for (const std::int64_t images : kDataSizes) {
    Pair pair = {fmt::format("{} images", with_commas(images))};
    for (const PaperModel& model : models) {
      (model.printed == &kPrintedMlp ? pair.mlp : pair.cnn) = with_all_seeds(
          variant(
              evidence, *model.runs,
              {"data.train_limit", "training.steps", "training.epochs", "training.evaluate_every"},
              [&](const ExperimentConfig& config) {
                return config.training.steps == kDataSteps &&
                       config.data.train_limit.value_or(kPrintedTrainImages) == images;
              }),
          *model.runs, fmt::format("{} on {}", model.printed->name, pair.name), missing);
    }
    if (pair.mlp != nullptr && pair.cnn != nullptr) pairs.push_back(pair);
  }
  if (!is_complete(claim, missing)) return claim;
  claim.findings.push_back(fmt::format("Test accuracy in %, MLP: {}; CNN: {}.",
                                       means_text(pairs, &Pair::mlp, kLastAccuracy),
                                       means_text(pairs, &Pair::cnn, kLastAccuracy)));
  claim.findings.push_back(fmt::format("Seconds of training, MLP: {}; CNN: {}.",
                                       means_text(pairs, &Pair::mlp, kTrainSeconds),
                                       means_text(pairs, &Pair::cnn, kTrainSeconds)));
  std::vector<std::string> sentences;  // of single comparisons: too many to list
  for (const Pair& pair : pairs) {
    on_time.push_back(
        compare_sides(pair.name, kTrainSeconds, {"CNN", pair.cnn}, {"MLP", pair.mlp}, sentences));
    on_accuracy.push_back(
        compare_sides(pair.name, kLastAccuracy, {"CNN", pair.cnn}, {"MLP", pair.mlp}, sentences));
  }
  const JointJudgement accuracy = judge_jointly(on_accuracy);
  claim.findings.push_back(fmt::format(
      "Of {} sizes the MLP's time is shown to be shorter at {}, its accuracy to be higher at {} and "
      "lower at {}. The verdict is on the time.",
      pairs.size(), judge_jointly(on_time).shown_higher.size(), accuracy.shown_higher.size(),
      accuracy.shown_lower.size()));
  conclude(claim, on_time, missing);
  claim.tests += tests_in(on_accuracy);
  return claim;
}

/// The settings of configs/paper/resolution.json: sides of the images in pixels.
constexpr std::int64_t kSmallSide = 14;
constexpr std::int64_t kLargeSide = 56;

/// Whether the config's transforms make square images of this side, and do no more.
bool resizes_to(std::int64_t side, const ExperimentConfig& config) {
  const std::string spec = fmt::format("resize:rows={0},columns={0}", side);
  return canonical_spec(config.data.transform) == canonical_spec(parse_spec(spec, "resize"));
}

PaperClaim scaling_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 2",
      .claim = "MLPs “faced challenges in scaling to higher-resolution images”",
      .findings = {"MNIST's images enlarged to 56 by 56 pixels and reduced to 14 by 14, after one "
                   "epoch: the larger ones show nothing more."},
      .experiment = "sweep configs/paper/resolution.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    const auto resized = [&](std::int64_t side) {
      return Side{fmt::format("{0} by {0}", side),
                  with_all_seeds(
                      variant(evidence, *model.runs, {"data.transform", "training.epochs"},
                              [&](const auto& config) { return resizes_to(side, config); }),
                      *model.runs,
                      fmt::format("{0} on {1} by {1} pixels", model.printed->name, side), missing)};
    };
    const Side small = resized(kSmallSide);
    const Side usual = {fmt::format("{0} by {0}", kPrintedSide), model.runs};
    const Side large = resized(kLargeSide);
    if (small.runs == nullptr || large.runs == nullptr) continue;
    std::vector<std::string> texts;
    for (const Side& side : {small, usual, large}) {
      texts.push_back(fmt::format(
          "{}: {} parameters, {} multiply-accumulates, {} s, accuracy {} %", side.name,
          with_commas(side.runs->model->parameters), with_commas(side.runs->model->macs),
          mean_text(kFirstSeconds, *side.runs), mean_text(kFirstAccuracy, *side.runs)));
    }
    claim.findings.push_back(fmt::format("{}, {}.", model.printed->name, fmt::join(texts, "; ")));
    const NamedJudgement judged =
        compare_sides(model.printed->name, kFirstAccuracy, large, usual, claim.findings);
    if (model.printed == &kPrintedMlp) {
      judgements.push_back(judged);
    } else {
      claim.tests += judged.judgement.could_decide() ? 1 : 0;
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

/// Whether both are on the same images of the same data, however their pixels are scaled.
bool are_on_same_data(const ExperimentConfig& a, const ExperimentConfig& b) {
  const std::vector<KeyDifference> differences = config_differences(a, b);
  return std::none_of(differences.begin(), differences.end(), [](const KeyDifference& difference) {
    return difference.key.starts_with("data.") && difference.key != "data.normalization";
  });
}

/// The classifier that is no network with the settings of configs/paper/classical.json, on the same
/// data as the MLP.
template <class Config>
const RunGroup* classical_group(const PaperEvidence& evidence, const RunGroup& mlp) {
  for (const RunGroup& group : evidence.groups) {
    if (group.completed.empty()) continue;
    const ExperimentConfig& config = config_of(group);
    const bool has_settings = config.model == ModelConfig(Config{});
    if (has_settings && are_on_same_data(config_of(mlp), config)) return &group;
  }
  return nullptr;
}

PaperClaim manual_features_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 2",
      .claim = "SVM and k-NN “relied heavily on manual feature extraction”",
      .findings = {"Ours see the pixels and nothing else. If they needed features made by hand, "
                   "they would recognize fewer digits than the MLP, which needs none."},
      .experiment = "scripts/check_claims --all: sweep configs/paper/classical.json"};
  std::vector<std::string> missing;
  std::vector<NamedJudgement> judgements;
  if (!evidence.mlp.has_runs()) {
    missing.emplace_back("runs of the MLP");
  } else {
    const RunGroup& mlp = *evidence.mlp.runs;
    for (const auto& [name, found] :
         {std::pair("k-NN (k = 1)", classical_group<KnnConfig>(evidence, mlp)),
          std::pair("SVM (rbf, C = 10)", classical_group<SvmConfig>(evidence, mlp))}) {
      const RunGroup* const runs =
          with_all_seeds(found, mlp, fmt::format("{} on the MLP's data", name), missing);
      if (runs == nullptr) continue;
      judgements.push_back(
          compare_sides("Raw pixels", kLastAccuracy, {name, runs}, {"MLP", &mlp}, claim.findings));
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

}  // namespace

std::vector<PaperClaim> network_claims(const PaperEvidence& evidence) {
  return {trade_off_claim(evidence), small_problem_claim(evidence), scaling_claim(evidence),
          manual_features_claim(evidence)};
}

}  // namespace mnist_bench
