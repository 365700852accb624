#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>

#include "base/text.h"
#include "evaluate/paired_tests.h"
#include "model/summary.h"
#include "paper/claims.h"
#include "paper/experiments.h"
#include "report/robustness_section.h"
#include "report/rounding.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

/// Kinds of transforms that a claim is about; empty: all of the suite standard.
using Types = std::vector<std::string>;

bool is_among(const std::string& type, const Types& types) {
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

std::vector<TransformFamily> families_among(const std::vector<TransformFamily>& families,
                                            const Types& types) {
  std::vector<TransformFamily> found;
  std::copy_if(families.begin(), families.end(), std::back_inserter(found),
               [&](const TransformFamily& family) { return is_among(family.type, types); });
  return found;
}

/// What a verdict needs: it must not depend on which severities, or runs, somebody chose to
/// evaluate. Nothing where all runs of both models are evaluated on all points of the suite
/// standard of these types. `families`: of these models.
std::optional<std::string> lack_of_points(const PaperModel& mlp, const PaperModel& cnn,
                                          const std::vector<TransformFamily>& families,
                                          const Types& types) {
  std::set<std::string> missing;
  const Suite suite = *shipped_suite(kPaperSuite);
  for (const TransformChain& chain : suite.points) {
    if (!chain.empty() && is_among(chain.front().type, types)) {
      missing.insert(canonical_spec(chain));
    }
  }
  const std::size_t all = missing.size();
  for (const TransformFamily& family : families) {
    for (const SeverityPoint& point : family.points) {
      if (!has_all_values(point.accuracy[kMlp], *mlp.runs) ||
          !has_all_values(point.accuracy[kCnn], *cnn.runs)) {
        continue;
      }
      for (const std::string& spec : point.specs) missing.erase(spec);
    }
  }
  if (missing.empty()) return std::nullopt;
  return fmt::format(
      "The verdict rests on {} sets of images, of which all runs of both models are tested on {}; "
      "evaluate RUN... --suite {} tests them on the rest.",
      all, all - missing.size(), kPaperSuite);
}

/// Mean over the seeds, in per cent.
std::string mean_text(const ValuesBySeed& values, std::int64_t images) {
  return summary_text(summary_of(values_of(values)), metric_of(kAccuracyKey), images).mean_and_sd();
}

/// "shift, at 1 px, 2 px: MLP 93.6 ± 0.3, 72.4 ± 1.4; CNN 98.0 ± 0.1, 90.5 ± 0.4; clean … (n = 6)."
std::string accuracies_text(const TransformFamily& family) {
  std::vector<std::string> names;
  std::array<std::vector<std::string>, 2> accuracies;
  std::size_t least = family.points.front().accuracy[kMlp].size();
  std::size_t most = least;
  for (const SeverityPoint& point : family.points) {
    names.push_back(point.name);
    for (const std::size_t model : {kMlp, kCnn}) {
      const std::size_t seeds = point.accuracy[model].size();
      accuracies[model].push_back(mean_text(point.accuracy[model], point.images));
      least = std::min(least, seeds);
      most = std::max(most, seeds);
    }
  }
  const std::int64_t images = family.points.front().images;
  const std::size_t directions = family.points.front().specs.size();
  return fmt::format(
      "{}{}: at {} the accuracy is {} % (CNN) and {} % (MLP); on the images as they are {} and {} % "
      "(n = {}).",
      family.name, directions > 1 ? fmt::format(", means over {} directions", directions) : "",
      fmt::join(names, ", "), fmt::join(accuracies[kCnn], ", "), fmt::join(accuracies[kMlp], ", "),
      mean_text(family.clean[kCnn], images), mean_text(family.clean[kMlp], images),
      least == most ? std::to_string(most) : fmt::format("{} to {}", least, most));
}

/// A claim that the CNN is better on images after these types of transforms, with a finding for
/// each family.
PaperClaim better_on(const PaperEvidence& evidence, PaperClaim claim, const Types& types) {
  claim.basis = ClaimBasis::runs;
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  if (const auto lack = lack_of_points(evidence.mlp, evidence.cnn, evidence.families, types)) {
    claim.findings.push_back(*lack);
    return claim;
  }
  std::vector<NamedJudgement> all;
  for (const TransformFamily& family : families_among(evidence.families, types)) {
    const std::vector<NamedJudgement> judgements = judged_severities(family, kMlp, kCnn);
    if (judgements.empty()) continue;
    claim.findings.push_back(
        fmt::format("{} {}", accuracies_text(family), joint_text(judge_jointly(judgements))));
    for (const NamedJudgement& each : judgements) {
      all.push_back({fmt::format("{} {}", family.type, each.name), each.judgement});
    }
  }
  claim.tests = tests_in(all);
  claim.verdict = verdict_in_parts(judge_jointly(all));
  return claim;
}

PaperClaim shifted_claim(const PaperEvidence& evidence) {
  return better_on(evidence,
                   {.place = "Sec. 5.4",
                    .claim = "CNNs recognize digits “even when they are slightly shifted”",
                    .findings = {"The CNN is held against the MLP, on the same shifted images."}},
                   {"shift"});
}

PaperClaim distorted_claim(const PaperEvidence& evidence) {
  return better_on(
      evidence,
      {.place = "Sec. 5.4",
       .claim = "… “or distorted”",
       .findings = {"Taken as rotated, scaled, sheared or elastically deformed digits."}},
      {"rotate", "scale", "shear", "elastic"});
}

PaperClaim noisy_claim(const PaperEvidence& evidence) {
  return better_on(
      evidence,
      {.place = "Sec. 6",
       .claim = "robustness “against noisy inputs”, which future work is to “further improve”",
       .findings =
           {"No noisy image is tested in the paper. Here the CNN is held against the MLP."}},
      {"gaussian_noise", "salt_pepper", "shot_noise"});
}

/// Families by what the judge says of all their severities.
struct FamiliesByConclusion {
  std::vector<std::string> everywhere;  ///< the CNN is shown to be better at every severity
  std::vector<std::string> mixed;       ///< at some
  std::vector<std::string> worse;       ///< shown to be worse at some, better at none
  std::vector<std::string> not_shown;   ///< neither at any
};

std::vector<std::string>& list_of(const JointJudgement& joint, std::size_t severities,
                                  FamiliesByConclusion& families) {
  if (joint.shown_higher.size() == severities) return families.everywhere;
  if (!joint.shown_higher.empty()) return families.mixed;
  return joint.shown_lower.empty() ? families.not_shown : families.worse;
}

PaperClaim robustness_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Abstract and Sec. 6",
                   .claim = "CNNs “achieve superior robustness”",
                   .findings = {},
                   .basis = ClaimBasis::runs};
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  if (const auto lack = lack_of_points(evidence.mlp, evidence.cnn, evidence.families, {})) {
    claim.findings.push_back(*lack);
    return claim;
  }
  std::vector<NamedJudgement> all;
  FamiliesByConclusion families;
  for (const TransformFamily& family : evidence.families) {
    const std::vector<NamedJudgement> judgements = judged_severities(family, kMlp, kCnn);
    if (judgements.empty()) continue;
    const JointJudgement joint = judge_jointly(judgements);
    list_of(joint, judgements.size(), families).push_back(family.name);
    all.insert(all.end(), judgements.begin(), judgements.end());
  }
  const auto add = [&](const char* words, const std::vector<std::string>& names) {
    if (names.empty()) return;
    claim.findings.push_back(fmt::format("{}: {}.", words, fmt::join(names, "; ")));
  };
  add("Shown to be better than the MLP at every severity", families.everywhere);
  add("Shown to be better at some severities only", families.mixed);
  add("Shown to be worse than the MLP at some severities, and better at none", families.worse);
  add("No difference shown at any severity", families.not_shown);
  const JointJudgement joint = judge_jointly(all);
  claim.findings.push_back(fmt::format(
      "Of {} comparisons at one severity each, paired by seed, the CNN is shown to be better in {} "
      "and worse in {}.",
      all.size(), joint.shown_higher.size(), joint.shown_lower.size()));
  claim.tests = tests_in(all);
  claim.verdict = verdict_in_parts(joint);
  return claim;
}

