#include "paper/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/overloaded.h"
#include "base/text.h"
#include "config/difference.h"
#include "paper/claims.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

/// "training.epochs 5 → 2" for each key in which the group is not the paper's experiment.
std::vector<std::string> departures_of(const RunGroup& group) {
  const ExperimentConfig& config = config_of(group);
  ExperimentConfig paper;
  paper.model =
      std::visit(Overloaded{[](const MlpConfig&) -> ModelConfig { return MlpConfig{}; },
                            [](const CnnConfig&) -> ModelConfig { return CnnConfig{}; },
                            // None of the paper's.
                            [](const LayersConfig&) -> ModelConfig { return MlpConfig{}; },
                            [](const KnnConfig&) -> ModelConfig { return MlpConfig{}; },
                            [](const SvmConfig&) -> ModelConfig { return MlpConfig{}; }},
                 config.model);
  return differences_between(paper, config);
}

/// The groups of this model that depart least; those with completed runs before those without.
std::vector<const RunGroup*> nearest_groups(const std::vector<RunGroup>& groups,
                                            const std::string& type) {
  const auto rank = [](const RunGroup& group) {
    return std::pair(group.completed.empty(), departures_of(group).size());
  };
  std::vector<const RunGroup*> nearest;
  for (const RunGroup& group : groups) {
    if (!group.model || group.model->type != type) continue;
    if (!nearest.empty() && rank(group) < rank(*nearest.front())) nearest.clear();
    if (nearest.empty() || rank(group) == rank(*nearest.front())) nearest.push_back(&group);
  }
  return nearest;
}

/// One of each: those that differ least from each other, and of these the first.
std::pair<const RunGroup*, const RunGroup*> nearest_pair(const std::vector<const RunGroup*>& mlps,
                                                         const std::vector<const RunGroup*>& cnns) {
  if (mlps.empty() || cnns.empty()) {
    return {mlps.empty() ? nullptr : mlps.front(), cnns.empty() ? nullptr : cnns.front()};
  }
  std::pair<const RunGroup*, const RunGroup*> best = {nullptr, nullptr};
  std::size_t least = 0;
  for (const RunGroup* mlp : mlps) {
    for (const RunGroup* cnn : cnns) {
      const std::size_t differences = config_differences(config_of(*mlp), config_of(*cnn)).size();
      if (best.first != nullptr && differences >= least) continue;
      best = {mlp, cnn};
      least = differences;
    }
  }
  return best;
}

/// The class sizes of MNIST's test images, from a run that was tested on all of them.
std::vector<std::int64_t> class_sizes_in(const std::vector<RunGroup>& groups) {
  for (const RunGroup& group : groups) {
    for (const StoredRun& run : group.completed) {
      const auto& data = run.result.data;
      if (!data || data->dataset != "mnist") continue;
      const std::vector<std::int64_t>& sizes = data->test.class_counts;
      const auto images = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
      if (sizes.size() == kPrintedClasses && images == kPrintedTestImages) return sizes;
    }
  }
  return {};
}

/// Whether the group is the same experiment with permuted pixels.
bool is_permuted(const RunGroup& group, const RunGroup& plain) {
  ExperimentConfig config = config_of(group);
  const TransformChain& chain = config.data.transform;
  if (chain.size() != 1 || chain.front().type != "permute_pixels") return false;
  config.data.transform = config_of(plain).data.transform;
  return group.device == plain.device && differences_between(config_of(plain), config).empty();
}

/// The groups of the same two experiments with pixels that are permuted in one way for both: those
/// with the most completed runs. Null, null: there are none, or no runs of one are completed.
std::pair<const RunGroup*, const RunGroup*> permuted_pair(const std::vector<RunGroup>& groups,
                                                          const RunGroup* plain_mlp,
                                                          const RunGroup* plain_cnn) {
  std::pair<const RunGroup*, const RunGroup*> best = {nullptr, nullptr};
  if (plain_mlp == nullptr || plain_cnn == nullptr) return best;
  std::size_t most = 0;
  for (const RunGroup& mlp : groups) {
    if (!is_permuted(mlp, *plain_mlp)) continue;
    for (const RunGroup& cnn : groups) {
      const std::size_t runs = std::min(mlp.completed.size(), cnn.completed.size());
      if (runs <= most || !is_permuted(cnn, *plain_cnn)) continue;
      if (config_of(mlp).data.transform != config_of(cnn).data.transform) continue;
      best = {&mlp, &cnn};
      most = runs;
    }
  }
  return best;
}

/// Without the severities that kPaperSuite does not have.
std::vector<TransformFamily> families_of(const PaperModel& mlp, const PaperModel& cnn,
                                         const EvaluationsOfRuns& evaluations) {
  if (mlp.runs == nullptr || cnn.runs == nullptr) return {};
  const std::vector<std::string> of_suite = specs_of(*shipped_suite(kPaperSuite));
  const std::set<std::string> specs(of_suite.begin(), of_suite.end());
  std::vector<TransformFamily> families = transform_families({*mlp.runs, *cnn.runs}, evaluations);
  for (TransformFamily& family : families) {
    std::erase_if(family.points, [&](const SeverityPoint& point) {
      return !std::all_of(point.specs.begin(), point.specs.end(),
                          [&](const std::string& spec) { return specs.contains(spec); });
    });
  }
  std::erase_if(families, [](const TransformFamily& family) { return family.points.empty(); });
  return families;
}

