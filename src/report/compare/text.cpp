#include "report/compare/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/rounding.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

std::string prefixed_lines(const std::string& title, const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += fmt::format("{}: {}\n", title, item);
  return text;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  return fmt::format("{} {}", singular_or_plural(seeds.size(), "seed", "seeds"),
                     fmt::join(seeds, ", "));
}

std::string differs_text(const std::vector<std::string>& differences) {
  if (differences.empty()) return "";
  return fmt::format("differing: {}\n", fmt::join(differences, ", "));
}

// Runs

std::string run_line(const char* side, const StoredRun& run) {
  const ClassificationMetrics& metrics = run.result.test->metrics;
  return fmt::format("{}  {} seed {} ({}): {} % of {} images right\n", side, run.result.config.name,
                     run.result.config.seed, run.folder.string(),
                     percent_of_images(*metrics.accuracy, metrics.samples),
                     with_commas(metrics.samples));
}

std::string method_text(const McNemarTest& test) {
  const std::int64_t discordant = test.only_first_right + test.only_second_right;
  if (test.method == McNemarMethod::exact_binomial) {
    return "exact binomial, " + counted(discordant, "discordant image");
  }
  return fmt::format("χ² = {:.2f} with continuity correction, {} discordant images",
                     *test.statistic, with_commas(discordant));
}

// Groups

std::string group_line(const std::string& side, const RunGroup& group) {
  const std::size_t n = group.completed.size();
  std::string folder = group.completed.front().folder.parent_path().string();
  for (const StoredRun& run : group.completed) {
    if (run.folder.parent_path().string() != folder) folder = "several folders";
  }
  return fmt::format("{}  {} ({}), n = {}{}\n", side, group.label, folder.empty() ? "." : folder, n,
                     group.failed.empty() ? "" : fmt::format(", {} failed", group.failed.size()));
}

/// Metric, A, B, B − A, 95 % interval, how often B is higher.
std::vector<std::string> difference_row(const MetricComparison& comparison, std::int64_t images) {
  const Metric& metric = *comparison.metric;
  const SampleSummary& difference = comparison.difference;
  std::vector<std::string> row = {metric.title_with_unit(),
                                  summary_text(comparison.a, metric, images).mean_and_sd(),
                                  summary_text(comparison.b, metric, images).mean_and_sd(),
                                  "–",
                                  "–",
                                  "–"};
  if (!difference.mean) return row;
  const double size = std::max(std::abs(*comparison.a.mean), std::abs(*comparison.b.mean));
  const int decimals = metric_decimals(metric, metric.scale() * difference.sd.value_or(0.0),
                                       metric.scale() * size, images);
  if (difference.ci95) {
    const Interval possible = within_range_of_differences(*difference.ci95, metric);
    row[4] = fmt::format("{} to {}", signed_text(possible.low * metric.scale(), decimals),
                         signed_text(possible.high * metric.scale(), decimals));
  }
  row[3] = signed_text(*difference.mean * metric.scale(), decimals);
  const auto higher = std::count_if(comparison.differences.begin(), comparison.differences.end(),
                                    [](double d) { return d > 0.0; });
  row[5] = fmt::format("{} of {}", higher, difference.n);
  return row;
}

std::string test_text(const GroupComparison& comparison) {
  const std::optional<SignFlipTest>& test = comparison.judgement.test;
  if (!test) return "";  // no run has an accuracy
  if (comparison.judgement.difference.is_deterministic) return "";
  const std::int64_t n = test->n;
  std::string text =
      fmt::format("sign-flip test on the accuracies (exact, all 2^{} flips, two-sided): {}\n", n,
                  p_text(test->p_value));
  if (comparison.judgement.left_out > 0) {
    text += fmt::format(
        "test and conclusion are those of the first {} seeds: the flips of more cannot be counted\n",
        n);
  }
  if (test->smallest_p >= kLevel) {
    text += fmt::format(
        "n too small: with {} the smallest possible p is 2/2^{} = {:.4g}, so that it cannot "
        "fall below {}; that takes {} seeds\n",
        counted(n, "seed"), n, test->smallest_p, kLevel, kFewestSeeds);
  }
  return text;
}

