#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "paper/claims.h"
#include "paper/experiments.h"
#include "report/rounding.h"

// A claim on the outputs of a network's layers before its first step.

namespace mnist_bench {
namespace {

/// Of a network whose magnitude is stable, the largest SD of a layer over the smallest, at most.
constexpr double kStableWithin = 2.0;

/// SD of each layer's outputs at step 0, by layer, seed by seed; none for records without them.
std::map<std::string, ValuesBySeed> preactivation_sds(const RunGroup& group) {
  std::map<std::string, ValuesBySeed> by_layer;
  for (const StoredRun& run : group.completed) {
    for (const Preactivations& layer : run.result.preactivations) {
      by_layer[layer.layer][run.result.config.seed] = layer.sd;
    }
  }
  return by_layer;
}

/// "conv1 1.41 ± 0.02, fc1 …"
std::string layers_text(const std::vector<std::string>& layers,
                        const std::map<std::string, ValuesBySeed>& sds) {
  std::vector<std::string> texts;
  for (const std::string& layer : layers) {
    const SampleSummary summary = summary_of(values_of(sds.at(layer)));
    texts.push_back(fmt::format(
        "{} {}", layer, summary_text(summary, metric_of("loss"), std::nullopt).mean_and_sd()));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// The largest SD of a layer over the smallest, seed by seed.
ValuesBySeed spreads_of(const RunGroup& group) {
  ValuesBySeed spreads;
  for (const StoredRun& run : group.completed) {
    const std::vector<Preactivations>& layers = run.result.preactivations;
    if (layers.empty()) continue;
    const auto [least, most] = std::minmax_element(
        layers.begin(), layers.end(),
        [](const Preactivations& a, const Preactivations& b) { return a.sd < b.sd; });
    if (least->sd > 0.0) spreads[run.result.config.seed] = most->sd / least->sd;
  }
  return spreads;
}

/// Whether a run's record has no layer's outputs at step 0.
bool lacks_outputs(const RunGroup& group) {
  return std::any_of(group.completed.begin(), group.completed.end(),
                     [](const StoredRun& run) { return run.result.preactivations.empty(); });
}

}  // namespace

PaperClaim magnitude_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 3.10, eq. 20",
      .claim =
          "He's weights ensure “that the signal magnitude remains stable throughout the deep "
          "network”",
      .findings = {fmt::format(
          "SD of each layer's outputs before relu, at step 0, over 100 training images and all "
          "units, mean ± SD over the seeds. What is stable is not said; here: the largest SD of a "
          "network's layers is less than {:.0f} times the smallest.",
          kStableWithin)},
      .experiment = "sweep configs/paper/initialization.json"};
  std::vector<NamedJudgement> judgements;
  std::vector<std::string> missing;
  for (const PaperModel& model : models_of(evidence, missing)) {
    for (const Initialization initialization :
         {Initialization::he, Initialization::xavier, Initialization::pytorch}) {
      const std::string name(enum_name(kInitializations, initialization));
      const std::string what =
          fmt::format("{} with model.initialization={}", model.printed->name, name);
      const RunGroup* const runs =
          config_of(*model.runs).initialization == initialization
              ? model.runs
              : with_all_seeds(
                    variant(evidence, *model.runs, {"model.initialization", "training.epochs"},
                            [&](const auto& config) {
                              return config.initialization == initialization;
                            }),
                    *model.runs, what, missing);
      if (runs == nullptr) continue;
      if (lacks_outputs(*runs)) {
        missing.push_back(what + " and its outputs at step 0");
        continue;
      }
      const ValuesBySeed spreads = spreads_of(*runs);
      if (spreads.empty()) continue;  // all runs diverged
      std::vector<std::string> layers;
      for (const Preactivations& layer : runs->completed.front().result.preactivations) {
        layers.push_back(layer.layer);
      }
      const SampleSummary summary = summary_of(values_of(spreads));
      claim.findings.push_back(fmt::format(
          "{}, {}: {}; the largest is {} times the smallest (n = {}).", model.printed->name, name,
          layers_text(layers, preactivation_sds(*runs)),
          summary_text(summary, metric_of("loss"), std::nullopt).mean_and_sd(), summary.n));
      if (initialization != Initialization::he) continue;
      std::vector<double> below;
      for (const double spread : values_of(spreads)) below.push_back(kStableWithin - spread);
      judgements.push_back(
          {fmt::format("{}, less than {:.0f} times", model.printed->name, kStableWithin),
           judge(below, /*images=*/0)});
      claim.findings.push_back(fmt::format("{}, he: that this is less than {:.0f} times is {}.",
                                           model.printed->name, kStableWithin,
                                           judged_text(judgements.back().judgement)));
    }
  }
  conclude(claim, judgements, missing);
  return claim;
}

}  // namespace mnist_bench
