#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "paper/check.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

std::string count_or_dash(const std::optional<std::int64_t>& count) {
  return count ? with_commas(*count) : kAbsent;
}

/// Digits after the point of our numbers in this row, those of the SD over the seeds.
int decimals_of(const PaperCell& cell) {
  const double scale = cell.metric->scale();
  return metric_decimals(*cell.metric, cell.ours.sd.value_or(0.0) * scale,
                         cell.ours.mean.value_or(0.0) * scale, cell.images);
}

std::string printed_text(const PaperCell& cell) {
  if (cell.metric->is_count()) return count_text(cell.printed);
  return cell.printed_sd ? fmt::format("{:.1f} ± {:.1f}", cell.printed, *cell.printed_sd)
                         : fmt::format("{:.1f}", cell.printed);
}

}  // namespace

std::optional<Nearer> nearer_of(const PaperCell& cell) {
  const double seeds = cell.metric->scale() * cell.ours.sd.value_or(0.0);
  const double classes = cell.sd_over_classes.value_or(0.0);
  if (!cell.printed_sd || seeds <= 0.0 || classes <= 0.0) return std::nullopt;
  const bool to_seeds =
      std::abs(std::log(seeds / *cell.printed_sd)) < std::abs(std::log(classes / *cell.printed_sd));
  return to_seeds ? Nearer::seeds : Nearer::classes;
}

ReportTable layer_table(const std::string& title, const std::vector<PaperLayer>& layers) {
  ReportTable table{
      .title = title,
      .columns = {Align::left, Align::left, Align::right, Align::left, Align::right, Align::right,
                  Align::left},
      .header = {"layer", "depth-idx", "paper", "our layer", "ours", "difference", "verdict"},
      .rows = {}};
  for (const PaperLayer& layer : layers) {
    const bool both = layer.printed && layer.ours;
    table.rows.push_back(
        {layer.layer, layer.index, count_or_dash(layer.printed), layer.ours_layer,
         count_or_dash(layer.ours),
         both ? signed_text(static_cast<double>(*layer.ours - *layer.printed), 0) : kAbsent,
         to_string(layer.verdict)});
  }
  return table;
}

ReportTable cell_table(const std::vector<PaperCell>& cells) {
  ReportTable table{.title = "Tables 4 and 5: performance and cost",
                    .columns = {Align::left, Align::left, Align::right, Align::right, Align::right,
                                Align::right, Align::right, Align::left},
                    .header = {"metric", "model", "paper", "ours", "n", "difference",
                               "95 % range of a run", "verdict"},
                    .rows = {}};
  for (const PaperCell& cell : cells) {
    const bool count = cell.metric->is_count();
    const int decimals = decimals_of(cell);
    table.rows.push_back({cell.metric->title_with_unit(), cell.model, printed_text(cell),
                          count ? count_text(cell.ours.mean)
                                : summary_text(cell.ours, *cell.metric, cell.images).mean_and_sd(),
                          std::to_string(cell.ours.n),
                          cell.difference ? signed_text(*cell.difference, decimals) : kAbsent,
                          cell.next_run
                              ? fmt::format("{} to {}", rounded(cell.next_run->low, decimals),
                                            rounded(cell.next_run->high, decimals))
                              : kAbsent,
                          to_string(cell.verdict)});
  }
  return table;
}

ReportTable deviation_table(const std::vector<PaperCell>& cells) {
  ReportTable table{
      .title = "What Table 4's ± may be: our SDs in percentage points",
      .columns = {Align::left, Align::left, Align::right, Align::right, Align::right, Align::left},
      .header = {"metric", "model", "paper's ±", "over the seeds", "over the classes",
                 "nearer to the paper's"},
      .rows = {},
      .legend =
          "over the classes: SD of the ten classes' values in a run, mean over the seeds. "
          "Nearer: by ratio. A run has one accuracy, so no SD of it over the classes."};
  for (const PaperCell& cell : cells) {
    if (!cell.printed_sd) continue;
    const std::optional<double>& seeds = cell.ours.sd;
    const auto nearer = nearer_of(cell);
    const int decimals = std::min(2, decimals_of_images(cell.images.value_or(0)));
    table.rows.push_back({cell.metric->title, cell.model, fmt::format("{:.1f}", *cell.printed_sd),
                          seeds ? rounded(cell.metric->scale() * *seeds, decimals) : kAbsent,
                          cell.sd_over_classes ? rounded(*cell.sd_over_classes, decimals) : kAbsent,
                          !nearer                    ? kAbsent
                          : *nearer == Nearer::seeds ? "seeds"
                                                     : "classes"});
  }
  return table;
}

std::vector<std::string> paper_notes() {
  return {
      "ours: mean ± SD over the seeds; difference: ours less the paper's.",
      // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): sentences of several lines
      "95 % range of a run: where one further run of ours is expected, mean ± t(0.975, n - 1) · SD "
      "· √(1 + 1/n).",
      "not contradicted: the paper's value, as it is rounded, is in that range, and the range is "
      "no wider than ± 0.5 points, or than the paper's own ± where that is more; too uncertain to "
      "tell: it is in the range, but the range is wider. Higher, lower: ours, where the paper's "
      "value is outside; within the paper's ±: by no more than it. This does not need the paper's "
      "n.",
      "not comparable: the paper does not name its machine. –: not printed, or fewer than two "
      "runs."};
}

}  // namespace mnist_bench