/// Of a test that takes kFewestForEquivalence seeds.
std::string not_tested_text(const SampleSummary& difference) {
  if (difference.is_deterministic) return "not tested, as no seed changes either side";
  return fmt::format("not tested, n = {}; it takes {} seeds", difference.n, kFewestForEquivalence);
}

std::string equivalence_text(const std::optional<EquivalenceTest>& test, std::int64_t images) {
  if (!test) return "";
  if (test->difference.n < kFewestForEquivalence) {
    return fmt::format("equivalence within {}: {}\n", margin_text(test->margin),
                       not_tested_text(test->difference));
  }
  return fmt::format(
      "equivalence within {} of accuracy (two one-sided t-tests): 90 % interval {}, {}\n",
      margin_text(test->margin), equivalence_interval(*test, images), p_text(*test->p_value));
}

std::string not_worse_text(const std::optional<NonInferiorityTest>& test, std::int64_t images) {
  if (!test) return "";
  const std::string margin = points_text(test->margin);
  if (test->difference.n < kFewestForEquivalence) {
    return fmt::format("A not worse than B by more than {}: {}\n", margin,
                       not_tested_text(test->difference));
  }
  return fmt::format(
      "A not worse than B by more than {} of accuracy (one-sided t-test): one-sided 95 % upper "
      "bound of B - A {}, {}\n",
      margin, not_worse_bound(*test, images), p_text(*test->p_value));
}

}  // namespace

std::string compare_text(const RunComparison& c) {
  const double half = 100.0 * (c.difference.ci95.high - c.difference.ci95.low) / 2.0;
  const int decimals = std::min(decimals_for(half, /*magnitude=*/100.0, /*otherwise=*/2),
                                decimals_of_images(c.images));
  std::string text = run_line("A", c.a) + run_line("B", c.b) + differs_text(c.config_differences) +
                     prefixed_lines("note", c.notes) + "\n";
  text +=
      text_table({Align::left, Align::right, Align::right}, {"images", "B right", "B wrong"},
                 {{"A right", with_commas(c.both_right), with_commas(c.test.only_first_right)},
                  {"A wrong", with_commas(c.test.only_second_right), with_commas(c.both_wrong)}});
  text += fmt::format(
      "\naccuracy, B - A: {} percentage points (95 % interval {} to {})\nMcNemar's test ({}): {}\n",
      signed_text(100.0 * c.difference.difference, decimals),
      signed_text(100.0 * c.difference.ci95.low, decimals),
      signed_text(100.0 * c.difference.ci95.high, decimals), method_text(c.test),
      p_text(c.test.p_value));
  return text + "\n" + conclusion_text(c) + "\n";
}

std::string compare_text(const GroupComparison& c) {
  std::string text = group_line("A", c.a) + group_line("B", c.b);
  if (!c.judgement.difference.is_deterministic) {
    text += fmt::format("paired by {}\n", seeds_text(c.seeds));
  }
  if (!c.only_in_a.empty()) text += "left out, only in A: " + seeds_text(c.only_in_a) + "\n";
  if (!c.only_in_b.empty()) text += "left out, only in B: " + seeds_text(c.only_in_b) + "\n";
  text += differs_text(c.config_differences) + prefixed_lines("failed", failed_lines({c.a, c.b})) +
          prefixed_lines("note", c.notes) + prefixed_lines("warning", c.warnings) + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const MetricComparison& each : c.metrics) rows.push_back(difference_row(each, c.images));
  text += text_table(
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right},
      {"mean ± SD", "A", "B", "B - A", "95 % interval", "B higher"}, rows);
  text +=
      "differences of [%] are percentage points; the intervals are t-intervals of the paired "
      "difference; there is one conclusion, on the accuracy\n\n";
  return text + test_text(c) + equivalence_text(c.equivalence, c.images) +
         not_worse_text(c.not_worse, c.images) + "\n" + conclusion_text(c) + "\n";
}

