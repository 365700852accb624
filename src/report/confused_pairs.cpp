#include "report/confused_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/text.h"
#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t count_in(const ConfusionMatrix& counts, std::int64_t truth, std::int64_t predicted) {
  const auto row = static_cast<std::size_t>(truth);
  const auto column = static_cast<std::size_t>(predicted);
  return row < counts.size() && column < counts[row].size() ? counts[row][column] : 0;
}

Confusions confusions(const RunGroup& group, std::int64_t truth, std::int64_t predicted) {
  Confusions found;
  std::vector<double> counts;
  for (const StoredRun& run : group.completed) {
    counts.push_back(static_cast<double>(count_in(run.result.test->confusion, truth, predicted)));
  }
  for (const StoredRun& run : runs_to_sum(group)) {
    found.images += count_in(run.result.test->confusion, truth, predicted);
  }
  found.per_run = summary_of_results(group, counts);
  return found;
}

std::vector<std::int64_t> classes_of(const RunGroup& group) {
  std::set<std::int64_t> classes;
  for (const StoredRun& run : group.completed) {
    const std::vector<std::int64_t> of_run = occurring_classes(run.result.test->confusion);
    classes.insert(of_run.begin(), of_run.end());
  }
  return {classes.begin(), classes.end()};
}

std::string per_run_text(const SampleSummary& images) {
  static const Metric metric = {
      .key = "images", .title = "images", .meaning = "images", .decimals = 1};
  return summary_text(images, metric, {}).mean_and_sd();
}

ReportTable pairs_table(std::string title, std::span<const ConfusedPair> pairs,
                        const ClassNames& names) {
  const auto direction = [&](std::int64_t truth, std::int64_t predicted) {
    return fmt::format("{} → {}", class_name(names, truth), class_name(names, predicted));
  };
  ReportTable table{.title = std::move(title),
                    .columns = {Align::right, Align::left, Align::right, Align::right, Align::left,
                                Align::right, Align::right, Align::right},
                    .header = {"rank", "taken for", "images", "per run", "the reverse", "images",
                               "per run", "both"},
                    .rows = {}};
  for (const ConfusedPair& pair : pairs) {
    table.rows.push_back(
        {std::to_string(pair.rank), direction(pair.first, pair.second),
         with_commas(pair.first_as_second.images), per_run_text(pair.first_as_second.per_run),
         direction(pair.second, pair.first), with_commas(pair.second_as_first.images),
         per_run_text(pair.second_as_first.per_run), with_commas(pair.images())});
  }
  return table;
}

/// The first ones, and a table of all others.
std::vector<ReportTable> pairs_tables(const RunGroup& group,
                                      const std::vector<ConfusedPair>& pairs) {
  const auto end = std::find_if(pairs.begin(), pairs.end(),
                                [](const ConfusedPair& pair) { return pair.images() == 0; });
  const std::span confused(pairs.begin(), end);
  if (confused.empty()) return {};
  const std::size_t shown = std::min(kPairsShown, confused.size());
  const ClassNames names = class_names_of(group);
  std::vector<ReportTable> tables = {
      pairs_table(fmt::format("Most confused pairs of {}, {}", group.label, runs_text(group)),
                  confused.first(shown), names)};
  if (shown == confused.size()) return tables;
  tables.push_back(pairs_table(
      fmt::format("The other {} of {}", counted(confused.size() - shown, "pair"), group.label),
      confused.subspan(shown), names));
  tables.back().pages_only = true;
  return tables;
}

Json confusions_json(std::int64_t truth, std::int64_t predicted, const Confusions& found) {
  return {{"true", truth},
          {"predicted", predicted},
          {"images", found.images},
          {"per_run", to_json(found.per_run)}};
}

Json pairs_json(const RunGroup& group, const std::vector<ConfusedPair>& pairs) {
  Json list = Json::array();
  for (const ConfusedPair& pair : pairs) {
    if (pair.images() == 0) break;  // and all after it
    list.push_back({{"rank", pair.rank},
                    {"images", pair.images()},
                    {"directions",
                     {confusions_json(pair.first, pair.second, pair.first_as_second),
                      confusions_json(pair.second, pair.first, pair.second_as_first)}}});
  }
  Json json = {{"experiment", group.label},
               {"config_hash", group.config_hash},
               {"n", group.completed.size()},
               {"pairs_of_classes", pairs.size()},
               {"pairs", std::move(list)}};
  if (const ClassNames names = class_names_of(group); !names.empty()) json["class_names"] = names;
  return json;
}

}  // namespace

std::vector<ConfusedPair> confused_pairs(const RunGroup& group) {
  const std::vector<std::int64_t> classes = classes_of(group);
  std::vector<ConfusedPair> pairs;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t j = i + 1; j < classes.size(); ++j) {
      pairs.push_back({.first = classes[i],
                       .second = classes[j],
                       .first_as_second = confusions(group, classes[i], classes[j]),
                       .second_as_first = confusions(group, classes[j], classes[i])});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const ConfusedPair& a, const ConfusedPair& b) {
    return a.images() > b.images();
  });
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const bool tied = i > 0 && pairs[i].images() == pairs[i - 1].images();
    pairs[i].rank = tied ? pairs[i - 1].rank : i + 1;
  }
  return pairs;
}

Section confused_pairs_section(const std::vector<RunGroup>& groups) {
  Section section{.id = "pairs", .title = "Confused pairs", .pages_only = true};
  section.data = Json::array();
  std::set<std::size_t> numbers;
  for (const RunGroup& group : groups) {
    if (group.completed.empty()) continue;
    const std::vector<ConfusedPair> pairs = confused_pairs(group);
    section.data.push_back(pairs_json(group, pairs));
    numbers.insert(pairs.size());
    for (ReportTable& table : pairs_tables(group, pairs)) {
      section.tables.push_back(std::move(table));
    }
  }
  if (section.tables.empty()) return section;
  section.notes = {fmt::format(
      "Images of a class that were taken for another: the sum over the runs (the one result "
      "of a deterministic model counts once), and mean ± SD of a run. Ranked among {} of classes by both directions together; pairs that no run confused are "
      "left out.",
      numbers.size() == 1 ? counted(*numbers.begin(), "pair") : "all pairs")};
  return section;
}

}  // namespace mnist_bench
