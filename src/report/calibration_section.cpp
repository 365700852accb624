#include "report/calibration_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

template <double Calibration::*score>
std::optional<double> score_of(const RunResult& run) {
  if (!run.test || !run.test->calibration) return std::nullopt;
  return (*run.test->calibration).*score;
}

/// The scores of a run's probabilities; all are better where they are lower.
const std::array<Metric, 4>& scores() {
  static const std::array<Metric, 4> list = {{
      {.key = "ece",
       .title = "ECE",
       .meaning = "expected calibration error, 0 to 1",
       .decimals = 4,
       .value = score_of<&Calibration::ece>},
      {.key = "mce",
       .title = "MCE",
       .meaning = "maximum calibration error, 0 to 1",
       .decimals = 3,
       .value = score_of<&Calibration::mce>},
      {.key = "brier",
       .title = "Brier",
       .meaning = "Brier score, 0 to 2",
       .decimals = 4,
       .value = score_of<&Calibration::brier>},
      {.key = "nll",
       .title = "NLL",
       .meaning = "mean negative log-likelihood, in nats",
       .decimals = 4,
       .value = score_of<&Calibration::nll>},
  }};
  return list;
}

/// "3 to 12": images in the bins that the MCE is of.
std::string mce_images(const std::vector<const Calibration*>& calibrations) {
  const auto [least, most] = std::minmax_element(
      calibrations.begin(), calibrations.end(),
      [](const Calibration* a, const Calibration* b) { return a->mce_samples < b->mce_samples; });
  const std::string low = with_commas((*least)->mce_samples);
  const std::string high = with_commas((*most)->mce_samples);
  return low == high ? low : fmt::format("{} to {}", low, high);
}

