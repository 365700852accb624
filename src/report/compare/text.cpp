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

std::string group_line(const char* side, const RunGroup& group) {
  const std::size_t n = group.completed.size();
  std::string folder = group.completed.front().folder.parent_path().string();
  for (const StoredRun& run : group.completed) {
    if (run.folder.parent_path().string() != folder) folder = "several folders";
  }
  return fmt::format("{}  {} ({}), n = {}{}\n", side, group.label, folder.empty() ? "." : folder, n,
                     group.failed.empty() ? "" : fmt::format(", {} failed", group.failed.size()));
}

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

std::string equivalence_text(const std::optional<EquivalenceTest>& test, std::int64_t images) {
  if (!test) return "";
  if (test->difference.n < kFewestForEquivalence) {
    return fmt::format("equivalence within {}: not tested, n = {}; it takes {} seeds\n",
                       margin_text(test->margin), test->difference.n, kFewestForEquivalence);
  }
  return fmt::format(
      "equivalence within {} of accuracy (two one-sided t-tests): 90 % interval {}, {}\n",
      margin_text(test->margin), equivalence_interval(*test, images), p_text(*test->p_value));
}

std::string not_worse_text(const std::optional<NonInferiorityTest>& test, std::int64_t images) {
  if (!test) return "";
  const std::string margin = points_text(test->margin);
  if (test->difference.n < kFewestForEquivalence) {
    return fmt::format(
        "A not worse than B by more than {}: not tested, n = {}; it takes {} seeds\n", margin,
        test->difference.n, kFewestForEquivalence);
  }
  return fmt::format(
      "A not worse than B by more than {} of accuracy (one-sided t-test): 95 % upper bound of "
      "B - A {}, {}\n",
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
  std::string text = group_line("A", c.a) + group_line("B", c.b) +
                     fmt::format("paired by {}\n", seeds_text(c.seeds));
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

}  // namespace mnist_bench
