#include "report/robustness_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_of.h"
#include "record/metric_table.h"
#include "report/rounding.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

ReportTable suites_table(const std::vector<SuiteMean>& means) {
  ReportTable table{
      .title = "Mean accuracy over each suite",
      .columns = {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right},
      .header = {"suite", "experiment", "points", "n", "clean [%]", "mean over the suite [%]"},
      .rows = {}};
  const Metric& metric = metric_of(kAccuracyKey);
  for (const SuiteMean& mean : means) {
    table.rows.push_back({mean.suite, mean.group, std::to_string(mean.specs.size()),
                          std::to_string(mean.accuracy.n),
                          summary_text(mean.clean_accuracy, metric, mean.images).mean_and_sd(),
                          summary_text(mean.accuracy, metric, mean.images).mean_and_sd()});
  }
  return table;
}

/// In place of a conclusion on two deterministic groups.
constexpr const char* kNotTested = "not tested";

std::string conclusion_of(const RobustnessComparison& comparison) {
  if (!comparison.is_tested()) return kNotTested;
  switch (comparison.joint.conclusion) {
    case JointConclusion::shown:
      return "shown";
    case JointConclusion::in_part:
      return "in part";
    case JointConclusion::suggested:
      return to_string(Conclusion::suggested);
    case JointConclusion::not_shown:
      break;
  }
  return to_string(Conclusion::not_shown);
}

