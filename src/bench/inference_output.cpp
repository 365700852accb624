#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/text.h"
#include "bench/inference.h"
#include "evaluate/statistics.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

std::string model_of(const Latency& latency) {
  return latency.seed ? fmt::format("{}, seed {}", latency.name, *latency.seed) : latency.name;
}

std::string latency_table(const std::vector<Latency>& series) {
  std::vector<std::vector<std::string>> rows;
  for (const Latency& one : series) {
    rows.push_back({model_of(one), one.engine, std::to_string(one.threads),
                    std::to_string(one.batch), std::to_string(one.calls), three_digits(one.p50_us),
                    three_digits(one.p90_us), three_digits(one.p99_us),
                    with_commas(static_cast<long long>(one.images_per_second))});
  }
  using enum Align;
  return text_table(
      {left, left, right, right, right, right, right, right, right},
      {"model", "engine", "threads", "batch", "calls", "p50", "p90", "p99", "images/s"}, rows);
}

std::string sizes_table(const std::vector<Latency>& series) {
  std::vector<std::vector<std::string>> rows;
  for (const Latency& one : series) {
    std::vector<std::string> row = {model_of(one), with_commas(one.parameter_bytes),
                                    with_commas(one.activation_bytes)};
    if (rows.empty() || rows.back() != row) rows.push_back(std::move(row));
  }
  using enum Align;
  return text_table({left, right, right},
                    {"model", "parameters [bytes]", "activations of an image [bytes]"}, rows);
}

std::string instructions(const std::vector<Latency>& series) {
  std::vector<std::string> found;
  for (const Latency& one : series) {
    std::string text = fmt::format("{} {}", one.engine, one.simd);
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
  }
  return fmt::format("{}", fmt::join(found, ", "));
}

std::vector<std::string> warnings_of(const InferenceResult& result) {
  std::vector<std::int64_t> threads;
  for (const Latency& one : result.series) {
    if (std::find(threads.begin(), threads.end(), one.threads) == threads.end()) {
      threads.push_back(one.threads);
    }
  }
  return context_warnings(result.context, threads);
}

}  // namespace

void summarize_calls(std::vector<double> seconds, Latency& latency) {
  constexpr double kMicroseconds = 1e6;
  std::sort(seconds.begin(), seconds.end());
  latency.calls = static_cast<std::int64_t>(seconds.size());
  latency.p50_us = kMicroseconds * percentile_of(seconds, 50).value_or(0.0);
  latency.p90_us = kMicroseconds * percentile_of(seconds, 90).value_or(0.0);
  latency.p99_us = kMicroseconds * percentile_of(seconds, 99).value_or(0.0);
  latency.images_per_second = static_cast<double>(latency.batch * latency.calls) /
                              std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

std::string inference_text(const InferenceResult& result) {
  std::string text = latency_table(result.series) + "\n" + sizes_table(result.series);
  text += fmt::format(
      "\n"
      "p50, p90, p99: microseconds of a call, from bytes to probabilities\n"
      "activations: the most at a time, by the layers, in float32; engines may differ\n"
      "SIMD: {}\n",
      instructions(result.series));
  for (const std::string& warning : warnings_of(result)) text += "warning: " + warning + "\n";
  return text;
}

nlohmann::ordered_json inference_json(const InferenceResult& result) {
  auto series = nlohmann::ordered_json::array();
  for (const Latency& one : result.series) series.push_back(to_json(one));
  return {{"schema", kLatencySchema},
          {"context", to_json(result.context)},
          {"series", std::move(series)},
          {"warnings", warnings_of(result)}};
}

}  // namespace mnist_bench