/// How far a value of the CNN before the flattening sees and moves.
std::string receptive_field_finding() {
  // A window of one value, back through pooling and convolution twice.
  std::int64_t window = 1;
  for (int block = 0; block < 2; ++block) window = kPrintedPool * window + kPrintedKernel - 1;
  const ModelSummary cnn =
      summarize(CnnConfig{}, {.rows = kPrintedSide, .columns = kPrintedSide}, kPrintedClasses);
  std::int64_t dense = 0;
  for (const LayerSummary& layer : cnn.layers) {
    if (layer.name == "fc1" || layer.name == "fc2") dense += layer.parameters;
  }
  return fmt::format(
      "A value before the flattening sees {0} by {0} pixels and moves with the image only in steps "
      "of {1}; {2:.1f} % of the CNN's parameters come after it and belong to one position each or "
      "to no position.",
      window, kPrintedPool * kPrintedPool,
      100.0 * static_cast<double>(dense) / static_cast<double>(kPrintedCnn.parameters));
}

/// The difference of accuracy, as a share, that counts as none.
constexpr double kSameWithin = 0.005;

PaperClaim invariance_claim(const PaperEvidence& evidence) {
  PaperClaim claim{.place = "Sec. 5.4",
                   .claim = "CNNs “leverage translation invariance”",
                   .findings = {receptive_field_finding()},
                   .basis = ClaimBasis::reading};
  if (const auto lack = lack_of_points(evidence.mlp, evidence.cnn, evidence.families, {"shift"})) {
    claim.findings.push_back(*lack);
    return claim;
  }
  const std::vector<TransformFamily> shifts = families_among(evidence.families, {"shift"});
  std::vector<NamedJudgement> drops;
  std::vector<std::string> texts;
  bool all_equivalent = true;
  for (const SeverityPoint& point : shifts.front().points) {
    const PairedValues pairs = paired_by_seed(shifts.front().clean[kCnn], point.accuracy[kCnn]);
    if (pairs.differences.size() < 2) {
      claim.findings.push_back(
          fmt::format("A difference takes two seeds; ours have fewer at {}.", point.name));
      return claim;
    }
    drops.push_back({point.name, judge(pairs.differences, images_of(point))});
    texts.push_back(fmt::format(
        "{} at {}", signed_text(100.0 * *drops.back().judgement.difference.mean, 2), point.name));
    const auto test = equivalence_test(pairs.differences, kSameWithin, images_of(point));
    // As many seeds as to show that it is lower.
    all_equivalent = all_equivalent && !test.obstacle && test.difference.n >= kFewestSeeds;
  }
  const JointJudgement joint = judge_jointly(drops);
  claim.basis = ClaimBasis::runs;
  claim.findings.push_back(fmt::format(
      "Ours, shifted images less the same images as they are, paired by seed: {} points "
      "of accuracy (n = {}). An invariant network would lose nothing.",
      fmt::join(texts, ", "), drops.front().judgement.difference.n));
  claim.findings.push_back(
      joint.shown_lower.empty()
          ? fmt::format("{} to be the same within {:.1f} points at every distance.",
                        all_equivalent ? "Shown" : "Not shown", 100.0 * kSameWithin)
          : fmt::format("Shown to be lower at {}.", fmt::join(joint.shown_lower, ", ")));
  claim.tests = tests_in(drops) + std::ssize(drops);
  claim.verdict = !joint.shown_lower.empty() ? ClaimVerdict::does_not_hold
                  : all_equivalent           ? ClaimVerdict::holds
                                             : ClaimVerdict::undecided;
  return claim;
}