/// "B higher: shown for 10, 15 and suggested for 30; not shown for 45"
std::string by_severity(const JointJudgement& joint) {
  using Names = std::vector<std::string>;
  std::vector<std::string> parts;
  const auto add = [&](const char* who, const std::vector<std::pair<const char*, Names>>& lists) {
    std::vector<std::string> texts;
    for (const auto& [words, names] : lists) {
      if (!names.empty()) texts.push_back(fmt::format("{} for {}", words, fmt::join(names, ", ")));
    }
    if (!texts.empty()) parts.push_back(fmt::format("{}{}", who, fmt::join(texts, " and ")));
  };
  add("B higher: ", {{"shown", joint.shown_higher}, {"suggested", joint.suggested_higher}});
  add("A higher: ", {{"shown", joint.shown_lower}, {"suggested", joint.suggested_lower}});
  add("", {{"not shown", joint.not_shown}});
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// "n" of all severities, or "3 to 6".
std::string seeds_of(const RobustnessComparison& comparison) {
  if (!comparison.is_tested()) return kAbsent;
  const auto [least, most] =
      std::minmax_element(comparison.severities.begin(), comparison.severities.end(),
                          [](const NamedJudgement& a, const NamedJudgement& b) {
                            return a.judgement.difference.n < b.judgement.difference.n;
                          });
  const std::int64_t fewest = least->judgement.difference.n;
  const std::int64_t largest = most->judgement.difference.n;
  return fewest == largest ? std::to_string(fewest) : fmt::format("{} to {}", fewest, largest);
}

/// From the least to the greatest mean difference, in percentage points.
std::string differences_of(const RobustnessComparison& comparison) {
  std::vector<double> means;
  for (const NamedJudgement& each : comparison.severities) {
    means.push_back(100.0 * *each.judgement.difference.mean);
  }
  const auto [least, most] = std::minmax_element(means.begin(), means.end());
  const std::string low = signed_text(*least, 1);
  const std::string high = signed_text(*most, 1);
  return low == high ? low : fmt::format("{} to {}", low, high);
}

ReportTable comparisons_table(const std::vector<RobustnessComparison>& comparisons) {
  ReportTable table{
      .title = "Which experiment is more accurate, severity by severity",
      .columns = {Align::left, Align::left, Align::left, Align::right, Align::right, Align::left,
                  Align::left},
      .header = {"A", "B", "transform", "n", "mean B - A [points]", "conclusion", "severities"},
      .rows = {}};
  for (const RobustnessComparison& comparison : comparisons) {
    table.rows.push_back(
        {comparison.a, comparison.b, comparison.family, seeds_of(comparison),
         differences_of(comparison), conclusion_of(comparison),
         comparison.is_tested() ? by_severity(comparison.joint) : "no seed changes either"});
  }
  return table;
}

bool is_mnist_c(const RobustnessRow& row) { return row.data.starts_with(kMnistCData); }

/// The table of all sets of images, those of MNIST-C in one of its own.
std::vector<ReportTable> tables_of_rows(std::vector<RobustnessRow> rows) {
  const auto published = std::stable_partition(rows.begin(), rows.end(), std::not_fn(is_mnist_c));
  std::vector<ReportTable> tables;
  if (published != rows.begin()) tables.push_back(robustness_table({rows.begin(), published}));
  if (published != rows.end()) {
    tables.push_back(robustness_table({published, rows.end()}));
    tables.back().title = "Accuracy on MNIST-C";
  }
  return tables;
}

Json to_json(const SuiteMean& mean) {
  return {{"suite", mean.suite},
          {"experiment", mean.group},
          {"transforms", mean.specs},
          {"accuracy", to_json(mean.accuracy)},
          {"clean_accuracy", to_json(mean.clean_accuracy)}};
}

Json to_json(const RobustnessComparison& comparison) {
  Json severities = Json::array();
  const bool is_tested = comparison.is_tested();
  for (const auto& [name, judgement] : comparison.severities) {
    const bool has_p = is_tested && judgement.test;
    severities.push_back(
        {{"severity", name},
         {"difference", to_json(judgement.difference)},
         {"p_value", has_p ? Json(judgement.test->p_value) : Json(nullptr)},
         {"conclusion", is_tested ? to_string(judgement.conclusion) : kNotTested}});
  }
  return {{"a", comparison.a},
          {"b", comparison.b},
          {"transform", comparison.family},
          {"conclusion", conclusion_of(comparison)},
          {"severities", std::move(severities)}};
}

Json to_json(const TransformFamily& family, const std::vector<RunGroup>& groups) {
  Json points = Json::array();
  for (const SeverityPoint& point : family.points) {
    Json of_groups = Json::array();
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (point.accuracy[g].empty()) continue;
      Json accuracies = Json::array();
      for (const auto& [seed, accuracy] : point.accuracy[g]) {
        accuracies.push_back({{"seed", seed}, {"accuracy", accuracy}});
      }
      of_groups.push_back({{"experiment", groups[g].label}, {"runs", std::move(accuracies)}});
    }
    points.push_back({{"severity", family.axis.empty() ? Json(nullptr) : Json(point.severity)},
                      {"transforms", point.specs},
                      {"groups", std::move(of_groups)}});
  }
  return {{"family", family.name},
          {"axis", family.axis.empty() ? Json(nullptr) : Json(family.axis)},
          {"unchanged_at", json_of(family.unchanged_at)},
          {"points", std::move(points)}};
}

std::int64_t conclusions_in(const std::vector<RobustnessComparison>& comparisons) {
  std::int64_t conclusions = 0;
  for (const RobustnessComparison& comparison : comparisons) {
    if (!comparison.is_tested()) continue;
    conclusions += static_cast<std::int64_t>(comparison.severities.size());
  }
  return conclusions;
}

/// The family of shifts along rows, columns and diagonals; null: none.
const TransformFamily* shifts_in(const std::vector<TransformFamily>& families) {
  const auto shifts = std::find_if(
      families.begin(), families.end(),
      [](const TransformFamily& family) { return family.type == "shift" && !family.axis.empty(); });
  return shifts == families.end() ? nullptr : &*shifts;
}

/// How many directions a shift's mean is over, where that is not the same everywhere.
std::vector<std::string> remarks_on_shifts(const TransformFamily* shifts) {
  if (shifts == nullptr) return {};
  std::vector<std::string> parts;
  for (const SeverityPoint& point : shifts->points) {
    parts.push_back(fmt::format("{} at {}", point.specs.size(), point.name));
  }
  return {fmt::format("Shifts are means over directions (rows, columns and diagonals): {}.",
                      fmt::join(parts, ", "))};
}

