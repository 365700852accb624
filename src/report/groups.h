#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/statistics.h"
#include "record/latency.h"
#include "record/metric_table.h"
#include "record/read_result.h"

namespace mnist_bench {

/// Runs of one experiment (same config hash) on one kind of device, told apart by their seeds. A
/// value that a run lacks or that is not finite is left out of its SampleSummary, whose n then is
/// below completed.size().
struct RunGroup {
  /// The experiment's name and, where several groups share it, the keys or devices that set them
  /// apart.
  std::string label;
  std::string config_hash;
  std::string device;  ///< its `device_kind`
  std::optional<ModelSummary> model;
  std::vector<StoredRun> completed;  ///< by seed, each seed and each set of parameters once
  // These enter no mean.
  std::vector<StoredRun> failed;       ///< or diverged
  std::vector<StoredRun> interrupted;  ///< run --resume completes them
  /// Completed runs of a seed that `completed` holds already, or with the parameters of one of its
  /// runs, whatever their seed: the same run again (a copied folder), not a further sample.
  std::vector<StoredRun> repeated;
  /// Over the completed runs, by Metric::key: each of reported_metrics() that is no count.
  std::map<std::string, SampleSummary> summaries;
  /// Whether reports show what it does on the test images (rank_by_validation).
  bool shows_test = true;
  /// What join_latencies gives it; empty: none was measured.
  std::vector<Latency> latencies = {};
};

/// "CPU" of any model, or "CUDA (name of the GPU)"; random streams and rounding differ between
/// them. For a run that continued elsewhere, "CPU then CUDA (name of the GPU)": a kind of its own.
/// Empty where the record does not say, as that of a run that failed before it began.
std::string device_kind(const RunResult& run);

/// The experiment's name and, where `all` ran on several kinds of device, that of the group: "mlp"
/// or "mlp on CPU". Groups that share it are the points of one line in figures.
std::string name_and_device(const RunGroup& group, const std::vector<RunGroup>& all);

/// Why two runs' test images are not the same; nothing when they are.
std::optional<std::string> test_set_difference(const RunResult& a, const RunResult& b);

/// Whether all completed runs of both groups were tested on the same images; not where one of the
/// groups has none.
bool share_test_images(const RunGroup& a, const RunGroup& b);

/// Whether a seed changes nothing of what its runs find out but their times.
bool is_deterministic(const RunGroup& group);

/// The completed runs that sums over runs count: of a deterministic model the first, as the others
/// are its one result again.
std::span<const StoredRun> runs_to_sum(const RunGroup& group);

/// "8 runs", of a deterministic model "8 runs with one result".
std::string runs_text(const RunGroup& group);

/// Those of reported_metrics() that at least one of the groups has.
std::vector<const Metric*> metrics_of(const std::vector<RunGroup>& groups);

/// Values of runs of one group, by their seeds.
struct ValuesBySeed : std::map<std::uint64_t, double> {
  /// The one value of a deterministic model, which counts for any seed.
  bool is_at_every_seed = false;
};

/// In the order of the seeds.
std::vector<double> values_of(const ValuesBySeed& by_seed);

/// A value of the group's completed runs; those that lack it, or where it is not finite, are left
/// out.
ValuesBySeed values_by_seed(const RunGroup& group,
                            const std::function<std::optional<double>(const RunResult&)>& value);
/// The same of a metric.
ValuesBySeed values_by_seed(const RunGroup& group, const Metric& metric);
/// The summary of these values.
SampleSummary summary_by_seed(const RunGroup& group,
                              std::optional<double> (*value)(const RunResult&));

/// The summary of what runs of the group found out, a value of each: without scatter where no seed
/// changes it. Not for times.
SampleSummary summary_of_results(const RunGroup& group, const std::vector<double>& values);

/// The values of the seeds that both sides have, by seed. A side that has one value at every seed
/// has those of the other; of two such sides there is one pair.
struct PairedValues {
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> differences;  ///< B − A
};
PairedValues paired_by_seed(const ValuesBySeed& a, const ValuesBySeed& b);

/// In the order in which the experiments' names, and devices of one experiment, first appear, those
/// of one name in the order of the values that set them apart (is_before); of several completed
/// runs of a seed, or with the same parameters, the first counts.
std::vector<RunGroup> group_runs(const std::vector<StoredRun>& runs);

/// The names that the group's completed runs give to their classes; none where they differ.
ClassNames class_names_of(const RunGroup& group);

/// In tables, in place of what a group does not show.
inline constexpr const char* kNotShown = "·";

/// Of several groups that hold training images back, why they are not ranked by these: "only 2 of 3
/// experiments hold some back". Empty where rank_by_validation ranks them, or fewer than two do.
/// `needs_all`: what rests on the test results of all, such as "--paper"; empty: nothing.
std::string why_not_ranked(const std::vector<RunGroup>& groups, const std::string& needs_all = {});

/// Where all groups with completed runs have the same images held back, and there are several:
/// sorts them by their mean accuracy on these, the best first, those without completed runs last,
/// and lets the first alone show its test results: the test set would not tell how good the best of
/// many is if it had chosen it. Returns whether it did so.
bool rank_by_validation(std::vector<RunGroup>& groups);

/// Those of the groups that show their test results.
std::vector<RunGroup> those_that_show_test(std::vector<RunGroup> groups);

/// One run of the group, a completed one if there is any.
const StoredRun& first_run(const RunGroup& group);

/// The completed run that `repeated`, one of the group's, repeats; null if there is none.
const StoredRun* counted_for(const RunGroup& group, const StoredRun& repeated);

/// The size of the group's test set, the smallest if its runs had several; nothing where no run
/// says.
std::optional<std::int64_t> test_images(const RunGroup& group);

}  // namespace mnist_bench