/// Accuracy of b less that of a, by seed.
std::vector<double> accuracy_differences(const RunGroup& a, const RunGroup& b) {
  const auto accuracy = metric_of(kAccuracyKey).value;
  return paired_by_seed(values_by_seed(a, accuracy), values_by_seed(b, accuracy)).differences;
}

Judgement judge_accuracies(const RunGroup& a, const RunGroup& b) {
  return judge_groups(a, b, metric_of(kAccuracyKey).value, test_images(a).value_or(0));
}

/// "-2.41 (-2.60 to -2.22) points, shown (n = 6)"
std::string judged_difference_text(const Judgement& judgement) {
  const SampleSummary& difference = judgement.difference;
  if (!difference.mean) return "no common seeds";
  std::string text = signed_text(100.0 * *difference.mean, 2);
  if (difference.ci95) {
    text += fmt::format(" ({} to {})", rounded(100.0 * difference.ci95->low, 2),
                        rounded(100.0 * difference.ci95->high, 2));
  }
  return fmt::format("{} points, a difference is {}", text, judged_text(judgement));
}

PaperClaim flattening_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 5.4",
      .claim =
          "the MLP's lower performance is “attributed to the loss of spatial information” in "
          "flattening",
      .findings = {fmt::format(
          "Flattening keeps all {} values, and the CNN flattens too. An MLP treats pixels alike, in "
          "whatever order. If the CNN's lead comes from the places of the pixels, it is lost where "
          "these are permuted, in training and test, by one permutation for all images.",
          kPrintedSide * kPrintedSide)},
      .experiment = "sweep configs/paper/sweep.json and configs/paper/permuted.json",
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::open};
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
    return claim;
  }
  const RunGroup* const mlp = evidence.permuted_mlp.runs;
  const RunGroup* const cnn = evidence.permuted_cnn.runs;
  if (mlp == nullptr || cnn == nullptr) {
    claim.findings.emplace_back(
        "These runs have no such experiment: sweep configs/paper/permuted.json.");
    return claim;
  }
  std::vector<std::string> missing;
  models_of(evidence, missing);
  with_all_seeds(mlp, *evidence.mlp.runs, "MLP with permuted pixels", missing);
  with_all_seeds(cnn, *evidence.cnn.runs, "CNN with permuted pixels", missing);
  if (!is_complete(claim, missing)) return claim;
  const Judgement change_of_mlp = judge_accuracies(*evidence.mlp.runs, *mlp);
  const Judgement change_of_cnn = judge_accuracies(*evidence.cnn.runs, *cnn);
  const Judgement lead = judge_accuracies(*mlp, *cnn);
  claim.basis = ClaimBasis::runs;
  claim.findings.push_back(fmt::format("Ours with permuted pixels, accuracy in %: CNN {}, MLP {}.",
                                       ours_text(*cnn, kAccuracyKey),
                                       ours_text(*mlp, kAccuracyKey)));
  claim.findings.push_back(fmt::format(
      "Permuted less plain, paired by seed: CNN {}; MLP {}. CNN less MLP, both permuted: {}.",
      judged_difference_text(change_of_cnn), judged_difference_text(change_of_mlp),
      judged_difference_text(lead)));
  const EquivalenceTest same = equivalence_test(accuracy_differences(*evidence.mlp.runs, *mlp),
                                                kSameWithin, test_images(*mlp).value_or(0));
  claim.findings.push_back(fmt::format("That the MLP is the same within {:.1f} points is {}.",
                                       100.0 * kSameWithin, same.obstacle ? "not shown" : "shown"));
  if (!lack_of_points(evidence.permuted_mlp, evidence.permuted_cnn, evidence.permuted_families,
                      {"shift"})) {
    claim.findings.push_back(
        "Shifted before the permutation, " +
        accuracies_text(families_among(evidence.permuted_families, {"shift"}).front()));
  }
  claim.tests = tests_in({{"", change_of_mlp}, {"", change_of_cnn}, {"", lead}}) + 1;
  claim.verdict = claim_verdict(change_of_cnn, /*higher=*/false);
  const bool keeps_a_lead = lead.conclusion == Conclusion::shown && lead.b_is_higher();
  if (claim.verdict == ClaimVerdict::holds && keeps_a_lead) {
    claim.verdict = ClaimVerdict::holds_in_part;
  }
  return claim;
}

}  // namespace

std::vector<PaperClaim> robustness_claims(const PaperEvidence& evidence) {
  std::vector<PaperClaim> claims = {robustness_claim(evidence), flattening_claim(evidence),
                                    invariance_claim(evidence), shifted_claim(evidence),
                                    distorted_claim(evidence),  noisy_claim(evidence)};
  for (PaperClaim& claim : claims) {
    if (!claim.experiment.empty()) continue;
    claim.experiment =
        fmt::format("sweep configs/paper/sweep.json, evaluate RUN... --suite {}", kPaperSuite);
  }
  return claims;
}

}  // namespace mnist_bench
