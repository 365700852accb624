#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

#include "base/text.h"
#include "model/summary.h"
#include "paper/arithmetic.h"
#include "paper/claims.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

std::string percent_of(std::int64_t part, std::int64_t whole) {
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

double ratio(std::int64_t a, std::int64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

/// The paper's networks on square images of this side.
ModelSummary mlp_on(std::int64_t side) {
  return summarize(MlpConfig{}, {.rows = side, .columns = side}, kPrintedClasses);
}
ModelSummary cnn_on(std::int64_t side) {
  return summarize(CnnConfig{}, {.rows = side, .columns = side}, kPrintedClasses);
}

const LayerSummary& layer_of(const ModelSummary& network, std::string_view name) {
  return *std::find_if(network.layers.begin(), network.layers.end(),
                       [&](const LayerSummary& layer) { return layer.name == name; });
}

std::int64_t parameters_of(const ModelSummary& network, std::string_view layer) {
  return layer_of(network, layer).parameters;
}

/// Multiply–accumulates per image, eq. 26 and 27.
std::int64_t mlp_macs() { return mlp_on(kPrintedSide).macs; }
std::int64_t cnn_macs() { return cnn_on(kPrintedSide).macs; }
std::int64_t cnn_convolution_macs() {
  const ModelSummary cnn = cnn_on(kPrintedSide);
  return layer_of(cnn, "conv1").macs + layer_of(cnn, "conv2").macs;
}

std::int64_t values_in(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// "the native engine, 1 thread, 2 runs at once"
std::string how_timed(const RunGroup& group) {
  const RunResult& run = group.completed.front().result;
  std::string text = fmt::format("the {} engine", to_string(run.config.training.engine));
  if (!run.provenance) return text;
  text += fmt::format(", {}", counted(run.provenance->threads, "thread"));
  if (run.provenance->jobs > 1) text += fmt::format(", {} runs at once", run.provenance->jobs);
  return text;
}

PaperClaim time_claim(const PaperEvidence& evidence) {
  const double mlp = kPrintedMlp.seconds_per_epoch;
  const double cnn = kPrintedCnn.seconds_per_epoch;
  const double per_mac = (cnn - mlp) / static_cast<double>(cnn_macs() - mlp_macs());
  const double fixed = mlp - per_mac * static_cast<double>(mlp_macs());
  PaperClaim claim{.place = "Sec. 5.2",
                   .claim = "the “MLP trains faster due to simpler matrix multiplications”"};
  claim.findings.push_back(fmt::format(
      "Table 5: the CNN takes {:.2f} times as long ({:.1f} and {:.1f} s). By eq. 26 and 27 it "
      "computes {:.2f} times as much ({} and {} multiply-accumulates per image).",
      cnn / mlp, cnn, mlp, ratio(cnn_macs(), mlp_macs()), with_commas(cnn_macs()),
      with_commas(mlp_macs())));
  claim.findings.push_back(fmt::format(
      "If time were a fixed part and one in proportion to the arithmetic, the fixed part would be "
      "{:.2f} s an epoch, {:.0f} % of the MLP's: most of what was timed is then not matrix "
      "multiplication. The machine and what was timed are not named.",
      fixed, 100.0 * fixed / mlp));
  if (evidence.mlp.runs == nullptr || evidence.cnn.runs == nullptr) return claim;
  const SampleSummary& ours_mlp = evidence.mlp.runs->summaries.at("seconds_per_epoch");
  const SampleSummary& ours_cnn = evidence.cnn.runs->summaries.at("seconds_per_epoch");
  if (const auto other = other_difference(evidence)) {
    claim.findings.push_back(*other);
    claim.verdict = ClaimVerdict::undecided;
  } else if (ours_mlp.mean && ours_cnn.mean) {
    const Judgement judgement = judge_models(evidence, metric_of("seconds_per_epoch").value);
    claim.findings.push_back(fmt::format(
        "Ours: {:.2f} times ({} and {} s), training alone, by {}. A difference is {}.",
        *ours_cnn.mean / *ours_mlp.mean, ours_text(*evidence.cnn.runs, "seconds_per_epoch"),
        ours_text(*evidence.mlp.runs, "seconds_per_epoch"), how_timed(*evidence.mlp.runs),
        judged_text(judgement)));
    claim.basis = ClaimBasis::runs;
    claim.tests = judgement.could_decide() ? 1 : 0;
    claim.verdict = claim_verdict(judgement, /*higher=*/true);
  }
  return claim;
}

PaperClaim first_dense_claim() {
  const std::int64_t mlp = kTable1[1].parameters;
  const std::int64_t cnn = kTable2[8].parameters;
  return {
      .place = "Sec. 5.2",
      .claim =
          "the MLP “requires a significantly larger number of parameters in the first "
          "dense layer”",
      .findings = {fmt::format(
          "First dense layer: MLP {} (Table 1), CNN {} (Table 2), {:.2f} times as many. In all: "
          "{} and {} (Table 5), {:.2f} times as many.",
          with_commas(mlp), with_commas(cnn), ratio(cnn, mlp), with_commas(kPrintedMlp.parameters),
          with_commas(kPrintedCnn.parameters),
          ratio(kPrintedCnn.parameters, kPrintedMlp.parameters))},
      .basis = ClaimBasis::arithmetic,
      .verdict = mlp > cnn ? ClaimVerdict::holds : ClaimVerdict::does_not_hold};
}

PaperClaim intensity_claim(const PaperEvidence& evidence) {
  PaperClaim claim{
      .place = "Sec. 5.2, eq. 27",
      .claim = "CNNs are “computationally more intensive due to convolution operations”",
      .findings = {fmt::format("Of the CNN's {} multiply-accumulates per image {} ({}) are in its "
                               "convolutions, and {} in its dense layers, more than the MLP's {}.",
                               with_commas(cnn_macs()), with_commas(cnn_convolution_macs()),
                               percent_of(cnn_convolution_macs(), cnn_macs()),
                               with_commas(cnn_macs() - cnn_convolution_macs()),
                               with_commas(mlp_macs()))},
      .basis = ClaimBasis::arithmetic,
      .verdict =
          cnn_convolution_macs() > mlp_macs() ? ClaimVerdict::holds : ClaimVerdict::does_not_hold};
  for (const PaperModel& model : {evidence.mlp, evidence.cnn}) {
    if (model.runs == nullptr || !model.runs->model) continue;
    claim.findings.push_back(fmt::format("Our {} counts {}.", model.printed->name,
                                         with_commas(model.runs->model->macs)));
  }
  return claim;
}

PaperClaim resolution_claim() {
  const std::int64_t mlp = parameters_of(mlp_on(kPrintedSide), "fc1");
  const std::int64_t wide_mlp = parameters_of(mlp_on(2 * kPrintedSide), "fc1");
  const std::int64_t cnn = parameters_of(cnn_on(kPrintedSide), "fc1");
  const std::int64_t wide_cnn = parameters_of(cnn_on(2 * kPrintedSide), "fc1");
  return {.place = "Sec. 5.3",
          .claim = "the MLP's connections grow “linearly with image resolution”",
          .findings = {fmt::format(
              "With the number of pixels, yes; with the side of the image as its square: at {0} by "
              "{0} the MLP's first layer has {1} parameters instead of {2}, {3:.1f} times as many. "
              "The CNN's first dense layer grows alike, from {4} to {5}.",
              2 * kPrintedSide, with_commas(wide_mlp), with_commas(mlp), ratio(wide_mlp, mlp),
              with_commas(cnn), with_commas(wide_cnn))},
          .basis = ClaimBasis::reading,
          .verdict = ClaimVerdict::holds};
}

PaperClaim sharing_claim() {
  const ModelSummary cnn = cnn_on(kPrintedSide);
  const std::vector<std::int64_t>& map1 = layer_of(cnn, "conv1").output_shape;
  const std::vector<std::int64_t>& map2 = layer_of(cnn, "conv2").output_shape;
  // A layer has as many weights as MACs per position of its output.
  const std::int64_t weights1 = layer_of(cnn, "conv1").macs / (map1[1] * map1[2]);
  const std::int64_t weights2 = layer_of(cnn, "conv2").macs / (map2[1] * map2[2]);
  const std::int64_t dense1 = kPrintedSide * kPrintedSide * values_in(map1);
  const std::int64_t dense2 = values_in(layer_of(cnn, "pool1").output_shape) * values_in(map2);
  const std::int64_t convolutions = kTable2[0].parameters + kTable2[3].parameters;
  return {.place = "Sec. 5.3",
          .claim =
              "CNNs “significantly reduce the number of learnable parameters through weight "
              "sharing” (K²·C_in·C_out ≪ n_in·n_out)",
          .findings = {fmt::format(
              "Of a layer, yes: the two convolutions have {} and {} weights, where dense layers "
              "between the same maps would have {} and {}. Of these two networks, no: the "
              "convolutions are {} of the CNN's parameters, and the CNN has {} more than the MLP.",
              with_commas(weights1), with_commas(weights2), with_commas(dense1),
              with_commas(dense2), percent_of(convolutions, kPrintedCnn.parameters),
              with_commas(kPrintedCnn.parameters - kPrintedMlp.parameters))},
          .basis = ClaimBasis::reading,
          .verdict = weights1 < dense1 && weights2 < dense2 ? ClaimVerdict::holds
                                                            : ClaimVerdict::does_not_hold};
}

PaperClaim lightweight_claim() {
  return {
      .place = "Sec. 1",
      .claim =
          "the MLP is among the “lightweight models for embedded devices (where speed is "
          "paramount)”",
      .findings = {fmt::format(
                       "In float32 its parameters take {} bytes and the CNN's {}; an image takes "
                       "{} and {} multiply-accumulates.",
                       with_commas(kBytesOfValue * kPrintedMlp.parameters),
                       with_commas(kBytesOfValue * kPrintedCnn.parameters), with_commas(mlp_macs()),
                       with_commas(cnn_macs())),
                   "No device, memory or time limit is named, and no embedded device is "
                   "measured, there or here. Time on this machine: bench --inference RUN..."},
      .basis = ClaimBasis::reading,
      .verdict = ClaimVerdict::cannot_be_told};
}

}  // namespace

std::vector<PaperClaim> cost_claims(const PaperEvidence& evidence) {
  return {lightweight_claim(),       time_claim(evidence), first_dense_claim(),
          intensity_claim(evidence), resolution_claim(),   sharing_claim()};
}

}  // namespace mnist_bench
