#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bench/result.h"

namespace mnist_bench {
namespace {

std::vector<double> seconds_of(const BenchSeries& series) {
  std::vector<double> seconds;
  for (const BenchSample& sample : series.samples) seconds.push_back(sample.seconds);
  return seconds;
}

/// "0.335 (0.327 to 0.353)": median, least and greatest.
std::string median_range_text(const std::vector<double>& values, const char* format) {
  const SampleSummary summary = summary_of(values);
  if (summary.n == 0) return "–";
  const auto number = [&](double value) { return fmt::format(fmt::runtime(format), value); };
  return fmt::format("{} ({} to {})", number(*median_of(values)), number(*summary.minimum),
                     number(*summary.maximum));
}

const BenchProbe* probe_of(const BenchResult& result, std::int64_t threads) {
  for (const BenchProbe& probe : result.probes) {
    if (probe.threads == threads) return &probe;
  }
  return nullptr;
}

/// The libtorch engine's series of the same model and number of threads.
const BenchSeries* reference_of(const BenchResult& result, const BenchSeries& series) {
  for (const BenchSeries& other : result.series) {
    if (other.engine == Engine::libtorch && series.engine != Engine::libtorch &&
        other.model == series.model && other.threads == series.threads) {
      return &other;
    }
  }
  return nullptr;
}

/// How many times as long the reference took, round by round.
std::string speedup_text(const BenchResult& result, const BenchSeries& series) {
  const BenchSeries* reference = reference_of(result, series);
  if (reference == nullptr) return "–";
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(series.samples.size(), reference->samples.size()); ++i) {
    ratios.push_back(reference->samples[i].seconds / series.samples[i].seconds);
  }
  return median_range_text(ratios, "{:.2f}");
}

std::string times_table(const BenchResult& result) {
  std::vector<std::vector<std::string>> rows;
  for (const BenchSeries& series : result.series) {
    const std::optional<double> seconds = median_of(seconds_of(series));
    std::vector<std::string> row = {series.model,
                                    std::string(to_string(series.engine)),
                                    series.simd,
                                    std::to_string(series.threads),
                                    std::to_string(series.samples.size()),
                                    median_range_text(seconds_of(series), "{:.3f}"),
                                    "–",
                                    "–",
                                    "–",
                                    speedup_text(result, series)};
    if (seconds) {
      const double rate = static_cast<double>(series.images) / *seconds;
      const double flops = rate * series.dense_flop;
      row[6] = with_commas(static_cast<long long>(rate));
      row[7] = fmt::format("{:.1f}", flops / 1e9);
      const BenchProbe* probe = probe_of(result, series.threads);
      const auto peak = probe != nullptr ? median_of(probe->fma_flops) : std::nullopt;
      if (peak) row[8] = fmt::format("{:.1f}", 100 * flops / *peak);
    }
    rows.push_back(std::move(row));
  }
  using enum Align;
  return text_table({left, left, left, right, right, right, right, right, right, right},
                    {"model", "engine", "SIMD", "threads", "n", "training [s/epoch]", "images/s",
                     "dense GFLOP/s", "of peak [%]", "times libtorch's speed"},
                    rows);
}

std::string probes_table(const BenchResult& result) {
  std::vector<std::vector<std::string>> rows;
  for (const BenchProbe& probe : result.probes) {
    std::vector<double> gflops;
    for (const double flops : probe.fma_flops) gflops.push_back(flops / 1e9);
    std::vector<double> nanoseconds;
    for (const double seconds : probe.barrier_seconds) nanoseconds.push_back(seconds * 1e9);
    rows.push_back({std::to_string(probe.threads), std::to_string(gflops.size()),
                    median_range_text(gflops, "{:.1f}"), median_range_text(nanoseconds, "{:.0f}")});
  }
  using enum Align;
  return text_table({right, right, right, right},
                    {"threads", "n", "FMA peak [GFLOP/s]", "barrier [ns]"}, rows);
}

std::string phases_table(const BenchResult& result) {
  std::vector<std::vector<std::string>> rows;
  for (const BenchSeries& series : result.series) {
    double sum = 0;
    for (const Phase& phase : series.phases) sum += phase.seconds;
    std::string name = fmt::format("{}, {}, {}", series.model, to_string(series.engine),
                                   counted(series.threads, "thread"));
    for (const Phase& phase : series.phases) {
      rows.push_back({name, phase.name, fmt::format("{:.1f}", 100 * phase.seconds / sum)});
      name.clear();
    }
  }
  using enum Align;
  return text_table({left, left, right}, {"series", "phase of a step", "of its time [%]"}, rows);
}

}  // namespace

std::vector<std::string> bench_warnings(const BenchResult& result) {
  std::vector<std::int64_t> threads;
  for (const BenchProbe& probe : result.probes) threads.push_back(probe.threads);
  std::vector<std::string> warnings = context_warnings(result.context, threads);
  for (const BenchProbe& probe : result.probes) {
    const SampleSummary barrier = summary_of(probe.barrier_seconds);
    constexpr double kUnsteady = 2.0;
    if (barrier.n > 1 && *barrier.maximum > kUnsteady * *barrier.minimum) {
      warnings.push_back(fmt::format(
          "barriers of {} threads took {:.0f} to {:.0f} ns: threads moved between cores, or cores "
          "were busy, in some rounds, so times may fall into two groups",
          probe.threads, *barrier.minimum * 1e9, *barrier.maximum * 1e9));
    }
    const SampleSummary peak = summary_of(probe.fma_flops);
    constexpr double kSteady = 0.8;
    if (peak.n > 1 && *peak.minimum < kSteady * *peak.maximum) {
      warnings.push_back(
          fmt::format("the FMA peak of {} went from {:.0f} to {:.0f} GFLOP/s between rounds: the "
                      "machine's speed changed meanwhile",
                      counted(probe.threads, "thread"), *peak.minimum / 1e9, *peak.maximum / 1e9));
    }
  }
  return warnings;
}

std::string bench_text(const BenchResult& result) {
  std::string text = times_table(result) + "\n" + probes_table(result);
  const bool phases = std::any_of(result.series.begin(), result.series.end(),
                                  [](const BenchSeries& series) { return !series.phases.empty(); });
  if (phases) text += "\n" + phases_table(result);
  const std::int64_t epochs = result.series.empty() ? 1 : result.series.front().epochs;
  if (epochs > 1) text += fmt::format("\ntimes are means of a training's first {} epochs;", epochs);
  text +=
      "\nmedian (least to greatest); dense GFLOP/s: as if no zero were skipped; peak: fused "
      "multiply-adds on registers, by the same threads in the same run\n";
  for (const std::string& warning : bench_warnings(result)) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace mnist_bench