/// Whether a run of the group was evaluated on such shifts of its own test set.
bool has_shifts(const RunGroup& group, const std::string& family,
                const EvaluationsOfRuns& evaluations) {
  return std::any_of(group.completed.begin(), group.completed.end(), [&](const StoredRun& run) {
    const auto of_run = evaluations.find(run.folder);
    if (of_run == evaluations.end()) return false;
    return std::any_of(of_run->second.begin(), of_run->second.end(),
                       [&](const StoredEvaluation& stored) {
                         const auto severity = severity_of(stored.evaluation.transform);
                         return own_accuracy(stored) && severity && severity->family == family;
                       });
  });
}

/// Names experiments that were evaluated on shifts, but on fewer directions than the means are
/// over.
std::vector<std::string> notes_on_left_out(const TransformFamily* shifts,
                                           const std::vector<RunGroup>& groups,
                                           const EvaluationsOfRuns& evaluations) {
  if (shifts == nullptr) return {};
  std::vector<std::string> left_out;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const bool is_shown =
        std::any_of(shifts->points.begin(), shifts->points.end(),
                    [&](const SeverityPoint& point) { return !point.accuracy[g].empty(); });
    if (!is_shown && has_shifts(groups[g], shifts->name, evaluations)) {
      left_out.push_back(groups[g].label);
    }
  }
  if (left_out.empty()) return {};
  return {fmt::format(
      "Left out of the means over shifts: {}. Others were evaluated on directions that they lack.",
      fmt::join(left_out, ", "))};
}

std::vector<std::string> robustness_notes(const std::vector<RobustnessComparison>& comparisons) {
  std::vector<std::string> notes = {
      "Clean: the same runs on the same images without the transform; change: in percentage "
      "points from that. A noise seed that is not named is 0."};
  const std::int64_t conclusions = conclusions_in(comparisons);
  if (conclusions == 0) return notes;
  notes.push_back(fmt::format(
      "Shown: at least {} common seeds, the 95 % interval of the paired difference excludes 0, and "
      "the sign-flip test gives p < {}; in part: for some severities only, or not in one "
      "direction.",
      kFewestSeeds, kLevel));
  notes.push_back(chance_note(conclusions));
  return notes;
}

}  // namespace

Section robustness_section(const std::vector<RunGroup>& groups,
                           const EvaluationsOfRuns& evaluations) {
  Section section{.id = "robustness", .title = "Robustness"};
  const std::vector<RobustnessRow> rows = robustness_rows(groups, evaluations);
  if (rows.empty()) return section;
  const std::vector<TransformFamily> families = transform_families(groups, evaluations);
  const std::vector<SuiteMean> means = suite_means(groups, evaluations);
  const std::vector<RobustnessComparison> comparisons = robustness_comparisons(groups, families);
  if (!means.empty()) section.tables.push_back(suites_table(means));
  if (!comparisons.empty()) section.tables.push_back(comparisons_table(comparisons));
  for (ReportTable& table : tables_of_rows(rows)) {
    table.pages_only = rows.size() > kMostRowsForTerminal;
    section.tables.push_back(std::move(table));
  }
  const TransformFamily* const shifts = shifts_in(families);
  section.remarks = remarks_on_shifts(shifts);
  section.notes = robustness_notes(comparisons);
  for (std::string& note : notes_on_left_out(shifts, groups, evaluations)) {
    section.notes.push_back(std::move(note));
  }
  if (rows.size() > kMostRowsForTerminal) {
    section.notes.push_back(
        fmt::format("The table of all {} sets of images is in .html, .md, .json and sections.csv.",
                    rows.size()));
  }
  section.data = {{"rows", Json::array()},
                  {"suites", Json::array()},
                  {"families", Json::array()},
                  {"comparisons", Json::array()}};
  for (const RobustnessRow& row : rows) section.data["rows"].push_back(to_json(row));
  for (const SuiteMean& mean : means) section.data["suites"].push_back(to_json(mean));
  for (const TransformFamily& family : families) {
    section.data["families"].push_back(to_json(family, groups));
  }
  for (const RobustnessComparison& each : comparisons) {
    section.data["comparisons"].push_back(to_json(each));
  }
  return section;
}

}  // namespace mnist_bench
