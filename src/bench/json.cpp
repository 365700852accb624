#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "bench/result.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const BenchSeries& series) {
  const std::string name =
      fmt::format("{}/{}/threads:{}", series.model, to_string(series.engine), series.threads);
  return series.epochs == 1 ? name : fmt::format("{}/epochs:{}", name, series.epochs);
}

/// The common fields of a series' lines.
Json head_of(const BenchSeries& series, std::size_t family, const std::string& suffix) {
  return {{"name", name_of(series) + suffix},
          {"family_index", family},
          {"per_family_instance_index", 0},
          {"run_name", name_of(series)},
          {"run_type", suffix.empty() ? "iteration" : "aggregate"},
          {"repetitions", series.samples.size()}};
}

constexpr double kMilliseconds = 1e3;

void add_iterations(Json& lines, const BenchSeries& series, std::size_t family) {
  for (std::size_t i = 0; i < series.samples.size(); ++i) {
    const BenchSample& sample = series.samples[i];
    const double rate = static_cast<double>(series.images) / sample.seconds;
    Json line = head_of(series, family, "");
    line["repetition_index"] = i;
    line["threads"] = series.threads;
    line["iterations"] = series.epochs;
    line["real_time"] = sample.seconds * kMilliseconds;
    line["cpu_time"] = sample.cpu_seconds * kMilliseconds;
    line["time_unit"] = "ms";
    line["items_per_second"] = rate;
    line["dense_flop_per_second"] = rate * series.dense_flop;
    line["label"] = series.simd;
    lines.push_back(std::move(line));
  }
}

void add_aggregates(Json& lines, const BenchSeries& series, std::size_t family) {
  const auto column = [&](double BenchSample::*member) {
    std::vector<double> values;
    for (const BenchSample& sample : series.samples) values.push_back(sample.*member);
    return values;
  };
  const std::vector<double> real = column(&BenchSample::seconds);
  const std::vector<double> cpu = column(&BenchSample::cpu_seconds);
  using Aggregate = std::function<std::optional<double>(const std::vector<double>&)>;
  const auto cv = [](const std::vector<double>& values) -> std::optional<double> {
    const SampleSummary summary = summary_of(values);
    if (!summary.sd) return std::nullopt;
    return *summary.sd / *summary.mean;
  };
  const std::vector<std::pair<std::string, Aggregate>> aggregates = {
      {"mean", [](const auto& values) { return summary_of(values).mean; }},
      {"median", [](const auto& values) { return median_of(values); }},
      {"stddev", [](const auto& values) { return summary_of(values).sd; }},
      {"cv", cv}};
  for (const auto& [name, of] : aggregates) {
    if (!of(real)) continue;
    const double scale = name == "cv" ? 1.0 : kMilliseconds;
    Json line = head_of(series, family, "_" + name);
    line["threads"] = series.threads;
    line["aggregate_name"] = name;
    line["aggregate_unit"] = name == "cv" ? "percentage" : "time";
    line["iterations"] = series.samples.size();
    line["real_time"] = *of(real) * scale;
    line["cpu_time"] = *of(cpu) * scale;
    line["time_unit"] = "ms";
    lines.push_back(std::move(line));
  }
}

Json own_part(const BenchResult& result) {
  Json series = Json::array();
  for (const BenchSeries& s : result.series) {
    Json phases = Json::array();
    for (const Phase& phase : s.phases) {
      phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}});
    }
    series.push_back({{"name", name_of(s)},
                      {"model", s.model},
                      {"engine", to_string(s.engine)},
                      {"threads", s.threads},
                      {"simd", s.simd},
                      {"epochs", s.epochs},
                      {"images", s.images},
                      {"dense_flop_per_image", s.dense_flop},
                      {"phases", phases}});
  }
  Json probes = Json::array();
  for (const BenchProbe& probe : result.probes) {
    probes.push_back({{"threads", probe.threads},
                      {"fma_flop_per_second", probe.fma_flops},
                      {"barrier_seconds", probe.barrier_seconds}});
  }
  return {{"schema", "mnist-bench.bench/1"},
          {"series", series},
          {"probes", probes},
          {"warnings", bench_warnings(result)}};
}

}  // namespace

Json bench_json(const BenchResult& result) {
  Json lines = Json::array();
  for (std::size_t family = 0; family < result.series.size(); ++family) {
    add_iterations(lines, result.series[family], family);
    add_aggregates(lines, result.series[family], family);
  }
  return {{"context", to_json(result.context)},
          {"benchmarks", lines},
          {"mnist_bench", own_part(result)}};
}

}  // namespace mnist_bench