/// Chapter and section of a place: {5, 4} of "Sec. 5.4".
std::pair<int, int> section_of(const std::string& place) {
  constexpr std::array<std::pair<std::string_view, std::pair<int, int>>, 5> kNamed = {
      {{"Abstract", {0, 0}},
       {"Eq. 15", {3, 9}},
       {"Algorithm 1", {3, 10}},
       {"Tables 1", {3, 8}},
       {"Table 4", {5, 1}}}};
  for (const auto& [name, section] : kNamed) {
    if (place.starts_with(name)) return section;
  }
  std::pair<int, int> section;
  std::istringstream numbers(place.substr(std::string_view("Sec. ").size()));
  char dot = 0;
  numbers >> section.first >> dot >> section.second;
  return section;
}

std::string note_on(const PaperModel& model) {
  if (model.runs == nullptr) return fmt::format("{}: no runs.", model.printed->name);
  const std::string note =
      fmt::format("{}: n = {}", model.printed->name, counted(model.runs->completed.size(), "seed"));
  const auto departures = departures_of(*model.runs);
  if (departures.empty()) return note + ", the paper's setting.";
  return note + fmt::format(". NOT the paper's setting: {}.", fmt::join(departures, ", "));
}

}  // namespace

std::string to_string(CellVerdict verdict) {
  switch (verdict) {
    case CellVerdict::equal:
      return "equal";
    case CellVerdict::differs:
      return "differs";
    case CellVerdict::not_contradicted:
      return "not contradicted";
    case CellVerdict::too_uncertain:
      return "too uncertain to tell";
    case CellVerdict::higher:
      return "higher";
    case CellVerdict::lower:
      return "lower";
    case CellVerdict::higher_within_printed:
      return "higher, within the paper's ±";
    case CellVerdict::lower_within_printed:
      return "lower, within the paper's ±";
    case CellVerdict::not_comparable:
      return "not comparable";
    case CellVerdict::unknown:
      break;
  }
  return "–";
}

std::string to_string(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::holds:
      return "holds";
    case ClaimVerdict::holds_in_part:
      return "holds in part";
    case ClaimVerdict::does_not_hold:
      return "does not hold";
    case ClaimVerdict::suggested:
      return "suggested, not shown";
    case ClaimVerdict::undecided:
      return "undecided";
    case ClaimVerdict::cannot_be_told:
      return "cannot be told";
    case ClaimVerdict::open:
      break;
  }
  return "open";
}

std::string to_string(ClaimBasis basis) {
  switch (basis) {
    case ClaimBasis::runs:
      return "runs";
    case ClaimBasis::arithmetic:
      return "arithmetic";
    case ClaimBasis::reading:
      return "reading";
    case ClaimBasis::nothing:
      break;
  }
  return "nothing";
}

std::int64_t tests_made(const PaperCheck& check) {
  std::int64_t tests = 0;
  for (const PaperCell& cell : check.cells) tests += cell.next_run ? 1 : 0;
  for (const PaperClaim& claim : check.claims) tests += claim.tests;
  return tests;
}

PaperCheck check_paper(const std::vector<RunGroup>& groups, const EvaluationsOfRuns& evaluations) {
  const auto [mlp, cnn] = nearest_pair(nearest_groups(groups, kPrintedMlp.type),
                                       nearest_groups(groups, kPrintedCnn.type));
  PaperEvidence evidence{.mlp = {.printed = &kPrintedMlp, .runs = mlp},
                         .cnn = {.printed = &kPrintedCnn, .runs = cnn},
                         .groups = groups,
                         .evaluations = evaluations,
                         .class_sizes = class_sizes_in(groups)};
  const auto [permuted_mlp, permuted_cnn] = permuted_pair(groups, mlp, cnn);
  evidence.permuted_mlp = {.printed = &kPrintedMlp, .runs = permuted_mlp};
  evidence.permuted_cnn = {.printed = &kPrintedCnn, .runs = permuted_cnn};
  evidence.families = families_of(evidence.mlp, evidence.cnn, evaluations);
  evidence.permuted_families =
      families_of(evidence.permuted_mlp, evidence.permuted_cnn, evaluations);
  PaperCheck check;
  check.table1 = check_layers(evidence.mlp);
  check.table2 = check_layers(evidence.cnn);
  check.cells = check_cells(evidence);
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    check.notes.push_back(note_on(model));
    if (model.runs == nullptr) continue;
    check.sources.push_back(
        fmt::format("Our {}: the runs of {}.", model.printed->name, model.runs->label));
  }
  for (auto&& claims :
       {method_claims(evidence), training_claims(evidence), experiment_claims(evidence),
        table4_claims(evidence, check), result_claims(evidence), cost_claims(evidence),
        robustness_claims(evidence), network_claims(evidence), noise_claims(evidence)}) {
    check.claims.insert(check.claims.end(), claims.begin(), claims.end());
  }
  std::stable_sort(check.claims.begin(), check.claims.end(),
                   [](const PaperClaim& a, const PaperClaim& b) {
                     return section_of(a.place) < section_of(b.place);
                   });
  for (PaperClaim& claim : check.claims) {
    if (claim.basis == ClaimBasis::runs && claim.experiment.empty()) {
      claim.experiment = kPaperSweep;
    }
    if (claim.verdict == ClaimVerdict::open) claim.basis = ClaimBasis::nothing;
  }
  return check;
}

}  // namespace mnist_bench
