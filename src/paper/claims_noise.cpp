#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "paper/claims.h"
#include "paper/experiments.h"
#include "transform/suite.h"

// Claims that another CNN recognizes noisy images better than the paper's.

namespace mnist_bench {
namespace {

/// The suite of transforms that claims on noise are decided by.
constexpr const char* kNoiseSuite = "noise";

/// A claim that `other` is better than the CNN on noisy images, or what it lacks. `name`: of
/// `other`, which is null where `missing` says why.
void compare_on_noise(const PaperEvidence& evidence, const std::string& name, const RunGroup* other,
                      std::vector<std::string>& missing, PaperClaim& claim) {
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> sentences;
  std::size_t evaluated = 0;
  std::vector<std::string> specs = specs_of(*shipped_suite(kNoiseSuite));
  std::erase(specs, canonical_spec({}));
  if (other != nullptr) {
    for (const std::string& spec : specs) {
      const Sample cnn = {"CNN", accuracies_on(evidence, *evidence.cnn.runs, kOwnTestSet, spec)};
      const Sample of_other = {name, accuracies_on(evidence, *other, kOwnTestSet, spec)};
      if (!has_all_values(cnn.values, *evidence.cnn.runs) ||
          !has_all_values(of_other.values, *other)) {
        continue;
      }
      ++evaluated;
      const Quantity accuracy = {.what = "accuracy",
                                 .rules = metric_of(kAccuracyKey),
                                 .better = Better::higher,
                                 .images = test_images(*other).value_or(0)};
      judgements.push_back(compare_sides(spec, accuracy, cnn, of_other, sentences));
    }
    if (evaluated < specs.size()) {
      missing.push_back(fmt::format("evaluations of both on {} of {} sets of noisy images",
                                    specs.size() - evaluated, specs.size()));
    }
  }
  if (missing.empty()) {
    claim.findings.insert(claim.findings.end(), sentences.begin(), sentences.end());
    const JointJudgement joint = judge_jointly(judgements);
    claim.findings.push_back(
        fmt::format("Of {} sets of noisy images {} is shown to be better on {}, and worse on {}.",
                    judgements.size(), name, joint.shown_higher.size(), joint.shown_lower.size()));
  }
  conclude(claim, judgements, missing);
}

/// That of configs/paper/augmentation.json.
constexpr const char* kTrainingNoise = "gaussian_noise:sigma=0.3";

PaperClaim augmentation_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 6",
      .claim =
          "future work: “data augmentation … to further improve robustness against noisy "
          "inputs”",
      .experiment = fmt::format("sweep configs/paper/augmentation.json, evaluate RUN... --suite {}",
                                kNoiseSuite)};
  constexpr const char* kName = "CNN trained with noise";
  std::vector<std::string> missing;
  const RunGroup* augmented = nullptr;
  if (!evidence.cnn.has_runs()) {
    missing.emplace_back("runs of the CNN");
  } else {
    augmented = with_all_seeds(variant(evidence, *evidence.cnn.runs, {"training.augment"},
                                       [](const auto& config) {
                                         return spec_of(config.training.augment) == kTrainingNoise;
                                       }),
                               *evidence.cnn.runs, kName, missing);
    if (augmented != nullptr) {
      const NamedJudgement clean =
          compare_sides("Clean images", kLastAccuracy, {"CNN", evidence.cnn.runs},
                        {kName, augmented}, claim.findings);
      claim.tests += clean.judgement.could_decide() ? 1 : 0;
    }
  }
  compare_on_noise(evidence, kName, augmented, missing, claim);
  return claim;
}

/// By its layers, whatever it is called: configs/models/resnet8.json has these sums.
bool is_resnet8(const RunGroup& group) {
  constexpr std::int64_t kParameters = 75'002;
  constexpr std::int64_t kMacs = 9'145'216;
  const auto& model = group.model;
  const auto is_sum = [](const LayerSummary& layer) { return layer.type == "Residual"; };
  return model && model->parameters == kParameters && model->macs == kMacs &&
         std::count_if(model->layers.begin(), model->layers.end(), is_sum) == 3;
}

PaperClaim deeper_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 6",
      .claim =
          "future work: “deeper architectures like ResNet to further improve robustness "
          "against noisy inputs”",
      .experiment = fmt::format("scripts/check_claims --all: sweep configs/paper/classifiers.json, "
                                "evaluate RUN... --suite {}",
                                kNoiseSuite)};
  constexpr const char* kName = "ResNet-8";
  std::vector<std::string> missing;
  const RunGroup* resnet = nullptr;
  if (!evidence.cnn.has_runs()) {
    missing.emplace_back("runs of the CNN");
  } else {
    const std::vector<const RunGroup*> others =
        variants_of(evidence, *evidence.cnn.runs, {"model.", "training.engine"});
    const auto found = std::find_if(others.begin(), others.end(),
                                    [](const RunGroup* group) { return is_resnet8(*group); });
    resnet = with_all_seeds(found == others.end() ? nullptr : *found, *evidence.cnn.runs, kName,
                            missing);
  }
  compare_on_noise(evidence, kName, resnet, missing, claim);
  return claim;
}

}  // namespace

std::vector<PaperClaim> noise_claims(const PaperEvidence& evidence) {
  return {augmentation_claim(evidence), deeper_claim(evidence)};
}

}  // namespace mnist_bench