ReportTable scores_table(const std::vector<RunGroup>& groups) {
  ReportTable table{.title = "How far the probabilities can be taken at their word",
                    .columns = {Align::left, Align::right},
                    .header = {"experiment", "n"},
                    .rows = {}};
  const auto add_column = [&](const std::string& title) {
    table.columns.push_back(Align::right);
    table.header.push_back(title);
  };
  for (const Metric& score : scores()) {
    add_column(score.title);
    if (score.key == "mce") add_column("images in its bin");
  }
  for (const RunGroup& group : groups) {
    const std::vector<const Calibration*> calibrations = calibrations_of(group);
    if (calibrations.empty()) continue;
    std::vector<std::string> row = {group.label, std::to_string(calibrations.size())};
    for (const Metric& score : scores()) {
      row.push_back(summary_text(summary_by_seed(group, score.value), score, {}).mean_and_sd());
      if (score.key == "mce") row.push_back(mce_images(calibrations));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable bins_table(const std::vector<RunGroup>& groups) {
  ReportTable table{
      .title = "Accuracy by confidence, all runs pooled",
      .columns = {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right},
      .header = {"experiment", "confidence", "images", "mean confidence [%]", "accuracy [%]",
                 "accuracy - confidence [points]"},
      .rows = {}};
  for (const RunGroup& group : groups) {
    for (const PooledBin& bin : pooled_bins(group)) {
      const int decimals = std::max(1, decimals_of_images(bin.samples));
      table.rows.push_back({group.label, fmt::format("{:.3f} to {:.3f}", bin.lower, bin.upper),
                            with_commas(bin.samples), rounded(100.0 * bin.confidence, decimals),
                            rounded(100.0 * bin.accuracy, decimals),
                            signed_text(100.0 * (bin.accuracy - bin.confidence), decimals)});
    }
  }
  return table;
}

ReportTable coverage_table(const std::vector<RunGroup>& groups) {
  ReportTable table{.title = "Accuracy of the most confident images [%]",
                    .columns = {Align::left},
                    .header = {"experiment"},
                    .rows = {}};
  for (const RunGroup& group : groups) {
    std::vector<std::string> row = {group.label};
    for (const auto& [coverage, accuracy] : coverage_means(group)) {
      if (table.rows.empty()) {
        table.columns.push_back(Align::right);
        table.header.push_back(fmt::format("{:.0f} %", 100.0 * coverage));
      }
      row.push_back(
          summary_text(accuracy, metric_of(kAccuracyKey), test_images(group)).mean_and_sd());
    }
    if (row.size() > 1) table.rows.push_back(std::move(row));
  }
  return table;
}

Json calibration_json(const RunGroup& group) {
  Json json = {{"experiment", group.label}, {"config_hash", group.config_hash}};
  for (const Metric& score : scores()) {
    json[score.key] = to_json(summary_by_seed(group, score.value));
  }
  Json bins = Json::array();
  for (const PooledBin& bin : pooled_bins(group)) {
    bins.push_back({{"lower", bin.lower},
                    {"upper", bin.upper},
                    {"samples", bin.samples},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy}});
  }
  json["bins"] = std::move(bins);
  Json coverage = Json::array();
  for (const CoverageMean& mean : coverage_means(group)) {
    coverage.push_back({{"coverage", mean.coverage}, {"accuracy", to_json(mean.accuracy)}});
  }
  json["coverage"] = std::move(coverage);
  return json;
}

}  // namespace

std::vector<const Calibration*> calibrations_of(const RunGroup& group) {
  std::vector<const Calibration*> found;
  for (const StoredRun& run : group.completed) {
    if (const auto& calibration = run.result.test->calibration) found.push_back(&*calibration);
  }
  return found;
}

std::vector<CoverageMean> coverage_means(const RunGroup& group) {
  const std::vector<const Calibration*> calibrations = calibrations_of(group);
  if (calibrations.empty()) return {};
  std::vector<CoverageMean> means;
  for (std::size_t i = 0; i < calibrations.front()->coverage.size(); ++i) {
    std::vector<double> accuracies;
    for (const Calibration* each : calibrations) {
      if (i < each->coverage.size()) accuracies.push_back(each->coverage[i].accuracy);
    }
    means.push_back({.coverage = calibrations.front()->coverage[i].coverage,
                     .accuracy = summary_of(accuracies)});
  }
  return means;
}

std::vector<PooledBin> pooled_bins(const RunGroup& group) {
  std::map<std::pair<double, double>, PooledBin> pooled;  // sums, until they are divided
  for (const Calibration* calibration : calibrations_of(group)) {
    for (const CalibrationBin& bin : calibration->bins) {
      if (bin.samples <= 0 || !bin.confidence || !bin.accuracy) continue;
      PooledBin& sum = pooled[{bin.lower, bin.upper}];
      sum.samples += bin.samples;
      sum.confidence += static_cast<double>(bin.samples) * *bin.confidence;
      sum.accuracy += static_cast<double>(bin.samples) * *bin.accuracy;
    }
  }
  std::vector<PooledBin> bins;
  for (const auto& [ends, sum] : pooled) {
    const auto samples = static_cast<double>(sum.samples);
    bins.push_back({.lower = ends.first,
                    .upper = ends.second,
                    .samples = sum.samples,
                    .confidence = sum.confidence / samples,
                    .accuracy = sum.accuracy / samples});
  }
  return bins;
}

Section calibration_section(const std::vector<RunGroup>& groups) {
  Section section{.id = "calibration", .title = "Calibration", .pages_only = true};
  ReportTable table = scores_table(groups);
  if (table.rows.empty()) return section;
  section.tables = {std::move(table), coverage_table(groups), bins_table(groups)};
  for (std::size_t i = 1; i < section.tables.size(); ++i) section.tables[i].pages_only = true;
  section.notes = {
      "On the test set, without a transform. ECE: mean over the images of their bin's |accuracy - "
      "confidence|; MCE: the largest of these gaps, which few images may make; Brier: mean squared "
      "distance of all probabilities from the truth; NLL: mean negative log-likelihood of the true "
      "class. Of all of them less is better; n: the runs whose records have them."};
  section.data = Json::array();
  for (const RunGroup& group : groups) {
    if (!calibrations_of(group).empty()) section.data.push_back(calibration_json(group));
  }
  return section;
}

}  // namespace mnist_bench