namespace {

/// "0.0312" of "p = 0.0312".
std::string p_cell(double p) {
  const std::string text = p_text(p);
  return text.starts_with("p = ") ? text.substr(4) : text.substr(2);
}

std::vector<std::string> pair_row(const GroupComparison& pair) {
  const std::vector<std::string> accuracy = difference_row(pair.metrics.front(), pair.images);
  const Judgement& judgement = pair.judgement;
  const std::string name = fmt::format("{} - {}", pair.name_b, pair.name_a);
  if (judgement.difference.is_deterministic) {
    return {name, accuracy[3], "–", "–", "–", "–", "no seed changes it"};
  }
  return {name,
          accuracy[3],
          accuracy[4],
          accuracy[5],
          judgement.test ? p_cell(judgement.test->p_value) : "–",
          p_cell(judgement.adjusted_p.value_or(1.0)),
          judgement.conclusion == Conclusion::suggested ? "suggested"
                                                        : to_string(judgement.conclusion)};
}

/// Why nothing can be shown, where that is so: the smallest p times their number reaches the level.
std::string too_few_seeds_for(const FamilyComparison& family) {
  if (tested_pairs(family) == 0) return "";
  std::int64_t n = 0;
  for (const GroupComparison& pair : family.pairs) n = std::max(n, pair.judgement.difference.n);
  const auto comparisons = static_cast<double>(tested_pairs(family));
  const auto smallest = [&](std::int64_t seeds) {
    return comparisons * 2.0 / std::exp2(static_cast<double>(seeds));
  };
  if (smallest(n) < kLevel) return "";
  std::int64_t enough = n;
  while (smallest(enough) >= kLevel) ++enough;
  return fmt::format(
      "n too small: with {} the smallest possible p, 2/2^{}, is {:.4g} after the correction, so "
      "that it cannot fall below {}; that takes {} seeds\n",
      counted(n, "seed"), n, std::min(1.0, smallest(n)), kLevel, enough);
}

std::string pair_lines(const FamilyComparison& family) {
  std::string text;
  std::vector<std::string> notes;  // one on a single group is among those of each of its pairs
  for (const GroupComparison& pair : family.pairs) {
    for (const auto& [name, seeds] :
         {std::pair(pair.name_a, pair.only_in_a), std::pair(pair.name_b, pair.only_in_b)}) {
      if (seeds.empty()) continue;
      text += fmt::format("left out of {} - {}, only in {}: {}\n", pair.name_b, pair.name_a, name,
                          seeds_text(seeds));
    }
    for (const std::string& note : pair.notes) {
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
  }
  return text + prefixed_lines("note", notes);
}

}  // namespace

std::string compare_text(const FamilyComparison& family) {
  const Metric& accuracy = *family.pairs.front().metrics.front().metric;
  std::string text;
  std::vector<std::vector<std::string>> groups;
  for (std::size_t i = 0; i < family.groups.size(); ++i) {
    const RunGroup& group = family.groups[i];
    text += group_line(group_name(i), group);
    groups.push_back({group_name(i), std::to_string(group.completed.size()),
                      summary_text(group.summaries.at(accuracy.key), accuracy, test_images(group))
                          .mean_and_sd()});
  }
  text += pair_lines(family) + prefixed_lines("failed", failed_lines(family.groups)) +
          prefixed_lines("warning", family.warnings) + "\n";
  text += text_table({Align::left, Align::right, Align::right},
                     {"group", "n", accuracy.title_with_unit()}, groups);
  std::vector<std::vector<std::string>> rows;
  for (const GroupComparison& pair : family.pairs) rows.push_back(pair_row(pair));
  text += "\n" + text_table({Align::left, Align::right, Align::right, Align::right, Align::right,
                             Align::right, Align::left},
                            {"accuracy", "points", "95 % interval", "higher", "p", "p (Holm)",
                             "conclusion"},
                            rows);
  text += fmt::format(
      "points: percentage points, paired by seed; intervals: t-intervals of the paired difference, "
      "each for itself; p: sign-flip test (exact, two-sided); p (Holm): adjusted for {}, and what "
      "conclusions are made on\n",
      counted(tested_pairs(family), "comparison"));
  return text + too_few_seeds_for(family) + "\n" + conclusion_text(family) + "\n";
}

}  // namespace mnist_bench
